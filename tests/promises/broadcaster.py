"""A bot process in the middle of a broadcast: ``python -m tests.promises.broadcaster``.

Arguments: store socket, workspace, data directory. Members are at two gateways, "plain" and
"sure", which shows a delivery once however often it is handed it; both write what they are handed
to ``wall.txt`` beside the data directory before they answer. What stands in ``offset`` beside it
is how many ms the clock is ahead. Prints "ready" when it is.
"""

import asyncio
import sys
from pathlib import Path
from random import Random

from bot.app import App
from bot.clock import SystemClock
from bot.config import Config
from bot.settings.rooms import DeliverySettings, SopSettings
from bot.settings.server import SandboxSettings
from bot.store.address import unix
from bot.switchboard import Make
from tests.promises.node import Wall

LOOKS = 0.02
"""Seconds between two looks at what the clock shows."""


class Jumping(SystemClock):
    """The machine's clock, set forth and back as a file says."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._offset = 0

    def now(self) -> int:
        return super().now() + self._offset

    async def look(self) -> None:
        """See where it was set to, over and over."""
        while True:
            self.see()
            await asyncio.sleep(LOOKS)

    def see(self) -> None:
        """See where it was set to."""
        self._offset = int(self._file.read_text())


class Broadcaster(App):
    """The app with the two gateways, and nothing that holds a broadcast back."""

    def __init__(self, socket: str, workspace: str, folder: Path, clock: Jumping) -> None:
        config = Config(
            workspace=workspace,
            data_dir=folder,
            handlers=("tests.promises.echo",),
            sandbox=SandboxSettings(enabled=False),
            sop_templates=folder.parent / "templates",
            delivery=DeliverySettings(quiet_hours=None),
            sop=SopSettings(lock=0.0),
        )
        super().__init__(config, clock, Random(), unix(socket))

    def _gateway_makers(self) -> dict[str, Make]:
        folder = self.config.data_dir
        return {
            "plain": lambda inlet: Wall(inlet, folder, "fine"),
            "sure": lambda inlet: Wall(inlet, folder, "idempotent"),
        }


async def main(socket: str, workspace: str, folder: str) -> None:
    clock = Jumping(Path(folder).parent / "offset")
    clock.see()
    looking = asyncio.create_task(clock.look())
    async with Broadcaster(socket, workspace, Path(folder), clock):
        await looking


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
