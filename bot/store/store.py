"""The store as the rooms see it: keys, scripts, commands and wake-up calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.clock import Clock
from bot.store.address import Locate
from bot.store.effects import Effects
from bot.store.keys import Keys
from bot.store.line import Line, StoreError
from bot.store.scripts import script


class Store:
    """One workspace's data on one server.

    Reads and writes share the ``line``. Anything of more than one step is a script; every write
    that matters carries its own id, because a lost answer makes the line send it again.
    """

    def __init__(self, locate: Locate, workspace: str, clock: Clock) -> None:
        self.keys = Keys(workspace)
        self.prefix = self.keys.prefix.format()
        self.clock = clock
        self.line = Line(locate)
        self.call = self.line.call
        self.ask = self.line.ask

    async def open(self) -> None:
        """Connect and keep connected."""
        await self.line.open()

    async def close(self) -> None:
        """Disconnect."""
        await self.line.close()

    @property
    def available(self) -> bool:
        """Whether the server answers now."""
        return self.line.connected.is_set()

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run the script ``lua/<name>.lua``; raises StoreError or StoreAway."""
        found = script(name)
        try:
            return await self.call("EVALSHA", found.sha, len(keys), *keys, *args)
        except StoreError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
        return await self.call("EVAL", found.source, len(keys), *keys, *args)

    async def apply(self, effects: Effects) -> bool:
        """Apply effects at once or, when a guard does not hold, not at all (False)."""
        answer = await self.run("apply", [self.keys.fence()], [self.prefix, *effects.wire()])
        return bool(answer == 0)

    async def text(self, *command: Any) -> str | None:
        """A command whose answer is one text, or None."""
        answer = await self.call(*command)
        return None if answer is None else as_text(answer)

    async def texts(self, *command: Any) -> list[str]:
        """A command whose answer is a list of texts."""
        return [as_text(item) for item in await self.call(*command)]

    async def table(self, *command: Any) -> dict[str, str]:
        """A command whose answer is field and value by turns (HGETALL, WITHSCORES)."""
        flat = await self.texts(*command)
        return dict(zip(flat[::2], flat[1::2], strict=True))


def as_text(value: Any) -> str:
    """An answer's bytes or number as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
