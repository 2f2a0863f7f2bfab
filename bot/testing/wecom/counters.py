"""Counting over sliding windows of the test's clock, and what a breach blocks."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict

from bot.clock import Clock

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class Counters:
    """How often something happened within the last so many milliseconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: defaultdict[str, list[int]] = defaultdict(list)
        self._blocked: dict[str, int] = {}

    def within(self, name: str, window: int) -> int:
        """How many were counted in the last ``window`` ms."""
        times = self._times[name]
        return len(times) - bisect_right(times, self._clock.now() - window)

    def count(self, name: str) -> None:
        """One more."""
        self._times[name].append(self._clock.now())

    def room(self, name: str, *limits: tuple[int, int]) -> bool:
        """Count one more, unless one of the limits (how many, window ms) is full."""
        if any(self.within(name, window) >= most for most, window in limits):
            return False
        self.count(name)
        return True

    def allow(self, name: str, *limits: tuple[int, int]) -> bool:
        """As ``room``, but a breach of a window blocks everything for as long as the window."""
        now = self._clock.now()
        if now < self._blocked.get(name, 0):
            return False
        for most, window in limits:
            if self.within(name, window) >= most:
                self._blocked[name] = now + window
                return False
        self.count(name)
        return True
