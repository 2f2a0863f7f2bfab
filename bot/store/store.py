"""The store as the rooms see it: keys, scripts, commands and wake-up calls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any

from bot.clock import Clock
from bot.store.address import Locate
from bot.store.effects import Effects
from bot.store.keys import Keys
from bot.store.line import Line
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
        self._life = 0
        self._serial = count(1)

    async def open(self) -> None:
        """Connect and keep connected."""
        await self.line.open()
        self._life = int(await self.call("INCR", self.keys.fence()))

    async def close(self) -> None:
        """Disconnect."""
        await self.line.close()

    @property
    def available(self) -> bool:
        """Whether the server answers now."""
        return self.line.connected.is_set()

    def run(self, name: str, keys: Sequence[str], args: Sequence[Any]) -> asyncio.Future[Any]:
        """Run the script ``lua/<name>.lua``; to be awaited, and raises StoreError or StoreAway."""
        return self.ask("EVALSHA", script(name).sha, len(keys), *keys, *args)

    async def apply(self, effects: Effects) -> bool:
        """Apply effects at once or, when a guard does not hold, not at all (False)."""
        once = self.keys.applied(f"{self._life}-{next(self._serial)}")
        return bool(await self.run("apply", [once], [self.prefix, *effects.wire()]) == 0)

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
