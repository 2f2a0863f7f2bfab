"""One bot process of these tests: the app over a given store, with a gateway that can go wrong.

Arguments: store socket, workspace, data directory, gateway behaviour. Prints "ready" when it is.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

from bot.adapter import Adapter, BaseEvent, Capabilities, Delivery, Receipt
from bot.app import App
from bot.clock import SystemClock
from bot.config import Config
from bot.delivery import inbox, outbox, sender
from bot.gateways.adapter import Inlet
from bot.routing import dispatcher
from bot.settings.server import SandboxSettings
from bot.store.address import unix
from bot.switchboard import Make

for module in (inbox, outbox, dispatcher, sender):
    vars(module)["LEASE"] = 2.0


class Wall(Adapter):
    """A gateway on every node that writes what it is handed to a file before it answers.

    ``behaviour``: "fine"; "dies" ends the process once it was handed something; "idempotent".
    """

    exclusive = False

    def __init__(self, inlet: Inlet, folder: Path, behaviour: str) -> None:
        super().__init__(inlet, Config())
        self._path = folder.parent / "wall.txt"
        self._behaviour = behaviour

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(idempotent="idempotent" in self._behaviour)

    async def receive(self) -> AsyncIterator[BaseEvent]:
        self.inlet.alive()
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    async def send(self, delivery: Delivery) -> Receipt:
        with self._path.open("a") as file:
            file.write(f"{delivery.id}\t{delivery.to.key}\t{delivery.message.text}\n")
        if "dies" in self._behaviour:
            os._exit(137)
        return Receipt()


class NodeApp(App):
    """The app with the wall as its only gateway."""

    behaviour = "fine"

    def _gateway_makers(self) -> dict[str, Make]:
        return {"wall": lambda inlet: Wall(inlet, self.config.data_dir, self.behaviour)}


async def main(socket: str, workspace: str, folder: str, behaviour: str) -> None:
    config = Config(
        workspace=workspace,
        data_dir=Path(folder),
        handlers=("tests.promises.echo",),
        sandbox=SandboxSettings(enabled=False),
    )
    app = NodeApp(config, SystemClock(), Random(), unix(socket))
    app.behaviour = behaviour
    async with app:
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
