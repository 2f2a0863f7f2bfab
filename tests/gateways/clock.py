"""A clock that tests move; sleepers wake in order."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class MovableClock:
    """Stands still until ``advance``; ``jump`` sets the wall clock without waking anybody."""

    def __init__(self, now: int = 1_750_000_000_000) -> None:
        self._wall = now
        self._passed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> int:
        """UTC milliseconds."""
        return self._wall + round(self._passed * 1000)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved that far."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + seconds, next(self._order), future))
        await future

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as an administrator or NTP would."""
        self._wall += round(seconds * 1000)

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking sleepers one after the other."""
        await settle()
        end = self._passed + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            when, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self._passed = max(self._passed, when)
                future.set_result(None)
                await settle()
        self._passed = end


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(30):
        await asyncio.sleep(0)
