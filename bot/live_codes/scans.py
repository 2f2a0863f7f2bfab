"""Scans: who came by a live code, as the events' channels counted them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta

from bot.clock import Days
from bot.model.base import Frozen
from bot.model.live_code import LiveCode
from bot.routing.channels import NOBODY
from bot.store.facts import Facts
from bot.store.store import Store


class DayCount(Frozen):
    """What a code brought on one day, to one of the staff ('' for those of groups).

    ``scans`` counts contacts added and groups entered by it; ``joined`` those of them whose
    first channel it was, who are the members figures show for it.
    """

    day: date
    staff: str
    scans: int
    joined: int


class Scans:
    """Reads the counts; days are those of the workspace's zone."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store = store
        self._facts = Facts(store)
        self._days = days

    async def today(self, code: LiveCode) -> Mapping[str, int]:
        """How many came to each of the staff today."""
        rows = await self._of(code, self._days.of(self._store.clock.now()))
        return {staff: count for staff, count in rows.items() if staff != NOBODY}

    async def counts(self, code: LiveCode, since: int, until: int) -> list[DayCount]:
        """What came each day from ``since`` until before ``until`` (UTC ms), by day and staff."""
        first, last = self._days.of(since), self._days.of(max(since, until - 1))
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        rows = await asyncio.gather(*(self._of(code, day) for day in days))
        counted = (
            self._counted(code, day, staff, count)
            for day, of_day in zip(days, rows, strict=True)
            for staff, count in sorted(of_day.items())
        )
        return await asyncio.gather(*counted)

    async def _counted(self, code: LiveCode, day: date, staff: str, scans: int) -> DayCount:
        key = self._store.keys.channel_joined(day.isoformat(), staff, code.brings)
        joined = await self._facts.count(key)
        named = "" if staff == NOBODY else staff
        return DayCount(day=day, staff=named, scans=scans, joined=joined)

    async def _of(self, code: LiveCode, day: date) -> dict[str, int]:
        key = self._store.keys.channel_scans(day.isoformat(), code.brings)
        return {s: int(n) for s, n in (await self._store.table("HGETALL", key)).items()}
