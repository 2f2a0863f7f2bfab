"""A member's check-ins over the API: standing, month, ledger, and what staff correct."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from bot.api.checkins import Day, GroupNumber, ProgrammeAsked, day_of, known_group, programme_of
from bot.api.once import Once, OnceAsked
from bot.api.operation import LARGEST, Call, Number, Operation
from bot.api.paging import Asked, Paged, page_of
from bot.api.problem import Refused, wrong
from bot.checkins.checkins import CheckIns
from bot.checkins.days import ZERO
from bot.checkins.ledger import What
from bot.checkins.month import State
from bot.checkins.programme import Programme
from bot.clock import utc
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.members import Members
from bot.tokens import Token

MOST = 1_000_000
Reason = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S", examples=["came late"])]
Group = Annotated[
    int, Field(ge=0, le=LARGEST, description="Where each group makes its own streak, which.")
]


class MemberStanding(ProgrammeAsked):
    """Which member of which programme."""

    number: Number


class StandingAsked(MemberStanding):
    """Which member's standing, and in which group where each makes its own."""

    group: GroupNumber = 0


class MonthAsked(StandingAsked):
    """Which month; without one this month."""

    month: str = Field(default="", pattern=r"^([0-9]{4}-[0-9]{2})?$", examples=["2026-11"])


class LedgerAsked(Asked, StandingAsked):
    """Which page of a ledger."""


class DayAsked(MemberStanding):
    """Which day of a member."""

    day: Day


class PointsAsked(OnceAsked, MemberStanding):
    """Whose points."""


class EntryAsked(MemberStanding):
    """Which entry of a ledger."""

    entry: Number


class StandingShown(Frozen):
    """What a member's records come to now; ``points`` are what is left to spend."""

    streak: int
    longest: int
    total: int
    points: int
    last: date | None


class MonthDayShown(Frozen):
    """What became of a day: see docs/check-ins.md."""

    day: date
    state: State


class MonthShown(Frozen):
    """The days of a month, in the member's own zone."""

    items: tuple[MonthDayShown, ...]


class EntryShown(Frozen):
    """A change of points; with an ``id`` it can be taken back, ``of`` is what it takes back."""

    id: int | None
    what: What
    points: int
    at: datetime
    day: date | None
    by: str
    reason: str
    of: int | None
    reversed: bool


class LedgerList(Paged[EntryShown]):
    """Changes of points, the newest first."""


class DayWanted(Frozen):
    """What a day shall be: one they came on, one they missed, or one their streak holds over."""

    state: Literal["done", "missed", "excused"]
    reason: Reason
    group: Group = 0


class PointsWanted(Frozen):
    """Points to give, or below zero to take for something."""

    points: int = Field(ge=-MOST, le=MOST, examples=[5])
    reason: Reason
    group: Group = 0


class ReversalWanted(Frozen):
    """Why an entry is taken back."""

    reason: Reason
    group: Group = 0


class CheckInMemberResource:
    """``/check-ins/{programme}/members/{number}``."""

    def __init__(self, room: CheckIns, members: Members, once: Once) -> None:
        self._room = room
        self._members = members
        self._once = once

    def operations(self) -> list[Operation]:
        """What can be asked about a member, and corrected."""
        read: Literal["read:check-ins"] = "read:check-ins"
        write: Literal["write:check-ins"] = "write:check-ins"
        one, shown = "/check-ins/{programme}/members/{number}", {200: StandingShown}
        return [
            Operation("GET", one, read, self.get_standing, shown, StandingAsked, None, (404,)),
            Operation(
                *("GET", f"{one}/month", read, self.get_month, {200: MonthShown}),
                *(MonthAsked, None, (404,)),
            ),
            Operation(
                *("GET", f"{one}/ledger", read, self.list_ledger, {200: LedgerList}),
                *(LedgerAsked, None, (404,)),
            ),
            Operation(
                *("PUT", f"{one}/days/{{day}}", write, self.correct_day, shown),
                *(DayAsked, DayWanted, (404,)),
            ),
            Operation(
                *("POST", f"{one}/points", write, self.change_points, shown),
                *(PointsAsked, PointsWanted, (404, 409)),
            ),
            Operation(
                *("POST", f"{one}/ledger/{{entry}}/reverse", write, self.reverse_points, shown),
                *(EntryAsked, ReversalWanted, (404, 409)),
            ),
        ]

    # reading

    async def get_standing(self, call: Call[StandingAsked, None]) -> StandingShown:
        """A member's streak, total and points."""
        programme = await self._programme(call.asked, call.asked.group, "query")
        return await self._standing(programme, call.asked.number, call.asked.group)

    async def get_month(self, call: Call[MonthAsked, None]) -> MonthShown:
        """What became of each day of a month."""
        asked = call.asked
        programme = await self._programme(asked, asked.group, "query")
        first = self._room.today(programme)
        if asked.month:
            first = day_of("month", f"{asked.month}-01") or ZERO
        found = await self._room.month(
            programme, asked.number, first.year, first.month, asked.group
        )
        return MonthShown(
            items=tuple(MonthDayShown(day=one.day, state=one.state) for one in found.days)
        )

    async def list_ledger(self, call: Call[LedgerAsked, None]) -> LedgerList:
        """Every change of a member's points, the newest first."""
        asked = call.asked
        programme = await self._programme(asked, asked.group, "query")
        found = await self._room.ledger(programme, asked.number, asked.group)
        page, onward = page_of(found, asked)
        shown = [
            EntryShown(at=utc(one.at), **one.model_dump(exclude={"at", "programme", "group"}))
            for one in page
        ]
        return LedgerList(items=tuple(shown), next=onward)

    # correcting

    async def correct_day(self, call: Call[DayAsked, DayWanted]) -> StandingShown:
        """Add a day, take one away, or let the streak hold over it; nothing when it is so."""
        asked, wanted, room = call.asked, call.body, self._room
        programme = await self._programme(asked, wanted.group, "body")
        day = day_of("day", asked.day, "path")
        assert day is not None
        by, where = call.token.actor, wanted.group
        try:
            if wanted.state == "excused":
                await room.excuse(programme, asked.number, day, by, wanted.reason, where)
            else:
                done = wanted.state == "done"
                await room.correct(programme, asked.number, day, done, by, wanted.reason, where)
        except ValueError as error:
            raise wrong("path", "day", str(Phrase.of(error))) from None
        return await self._standing(programme, asked.number, where)

    async def change_points(self, call: Call[PointsAsked, PointsWanted]) -> StandingShown:
        """Give points, or take some for something."""
        asked, wanted, points = call.asked, call.body, self._room.points
        programme = await self._programme(asked, wanted.group, "body")
        if not wanted.points:
            raise wrong("body", "points", "expected a number other than 0")
        change = points.give if wanted.points > 0 else points.spend
        content = f"{programme.name} {asked.number} {wanted.model_dump_json()}"

        async def also(effects: Effects) -> None:
            await self._new(call.token, asked.key, content)
            self._once.remember(effects, call.token, asked.key, content, "done")

        try:
            await self._new(call.token, asked.key, content)
            done = await change(
                *(programme, asked.number, abs(wanted.points), call.token.actor),
                *(wanted.reason, wanted.group),
                also=also if asked.key else None,
            )
        except _DoneBefore:
            done = True
        if not done:
            raise Refused(409, "They have not as many points.")
        return await self._standing(programme, asked.number, wanted.group)

    async def reverse_points(self, call: Call[EntryAsked, ReversalWanted]) -> StandingShown:
        """Take back an entry of the ledger, once."""
        asked, wanted = call.asked, call.body
        programme = await self._programme(asked, wanted.group, "body")
        done = await self._room.points.reverse(
            *(programme, asked.number, asked.entry, call.token.actor),
            *(wanted.reason, wanted.group),
        )
        if not done:
            raise Refused(409, "There is no such entry, or it was taken back already.")
        return await self._standing(programme, asked.number, wanted.group)

    # inside

    async def _new(self, token: Token, key: str, content: str) -> None:
        """Raises _DoneBefore where a request of this key was done."""
        if await self._once.before(token, key, content):
            raise _DoneBefore

    async def _programme(
        self, asked: MemberStanding, group: int, where: Literal["query", "body"]
    ) -> Programme:
        programme = programme_of(self._room, asked.programme)
        if await self._members.member(asked.number) is None:
            raise Refused(404, f"There is no member {asked.number}.")
        if programme.settings.count == "group" and not group:
            raise wrong(where, "group", "expected a group: each makes its own streak")
        await known_group(self._members, group, where)
        return programme

    async def _standing(self, programme: Programme, member: int, group: int) -> StandingShown:
        found = await self._room.standing(programme, member, group)
        return StandingShown(
            streak=found.streak,
            longest=found.longest,
            total=found.total,
            points=found.points,
            last=found.last,
        )


class _DoneBefore(Exception):
    """The request was done when it was sent before."""
