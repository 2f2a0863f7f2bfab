"""Check-in records in the store: the truth that streaks, points and boards are read from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot.checkins.days import Days, offset
from bot.checkins.ledger import Entry
from bot.checkins.tally import Sheet
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.store import Store, as_text

KEPT = 400 * 86_400
"""Seconds the list of who checked in on one day in one group is kept; a member's own days stay."""
ORDER_KEPT = 8 * 86_400
"""Seconds the order of one day is kept."""
EVERYWHERE = 0
"""In the place of a group's number: all groups together."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is stored of one member in one scope.

    ``zone``: of the last record, where it is not the programme's. ``own``: the member's now.
    """

    sheet: Sheet
    stored: tuple[Entry, ...] = ()
    zone: str = ""
    own: str = ""


class Records:
    """Reads records, and adds one to effects.

    A ``scope`` is the group in which a record counts, or EVERYWHERE.
    """

    def __init__(self, store: Store, facts: Facts) -> None:
        self._store = store
        self._facts = facts

    # writing

    def add(
        self,
        effects: Effects,
        programme: str,
        day: date,
        member: int,
        group: int,
        place: int | None = None,
        scope: int = EVERYWHERE,
    ) -> None:
        """Record a member's day, provided it was not recorded when this is committed.

        ``group``: where it was made, EVERYWHERE for none. ``place``: how manyeth there.
        """
        keys = self._store.keys
        effects.guard(0, "GETBIT", self._key(programme, member, scope), offset(day))
        for where in {scope, EVERYWHERE}:
            effects.do("SETBIT", self._key(programme, member, where), offset(day), 1)
        effects.fact(keys.checkin_members(programme), member)
        for where in {group, EVERYWHERE}:
            on = keys.checkin_on(programme, where, day)
            effects.fact(on, member)
            effects.do("EXPIRE", on, KEPT)
        if place is not None:
            order = keys.checkin_order(programme, group, day)
            effects.do("ZADD", order, "NX", place, member)
            effects.do("EXPIRE", order, ORDER_KEPT)

    async def take(
        self,
        effects: Effects,
        programme: str,
        day: date,
        member: int,
        groups: Sequence[int],
        scope: int = EVERYWHERE,
    ) -> None:
        """Take a day away, provided it is there when this is committed.

        ``groups``: those of the programme, in any of which it may have been made.
        """
        keys, bit = self._store.keys, offset(day)
        effects.guard(1, "GETBIT", self._key(programme, member, scope), bit)
        others = [group for group in groups if group != scope] if scope else []
        asked = (self._store.call("GETBIT", self._key(programme, member, g), bit) for g in others)
        elsewhere = any(await asyncio.gather(*asked))
        for where in {scope} if elsewhere else {scope, EVERYWHERE}:
            effects.do("SETBIT", self._key(programme, member, where), bit, 0)
        made_up = keys.checkin_made_up(programme, scope, member)
        if await self._store.call("GETBIT", made_up, bit):
            effects.do("SETBIT", made_up, bit, 0)
        touched = [scope] if scope else groups
        for where in touched if elsewhere else [*touched, EVERYWHERE]:
            on = keys.checkin_on(programme, where, day)
            if await self._facts.has(on, member):
                effects.fact(on, member, present=False)
            effects.do("ZREM", keys.checkin_order(programme, where, day), member)

    def make_up(
        self,
        effects: Effects,
        programme: str,
        day: date,
        member: int,
        group: int,
        kept: Kept,
        scope: int = EVERYWHERE,
    ) -> None:
        """Record a day that is made up for, provided no other was since ``kept`` was read."""
        key = self._store.keys.checkin_made_up(programme, scope, member)
        effects.guard(kept.sheet.made_up.total, "BITCOUNT", key)
        self.add(effects, programme, day, member, group, scope=scope)
        effects.do("SETBIT", key, offset(day), 1)

    def excuse(self, effects: Effects, programme: str, days: Days, member: int, scope: int) -> None:
        """Let the streak hold over these days."""
        key = self._store.keys.checkin_excused(programme, scope, member)
        for day in days:
            effects.do("SETBIT", key, offset(day), 1)

    def travelled(self, effects: Effects, programme: str, member: int, zone: str) -> None:
        """Keep the zone of the last record; '' for the programme's."""
        key = self._store.keys.checkin_zones(programme)
        if zone:
            effects.do("HSET", key, member, zone)
        else:
            effects.do("HDEL", key, member)

    def enter(
        self, effects: Effects, programme: str, member: int, scope: int, kept: Kept, entry: Entry
    ) -> Kept:
        """Add to the ledger, provided nothing else was since ``kept`` was read.

        Whatever can make points fewer enters something, so a sum that was read still stands.
        Returns what is then kept.
        """
        key = self._store.keys.checkin_ledger(programme, scope, member)
        # By its time, so that no two of a person are alike where two members are merged.
        ident = max([entry.at, *((one.id or 0) + 1 for one in kept.stored)])
        new = entry.model_copy(update={"id": ident})
        effects.guard(len(kept.stored), "LLEN", key)
        effects.do("RPUSH", key, new.model_dump_json(exclude_defaults=True))
        return Kept(kept.sheet, (*kept.stored, new), kept.zone, kept.own)

    # reading

    async def read(self, programme: str, member: int, scope: int = EVERYWHERE) -> Kept:
        """All that is stored of a member."""
        keys, ask = self._store.keys, self._store.ask
        days, made_up, excused, stored, zone, own = await asyncio.gather(
            ask("GET", self._key(programme, member, scope)),
            ask("GET", keys.checkin_made_up(programme, scope, member)),
            ask("GET", keys.checkin_excused(programme, scope, member)),
            ask("LRANGE", keys.checkin_ledger(programme, scope, member), 0, -1),
            ask("HGET", keys.checkin_zones(programme), member),
            ask("HGET", keys.member(member), "attribute:timezone"),
        )
        sheet = Sheet(Days(days or b""), Days(made_up or b""), Days(excused or b""))
        return Kept(
            sheet,
            _entries(stored),
            as_text(zone or b""),
            as_text(own or b""),
        )

    async def days(self, programme: str, member: int, scope: int = EVERYWHERE) -> Days:
        """A member's days."""
        return Days(await self._store.call("GET", self._key(programme, member, scope)) or b"")

    async def each(
        self, programme: str, members: Sequence[int], scope: int = EVERYWHERE
    ) -> AsyncIterator[tuple[int, Days]]:
        """The days of many members, read in batches."""
        for start in range(0, len(members), AT_ONCE):
            batch = members[start : start + AT_ONCE]
            keys = (self._key(programme, m, scope) for m in batch)
            for member, bitmap in zip(batch, await self._store.call("MGET", *keys), strict=True):
                yield member, Days(bitmap or b"")

    async def many(
        self, programme: str, members: Sequence[int], scope: int = EVERYWHERE
    ) -> AsyncIterator[tuple[int, Kept]]:
        """All that is stored of many members, read in batches."""
        keys, ask = self._store.keys, self._store.ask
        for start in range(0, len(members), AT_ONCE):
            batch = members[start : start + AT_ONCE]
            ledgers = [keys.checkin_ledger(programme, scope, m) for m in batch]
            days, made_up, excused, zones, entered = await asyncio.gather(
                ask("MGET", *(self._key(programme, m, scope) for m in batch)),
                ask("MGET", *(keys.checkin_made_up(programme, scope, m) for m in batch)),
                ask("MGET", *(keys.checkin_excused(programme, scope, m) for m in batch)),
                ask("HMGET", keys.checkin_zones(programme), *batch),
                ask("EXISTS", *ledgers),
            )
            # Most batches of a large community have none: one question instead of one for each.
            asked = [ask("LRANGE", ledger, 0, -1) for ledger in ledgers] if entered else []
            lists = await asyncio.gather(*asked) or [[]] * len(batch)
            for member, *bitmaps, zone, stored in zip(
                batch, days, made_up, excused, zones, lists, strict=True
            ):
                sheet = Sheet(*(Days(bitmap or b"") for bitmap in bitmaps))
                name = as_text(zone or b"")
                yield member, Kept(sheet, _entries(stored), name, name)

    async def scopes(self, programme: str, member: int, groups: Sequence[int]) -> list[int]:
        """The groups in which a member has records or points of their own."""
        keys, ask = self._store.keys, self._store.ask
        asked = [
            ask(
                "EXISTS",
                keys.checkin_here(programme, group, member),
                keys.checkin_ledger(programme, group, member),
            )
            for group in groups
        ]
        found = await asyncio.gather(*asked)
        return [group for group, there in zip(groups, found, strict=True) if there]

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

    async def is_in(self, group: int, member: int) -> bool:
        """Whether a member is in the group now."""
        return await self._facts.has(self._store.keys.group_present(group), member)

    def _key(self, programme: str, member: int, scope: int = EVERYWHERE) -> str:
        keys = self._store.keys
        if scope == EVERYWHERE:
            return keys.checkin_days(programme, member)
        return keys.checkin_here(programme, scope, member)


def _entries(stored: Sequence[bytes]) -> tuple[Entry, ...]:
    return tuple(Entry.model_validate_json(one) for one in stored)
