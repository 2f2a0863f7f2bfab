"""Leaderboards: who did most in a day, a week, a month or in all, in one group or everywhere."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from datetime import date

from bot.checkins.board import PERIODS, Board, Row, period
from bot.checkins.checkins import CheckIns
from bot.checkins.days import DAY, Days
from bot.checkins.programme import Programme
from bot.checkins.records import EVERYWHERE
from bot.checkins.standing import Reckoning
from bot.checkins.sums import Sums
from bot.checkins.tally import Sheet, streak, tally
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.members import Members
from bot.store.store import Store

TIED = 500
"""The most equals who are put in order of who reached it first; of more, by number."""
FRESH = 10 * 60_000
"""How long, in ms, the standings of everybody everywhere are used before they are read anew."""
KEPT = 16
AT_ONCE = 500


class Boards:
    """Reads leaderboards from records; equals have the same rank, and the next rank is skipped.

    Days, weeks and months are sums over the facts of their days, at most 31 reads whoever came.
    A group's totals, streaks and points are read from its members' records. Everybody's are one
    pass over all records, kept for 10 minutes, or for 60 times as long as the pass took.
    """

    def __init__(self, checkins: CheckIns, store: Store, members: Members) -> None:
        self._checkins = checkins
        self._store = store
        self._members = members
        self._kept: OrderedDict[tuple[Programme, Board], tuple[int, Sums]] = OrderedDict()
        self._turn = asyncio.Lock()

    async def page(
        self,
        programme: Programme,
        board: Board,
        group: int = EVERYWHERE,
        limit: int = 10,
        skip: int = 0,
    ) -> list[Row]:
        """Places of a leaderboard; of a group, those who are in it now.

        A group's "day" is in the order they came; everybody's has one rank for all.
        """
        if board == "day" and group:
            order = [*enumerate(await self._order(programme, group), 1)][skip : skip + limit]
            rows = [Row(rank=place, member=member, value=place) for place, member in order]
        else:
            sums = await self._sums(programme, board, group)
            rows = [row async for row in self._rows(programme, sums, group, limit, skip)]
        names = await self._names([row.member for row in rows])
        return [row.model_copy(update={"name": names.get(row.member, "")}) for row in rows]

    async def place(
        self, programme: Programme, board: Board, member: int, group: int = EVERYWHERE
    ) -> Row | None:
        """One member's place, without their name; None when they have none."""
        if board == "day" and group:
            order = await self._order(programme, group)
            place = order.index(member) + 1 if member in order else 0
            return Row(rank=place, member=member, value=place) if place else None
        sums = await self._sums(programme, board, group)
        number = sums.number(member)
        return Row(rank=sums.above(number) + 1, member=member, value=number) if number else None

    # inside

    async def _order(self, programme: Programme, group: int) -> list[int]:
        today = self._checkins.today(programme)
        return await self._checkins.records.order(programme.name, today, group)

    async def _sums(self, programme: Programme, board: Board, group: int) -> Sums:
        if board in PERIODS:
            first, last = period(board, self._checkins.today(programme), programme.rules.starts)
            sums = await self._counted(programme, first, last, group)
            return sums.within(await self._present(group)) if group else sums
        if group:
            return await self._judged(programme, board, [*await self._present(group)], group)
        return await self._everybody(programme, board)

    async def _counted(self, programme: Programme, first: date, last: date, group: int) -> Sums:
        """On how many days of a period each member came."""
        where = programme.scope(group)
        days = [first + DAY * n for n in range((last - first).days + 1)]
        keys = [self._store.keys.checkin_on(programme.name, where, day) for day in days]
        sums = Sums()
        for came in (await read(self._store, keys)).values():
            sums.add(came)
        return sums

    async def _present(self, group: int) -> Bits:
        key = self._store.keys.group_present(group)
        return (await read(self._store, [key]))[key]

    async def _judged(
        self, programme: Programme, board: Board, members: Sequence[int], group: int
    ) -> Sums:
        """What each member's records are worth by the programme's rules."""
        if board == "total":
            name, scope, rules = programme.name, programme.scope(group), programme.rules
            each = self._checkins.records.each(name, members, scope)
            return Sums.of(
                {m: days.between(rules.since, rules.until).total async for m, days in each}
            )
        if board == "streak":
            return Sums.of({m: n async for m, n in self._streaks(programme, members, group)})
        return Sums.of({m: n async for m, n in self._points(programme, members, group)})

    async def _points(
        self, programme: Programme, members: Sequence[int], group: int
    ) -> AsyncIterator[tuple[int, int]]:
        """Points alone; of who has nothing but records they need no ledger."""
        rules, today = programme.rules, self._checkins.today(programme)
        now, scope = self._store.clock.now(), programme.scope(group)
        async for member, kept in self._checkins.records.many(programme.name, members, scope):
            if kept.stored or rules.lasts is not None:
                yield member, max(0, Reckoning(programme, kept, now).points)
            else:
                yield member, tally(kept.sheet, rules, today).earned

    async def _streaks(
        self, programme: Programme, members: Sequence[int], group: int
    ) -> AsyncIterator[tuple[int, int]]:
        """Streaks alone, for which neither points nor what was made up need be read."""
        rules, today = programme.rules, self._checkins.today(programme)
        scope, excused = programme.scope(group), self._store.keys.checkin_excused
        for start in range(0, len(members), AT_ONCE):
            some = members[start : start + AT_ONCE]
            keys = [excused(programme.name, scope, member) for member in some]
            held = await self._store.call("MGET", *keys)
            each = self._checkins.records.each(programme.name, some, scope)
            found = [days async for _, days in each]
            for member, days, over in zip(some, found, held, strict=True):
                sheet = Sheet(days, excused=Days(over or b""))
                yield member, streak(sheet, rules, today)

    async def _everybody(self, programme: Programme, board: Board) -> Sums:
        async with self._turn:
            now = self._store.clock.now()
            until, sums = self._kept.get((programme, board), (0, Sums()))
            if now >= until:
                ever = await self._checkins.records.ever(programme.name)
                sums = await self._judged(programme, board, ever, EVERYWHERE)
                took = self._store.clock.now() - now
                self._kept[programme, board] = now + max(FRESH, 60 * took), sums
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return sums

    async def _rows(
        self, programme: Programme, sums: Sums, group: int, limit: int, skip: int
    ) -> AsyncIterator[Row]:
        """A page: whole ranks are passed over, those it is about are put in order."""
        rank, left = 1, limit
        for number, members in sums.descending():
            size = members.count()
            if skip < size:
                page = await self._ordered(programme, members, group, skip, left)
                for member in page:
                    yield Row(rank=rank, member=member, value=number)
                left -= len(page)
            if left <= 0:
                return
            rank, skip = rank + size, max(0, skip - size)

    async def _ordered(
        self, programme: Programme, members: Bits, group: int, skip: int, limit: int
    ) -> list[int]:
        """A page of equals: who reached it on an earlier day, then by name."""
        if not 1 < members.count() <= TIED:
            return members.numbers(skip, limit)
        numbers = members.numbers()
        names = await self._names(numbers)
        judged = self._checkins.standings(programme, numbers, group)
        reached = {member: one.last or date.max async for member, one in judged}
        numbers.sort(key=lambda n: (reached[n], names.get(n, "").casefold(), n))
        return numbers[skip : skip + limit]

    async def _names(self, numbers: Sequence[int]) -> dict[int, str]:
        return {
            member.number: member.name or next(iter(member.accounts.values()), "")
            for member in await self._members.some(numbers)
        }
