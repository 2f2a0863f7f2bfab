"""Check-ins over the API: programmes, who came on which day, and leaderboards."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from bot.api.operation import LARGEST, Call, Operation, Whole
from bot.api.paging import Asked, Paged, cursor, page_of
from bot.api.problem import Refused, wrong
from bot.checkins.board import Board, Row
from bot.checkins.boards import Boards
from bot.checkins.checkins import CheckIns
from bot.checkins.days import DAY, ZERO
from bot.checkins.programme import Programme
from bot.model.base import Frozen
from bot.store.members import Members

LONGEST = 400
"""Days that are told at once: as many as counts are kept for."""
NAME = r"^[^\s/\x00-\x1f\x7f.][^/\x00-\x1f\x7f]{0,79}$"
GroupNumber = Annotated[
    Whole, Field(ge=0, le=LARGEST, description="Only in the group of this number; 0: everywhere.")
]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-11-22"])]


class ProgrammeShown(Frozen):
    """A programme; its days begin at midnight in ``timezone``."""

    name: str
    words: tuple[str, ...]
    timezone: str
    every: Literal["day", "week"]
    times: int = Field(description="How many days of a week keep it, where it is weekly.")
    count: Literal["everywhere", "group"] = Field(
        description="Whether all groups make one streak, or each makes its own."
    )
    since: date | None
    until: date | None
    today: date
    came: int = Field(description="How many came today.")


class ProgrammeList(Frozen):
    """Every programme."""

    items: tuple[ProgrammeShown, ...]


class ProgrammeAsked(Frozen):
    """Which programme."""

    programme: str = Field(pattern=NAME, examples=["daily"])


class DaysAsked(ProgrammeAsked):
    """Which days of a programme; without any the last 30."""

    since: Day | None = None
    until: Day | None = None
    group: GroupNumber = 0


class DayCount(Frozen):
    """How many came on a day."""

    day: date
    came: int


class DayCounts(Frozen):
    """How many came, day by day."""

    items: tuple[DayCount, ...]


class RosterAsked(Asked, ProgrammeAsked):
    """Which day, and which page of who came, or of who of a group did not."""

    day: Day
    group: GroupNumber = 0
    which: Literal["came", "missing"] = "came"


class NumberList(Paged[int]):
    """Members, by number; who came to a group in the order they did while that is kept."""


class BoardAsked(Asked, ProgrammeAsked):
    """Which leaderboard; of a group, those who are in it now."""

    board: Board = "streak"
    group: GroupNumber = 0


class BoardList(Paged[Row]):
    """Places, the best first; equals have the same rank."""


class CheckInResource:
    """``/check-ins``."""

    def __init__(self, room: CheckIns, boards: Boards, members: Members) -> None:
        self._room = room
        self._boards = boards
        self._members = members

    def operations(self) -> list[Operation]:
        """What can be asked about programmes."""
        read: Literal["read:check-ins"] = "read:check-ins"
        one = "/check-ins/{programme}"
        return [
            Operation("GET", "/check-ins", read, self.list_programmes, {200: ProgrammeList}),
            Operation(
                *("GET", f"{one}/days", read, self.count_check_ins, {200: DayCounts}),
                *(DaysAsked, None, (404,)),
            ),
            Operation(
                *("GET", f"{one}/days/{{day}}", read, self.list_check_ins, {200: NumberList}),
                *(RosterAsked, None, (404,)),
            ),
            Operation(
                *("GET", f"{one}/board", read, self.get_board, {200: BoardList}),
                *(BoardAsked, None, (404,)),
            ),
        ]

    async def list_programmes(self, call: Call[Frozen, None]) -> ProgrammeList:
        """Every programme, and how many came today."""
        return ProgrammeList(items=tuple([await self._shown(p) for p in self._room.programmes]))

    async def count_check_ins(self, call: Call[DaysAsked, None]) -> DayCounts:
        """How many came on each of some days; kept for 400 days."""
        asked, programme = call.asked, programme_of(self._room, call.asked.programme)
        await known_group(self._members, asked.group, "query")
        last = day_of("until", asked.until) or self._room.today(programme)
        first = day_of("since", asked.since) or max(ZERO, last - DAY * 29)
        if not 0 <= (last - first).days < LONGEST:
            raise wrong(
                "query", "until", f"expected 1 to {LONGEST} days, the last not before since"
            )
        found = await self._room.counts(programme, first, last, asked.group)
        return DayCounts(items=tuple(DayCount(day=d, came=n) for d, n in found.items()))

    async def list_check_ins(self, call: Call[RosterAsked, None]) -> NumberList:
        """Who came on a day, or who of a group did not and is in it now."""
        asked, programme = call.asked, programme_of(self._room, call.asked.programme)
        await known_group(self._members, asked.group, "query")
        day = day_of("day", asked.day, "path")
        assert day is not None
        if asked.group:
            roster = await self._room.roster(programme, asked.group, day)
            found = roster.done if asked.which == "came" else roster.missing
        elif asked.which == "missing":
            raise wrong("query", "group", "expected a group: who is missing is told of one")
        else:
            found = tuple(await self._room.records.on(programme.name, day))
        page, onward = page_of(found, asked)
        return NumberList(items=tuple(page), next=onward)

    async def get_board(self, call: Call[BoardAsked, None]) -> BoardList:
        """A leaderboard of today, this week, this month, or of all records."""
        asked, programme = call.asked, programme_of(self._room, call.asked.programme)
        await known_group(self._members, asked.group, "query")
        start, limit = asked.offset, asked.limit
        rows = await self._boards.page(programme, asked.board, asked.group, limit + 1, start)
        onward = cursor(str(start + limit)) if len(rows) > limit else None
        return BoardList(items=tuple(rows[:limit]), next=onward)

    async def _shown(self, programme: Programme) -> ProgrammeShown:
        today, settings = self._room.today(programme), programme.settings
        return ProgrammeShown(
            name=programme.name,
            words=settings.words,
            timezone=programme.zone.key,
            every=settings.every,
            times=settings.times,
            count=settings.count,
            since=settings.since,
            until=settings.until,
            today=today,
            came=(await self._room.counts(programme, today, today))[today],
        )


def programme_of(room: CheckIns, name: str) -> Programme:
    """The programme of a name; raises Refused."""
    programme = room.programme(name)
    if programme is None:
        raise Refused(404, f"There is no programme {name}.")
    return programme


async def known_group(members: Members, number: int, where: Literal["query", "body"]) -> None:
    """Raises Refused where a number is no group's; 0 is for everywhere."""
    if number and await members.group(number) is None:
        raise wrong(where, "group", f"there is no group {number}")


def day_of(
    name: str, text: str | None, where: Literal["query", "path", "body"] = "query"
) -> date | None:
    """A day as it is written; raises Refused for one there is not."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise wrong(where, name, "expected a day such as 2026-06-17") from None
    if day < ZERO:
        raise wrong(where, name, f"expected a day not before {ZERO}")
    return day
