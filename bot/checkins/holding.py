"""What check-ins keep of a member, for a merge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from bot.checkins.days import DAY, Days
from bot.checkins.programme import Programme
from bot.checkins.records import EVERYWHERE, KEPT, ORDER_KEPT
from bot.checkins.stages import stages_of
from bot.clock import utc
from bot.store.handover import Handover, Item, fact, field, score
from bot.store.store import Store

Programmes = Callable[[], Iterable[Programme]]


class CheckInHolding:
    """Records, points and stages of a member, and their places in the lists of days."""

    def __init__(self, store: Store, programmes: Programmes) -> None:
        self._store = store
        self._programmes = programmes

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py."""
        found: list[Item] = []
        for programme in self._programmes():
            found += self._records(programme, handover)
            found += await self._days(programme.name, handover)
        return found + await self._pending(handover.member.number)

    def _records(self, programme: Programme, handover: Handover) -> Iterator[Item]:
        keys, name, stages = self._store.keys, programme.name, stages_of(programme)
        yield handover.bits(partial(keys.checkin_days, name))
        for group in (EVERYWHERE, *handover.groups):
            for key in (keys.checkin_here, keys.checkin_made_up, keys.checkin_excused):
                yield handover.bits(partial(key, name, group))
            yield handover.entries(partial(keys.checkin_ledger, name, group))
            yield from (fact(keys.checkin_stage(name, group, one.name)) for one in stages)
        yield fact(keys.checkin_members(name))
        yield field(keys.checkin_zones(name))

    async def _days(self, name: str, handover: Handover) -> list[Item]:
        """Who checked in on a day, in which order, and what was shown."""
        keys, scopes, found = self._store.keys, (EVERYWHERE, *handover.groups), list[Item]()
        bitmap = await self._store.call("GET", keys.checkin_days(name, handover.member.number))
        days = [*Days(bitmap or b"")]
        today = utc(self._store.clock.now()).date()
        for day in days:
            if day >= today - timedelta(seconds=KEPT) - DAY:
                found += [fact(keys.checkin_on(name, group, day)) for group in scopes]
            if day >= today - timedelta(seconds=ORDER_KEPT) - DAY:
                orders = (keys.checkin_order(name, group, day) for group in scopes)
                found += [score(order, "first") for order in orders]
        months = sorted({f"{day:%Y-%m}" for day in (*days, today)})
        return found + self._shown(name, months, scopes, handover)

    def _shown(
        self, name: str, months: Sequence[str], scopes: Sequence[int], handover: Handover
    ) -> list[Item]:
        def shown(group: int, month: str, number: int) -> str:
            return self._store.keys.checkin_evidence(name, group, number, month)

        return [
            handover.table(partial(shown, group, month)) for month in months for group in scopes
        ]

    async def _pending(self, member: int) -> list[Item]:
        """Evidence that waits; what stands behind the number differs."""
        key, found, cursor = self._store.keys.checkin_pending(), list[Item](), b"0"
        while True:
            cursor, flat = await self._store.call("ZSCAN", key, cursor, "MATCH", f"{member}:*")
            for name in flat[::2]:
                suffix = name.decode("utf-8", "replace").removeprefix(str(member))
                found.append(score(key, "first", suffix))
            if cursor == b"0":
                return found
