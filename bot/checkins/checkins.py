"""Check-ins as handlers, console and other rooms use them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.checkins.board import Board, Row, ranked, value
from bot.checkins.days import DAY, Days
from bot.checkins.programme import Programme, programmes_of
from bot.checkins.records import EVERYWHERE, Records
from bot.clock import Clock
from bot.model.conversation import Conversation
from bot.routing.context import Context
from bot.routing.fold import LIMIT, fold
from bot.settings.rooms import CheckInSettings
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

PLAUSIBLE = 86_400_000
"""How old, in ms, an event's own time may be to say which day it belongs to."""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a check-in came to.

    ``new``: it was recorded now, else it was before. ``rank``: how manyeth in this group that
    day, None when the record is of another group.
    """

    new: bool
    day: date
    streak: int
    total: int
    points: int
    rank: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member's records come to."""

    streak: int
    longest: int
    total: int
    points: int
    last: date | None


@dataclass(frozen=True, slots=True)
class Roster:
    """A group's day: who checked in, in order while that is kept, and who is there and has not."""

    done: tuple[int, ...]
    missing: tuple[int, ...]


class CheckIns:
    """Records check-ins and reads what follows from them.

    Groups are given by their number; without one, all groups are meant.
    """

    def __init__(
        self,
        settings: Mapping[str, CheckInSettings],
        zone: str,
        store: Store,
        members: Members,
        facts: Facts,
        clock: Clock,
    ) -> None:
        self.programmes = programmes_of(settings, zone)
        self.records = Records(store, facts)
        self._members = members
        self._clock = clock
        self._words: defaultdict[str, list[Programme]] = defaultdict(list)
        for programme in self.programmes:
            for word in programme.settings.words:
                self._words[fold(word)].append(programme)

    # in chat

    def programme_for(self, text: str, group: Conversation | None = None) -> Programme | None:
        """The programme a text checks in to: in a group, or without one anywhere."""
        found = self._words.get(fold(text), ()) if len(text) <= LIMIT else ()
        return next((p for p in found if group is None or p.runs_in(group)), None)

    def running_in(self, group: Conversation) -> list[Programme]:
        """The programmes members of a group can check in to there."""
        return [p for p in self.programmes if p.runs_in(group)]

    async def check_in(self, ctx: Context, programme: Programme) -> CheckIn:
        """Check the member in, once a day; the record is committed together with the reply.

        The day is the one in the programme's zone when the event happened, unless the gateway's
        time for it is in the future or older than a day. Raises ValueError in a direct chat.
        """
        if ctx.group is None:
            raise ValueError("check-ins belong to a group")
        plausible = 0 <= ctx.now - ctx.event.at <= PLAUSIBLE
        day = programme.day(ctx.event.at if plausible else ctx.now)
        name, member, group = programme.name, ctx.member.number, ctx.group.number
        days = await self.records.days(name, member)
        new = day not in days
        rank: int | None
        if new:
            rank = await self.records.next_place(name, day, group)
            self.records.add(ctx.effects, name, day, member, group, rank)
            ctx.effects.heard("check-in", member, group, ctx.now)
            ctx.note("checkin.recorded", text=f"{name} {day}")
            days |= Days.of(day)
        else:
            rank = await self.records.place(name, day, group, member)
        standing = self._standing(programme, days, programme.day(ctx.now))
        return CheckIn(new, day, standing.streak, standing.total, standing.points, rank)

    # for console, commands and other rooms

    def programme(self, name: str) -> Programme | None:
        """The programme of a name."""
        return next((p for p in self.programmes if p.name == name), None)

    def today(self, programme: Programme) -> date:
        """The programme's day now."""
        return programme.day(self._clock.now())

    async def standing(self, programme: Programme, member: int) -> Standing:
        """A member's streak, total and points."""
        days = await self.records.days(programme.name, member)
        return self._standing(programme, days, self.today(programme))

    async def calendar(
        self, programme: Programme, member: int, year: int, month: int
    ) -> list[date]:
        """The days of a month on which the member checked in."""
        days = await self.records.days(programme.name, member)
        return [day for day in days if (day.year, day.month) == (year, month)]

    async def counts(
        self, programme: Programme, first: date, last: date, group: int = EVERYWHERE
    ) -> dict[date, int]:
        """How many checked in on each day from ``first`` to ``last``; kept for 400 days."""
        days = [first + DAY * n for n in range((last - first).days + 1)]
        asked = (self.records.count(programme.name, day, group) for day in days)
        return dict(zip(days, await asyncio.gather(*asked), strict=True))

    async def roster(self, programme: Programme, group: int, day: date | None = None) -> Roster:
        """Who of a group checked in on a day (today), and who of those there now has not.

        A member who checked in through another group has checked in.
        """
        day = day or self.today(programme)
        order = await self.records.order(programme.name, day, group)
        here = await self.records.on(programme.name, day, group)
        done = {*await self.records.on(programme.name, day)}
        missing = [n for n in await self.records.present(group) if n not in done]
        known = {*order}
        return Roster((*order, *(n for n in here if n not in known)), tuple(missing))

    async def board(
        self,
        programme: Programme,
        board: Board,
        group: int = EVERYWHERE,
        limit: int = 10,
        skip: int = 0,
    ) -> list[Row]:
        """A leaderboard, equals on the same rank; of a group, those who are in it now.

        A group's "day" is in the order they came; everybody's has one rank for all.
        """
        rows = await self._rows(programme, board, group)
        page = rows[skip : skip + limit]
        names = await self._names([row.member for row in page])
        return [row.model_copy(update={"name": names.get(row.member, "")}) for row in page]

    async def _rows(self, programme: Programme, board: Board, group: int) -> list[Row]:
        today = self.today(programme)
        if board == "day" and group != EVERYWHERE:
            order = await self.records.order(programme.name, today, group)
            return [Row(rank=n, member=member, value=n) for n, member in enumerate(order, 1)]
        numbers = await (
            self.records.present(group) if group else self.records.ever(programme.name)
        )
        each = self.records.each(programme.name, numbers)
        return [*ranked([(member, value(board, days, today)) async for member, days in each])]

    async def _names(self, numbers: Sequence[int]) -> dict[int, str]:
        return {
            member.number: member.name or next(iter(member.accounts.values()), "")
            for member in await self._members.some(numbers)
        }

    def _standing(self, programme: Programme, days: Days, today: date) -> Standing:
        points = days.total * programme.settings.points
        return Standing(days.streak(today), days.longest, days.total, points, days.last)
