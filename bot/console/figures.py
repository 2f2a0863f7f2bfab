"""Figures: a community's numbers now and over the last days."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

from bot.store.facts import Facts
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day: how often what happened, and how many members spoke."""

    date: date
    counts: dict[str, int]
    active: int

    def under(self, prefix: str) -> int:
        """All counts whose name begins with ``prefix``."""
        return sum(n for name, n in self.counts.items() if name.startswith(prefix))

    def of(self, name: str) -> int:
        """One count."""
        return self.counts.get(name, 0)


@dataclass(frozen=True, slots=True)
class Now:
    """What stands now."""

    members: int
    groups: int
    in_doubt: int
    dead: int


class Figures:
    """Reads counters; everything here is a handful of small reads."""

    def __init__(self, store: Store, facts: Facts) -> None:
        self._store = store
        self._facts = facts

    async def now(self) -> Now:
        """The numbers of this moment."""
        keys = self._store.keys
        members, *others = await asyncio.gather(
            self._facts.count(keys.members_all()),
            self._store.call("HLEN", keys.group_ids()),
            self._store.call("HLEN", keys.outbox_doubt()),
            self._store.call("XLEN", keys.inbox_dead()),
        )
        return Now(members, *map(int, others))

    async def days(self, today: date, count: int) -> list[Day]:
        """The last ``count`` days, ``today`` last."""
        dates = [today - timedelta(days=n) for n in reversed(range(count))]
        return list(await asyncio.gather(*map(self._day, dates)))

    async def unmatched(self, limit: int) -> list[tuple[str, int]]:
        """What members said to the bot that nobody answered, most often first."""
        rows = await self._store.table(
            "ZREVRANGE", self._store.keys.unmatched(), 0, limit - 1, "WITHSCORES"
        )
        return [(phrase, int(float(times))) for phrase, times in rows.items()]

    async def _day(self, day: date) -> Day:
        keys = self._store.keys
        counts, active = await asyncio.gather(
            self._store.table("HGETALL", keys.counters(day.isoformat())),
            self._facts.count(keys.active(day.isoformat())),
        )
        return Day(day, {name: int(n) for name, n in counts.items()}, active)
