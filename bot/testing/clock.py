"""A clock that tests move: time passes when told to, and sleepers wake when it has."""

from __future__ import annotations

import asyncio
import heapq
from datetime import datetime
from itertools import count

from bot.clock import millis


class TestClock:
    """Stands still until ``advance``; ``sleep`` ends when enough time was advanced."""

    __test__ = False

    def __init__(self, start: int | datetime = 1_781_654_400_000) -> None:
        self._now = millis(start) if isinstance(start, datetime) else start
        self._order = count()
        self._sleepers: list[tuple[int, int, asyncio.Event]] = []

    def now(self) -> int:
        """UTC milliseconds."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced far enough."""
        event = asyncio.Event()
        heapq.heappush(self._sleepers, (self._now + int(seconds * 1000), next(self._order), event))
        await event.wait()

    def advance(self, seconds: float) -> None:
        """Let time pass (or, when negative, be set back) and wake who slept long enough."""
        self._now += int(seconds * 1000)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            heapq.heappop(self._sleepers)[2].set()
