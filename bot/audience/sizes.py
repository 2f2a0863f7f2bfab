"""Sizes: how many members each segment had, a point a day."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

from bot.audience.algebra import Algebra
from bot.audience.segments import Segments
from bot.clock import Days
from bot.located import Problems
from bot.store.effects import Effects
from bot.store.store import Store

KEPT = 400
"""Days a point is kept."""


class Sizes:
    """Counts segments once a day, and reads what was counted."""

    def __init__(self, store: Store, segments: Segments, algebra: Algebra, days: Days) -> None:
        self._store = store
        self._keys = store.keys
        self._segments = segments
        self._algebra = algebra
        self._days = days

    async def tick(self) -> int:
        """Count those that have no point for today; how many. On any number of nodes."""
        today = self._days.of(self._store.clock.now()).isoformat()
        key = self._keys.segment_sizes(today)
        known = set(await self._store.texts("HKEYS", key))
        effects, counted = Effects(self._keys), 0
        for segment in await self._segments.all():
            if segment.name in known:
                continue
            try:
                size = await self._algebra.count(segment.audience)
            except Problems:  # it cannot be told now: there is no point, rather than a wrong one
                continue
            effects.do("HSETNX", key, segment.name, size)
            counted += 1
        if counted:
            effects.do("EXPIRE", key, KEPT * 86_400, "NX")
            await self._store.apply(effects)
        return counted

    async def of(self, name: str, days: int = 90) -> list[tuple[date, int]]:
        """The points of the last days, the oldest first; days without one are left out."""
        found = await self.several([name], days)
        return found[name]

    async def several(
        self, names: Sequence[str], days: int = 90
    ) -> dict[str, list[tuple[date, int]]]:
        """The same of several segments."""
        today = self._days.of(self._store.clock.now())
        span = [today - timedelta(days=ago) for ago in range(min(days, KEPT) - 1, -1, -1)]
        if not names:
            return {}
        asked = (self._store.call("HMGET", self._keys.segment_sizes(d), *names) for d in span)
        rows = await asyncio.gather(*asked)
        return {
            name: [(d, int(row[i])) for d, row in zip(span, rows, strict=True) if row[i]]
            for i, name in enumerate(names)
        }
