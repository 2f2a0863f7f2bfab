"""Check-in records in the store: the truth that streaks, points and boards are read from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date

from bot.checkins.days import Days, offset
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.store import Store

KEPT = 400 * 86_400
"""Seconds the list of who checked in on one day in one group is kept; a member's own days stay."""
ORDER_KEPT = 8 * 86_400
"""Seconds the order of one day is kept."""
EVERYWHERE = 0
"""In the place of a group's number: all groups together."""
AT_ONCE = 500


class Records:
    """Reads records, and adds one to effects."""

    def __init__(self, store: Store, facts: Facts) -> None:
        self._store = store
        self._facts = facts

    def add(
        self, effects: Effects, programme: str, day: date, member: int, group: int, place: int
    ) -> None:
        """Record a member's day, provided it was not recorded when this is committed."""
        keys = self._store.keys
        days = keys.checkin_days(programme, member)
        effects.guard(0, "GETBIT", days, offset(day))
        effects.do("SETBIT", days, offset(day), 1)
        effects.fact(keys.checkin_members(programme), member)
        for where in (group, EVERYWHERE):
            on = keys.checkin_on(programme, where, day)
            effects.fact(on, member)
            effects.do("EXPIRE", on, KEPT)
        order = keys.checkin_order(programme, group, day)
        effects.do("ZADD", order, "NX", place, member)
        effects.do("EXPIRE", order, ORDER_KEPT)

    async def days(self, programme: str, member: int) -> Days:
        """A member's days."""
        return Days(await self._store.call("GET", self._key(programme, member)) or b"")

    async def each(self, programme: str, members: Sequence[int]) -> AsyncIterator[tuple[int, Days]]:
        """The days of many members, read in batches."""
        for start in range(0, len(members), AT_ONCE):
            batch = members[start : start + AT_ONCE]
            bitmaps = await self._store.call("MGET", *(self._key(programme, m) for m in batch))
            for member, bitmap in zip(batch, bitmaps, strict=True):
                yield member, Days(bitmap or b"")

    async def place(self, programme: str, day: date, group: int, member: int) -> int | None:
        """How manyeth the member was in this group that day; None when it was elsewhere."""
        key = self._store.keys.checkin_order(programme, group, day)
        found = await self._store.text("ZSCORE", key, member)
        return None if found is None else int(float(found))

    async def next_place(self, programme: str, day: date, group: int) -> int:
        """How manyeth the next of this group will be that day."""
        return 1 + int(
            await self._store.call("ZCARD", self._store.keys.checkin_order(programme, group, day))
        )

    async def order(self, programme: str, day: date, group: int) -> list[int]:
        """Who checked in to this group that day, in order; of the last days only."""
        key = self._store.keys.checkin_order(programme, group, day)
        return [int(member) for member in await self._store.texts("ZRANGE", key, 0, -1)]

    async def on(self, programme: str, day: date, group: int = EVERYWHERE) -> list[int]:
        """Who checked in that day, by number."""
        return await self._facts.numbers(self._store.keys.checkin_on(programme, group, day))

    async def count(self, programme: str, day: date, group: int = EVERYWHERE) -> int:
        """How many checked in that day."""
        return await self._facts.count(self._store.keys.checkin_on(programme, group, day))

    async def ever(self, programme: str) -> list[int]:
        """Who ever checked in."""
        return await self._facts.numbers(self._store.keys.checkin_members(programme))

    async def present(self, group: int) -> list[int]:
        """Who is in the group now."""
        return await self._facts.numbers(self._store.keys.group_present(group))

    def _key(self, programme: str, member: int) -> str:
        return self._store.keys.checkin_days(programme, member)
