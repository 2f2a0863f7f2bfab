"""Figures over the API: what links, SOPs, steps and groups came to, and the members behind it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from bot.api.members import MemberShown, member_shown
from bot.api.operation import Call, Operation
from bot.api.paging import Asked, Paged, cursor, page_of
from bot.api.problem import wrong
from bot.clock import utc
from bot.figures.figures import FigureRoom
from bot.figures.names import Names
from bot.figures.period import LONGEST, USUAL, BadPeriod, Period, read_period
from bot.figures.row import By
from bot.figures.shown import FiguresShown, RowShown, row_shown, shown
from bot.figures.subject import BadSubject, Subject
from bot.figures.tongue import Words
from bot.model.base import Frozen
from bot.store.members import Members

DATE = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"
LONGEST_NAME = 200
Measure = Literal["reach", "people", "missing", "converted", "replied", "checked-in", "tagged"]


class DaysAsked(Frozen):
    """Which days, in the workspace's zone."""

    since: str = Field(
        default="",
        pattern=DATE,
        examples=["2026-06-01"],
        description=f"The first day; else {USUAL} days. At most {LONGEST} days back.",
    )
    until: str = Field(
        default="", pattern=DATE, examples=["2026-06-30"], description="The last day, else today."
    )


class SubjectAsked(DaysAsked):
    """Of what, in which days."""

    subject: str = Field(
        default="all",
        max_length=LONGEST_NAME,
        examples=["all"],
        description="`all`, `link:7`, `campaign:spring-sale`, `sop:id`, `step:sop/step`, "
        "`run:sop/version/step/occurrence`, `group:3`, `staff:Li` or `channel:poster`.",
    )


class FiguresAsked(SubjectAsked):
    """Which figures."""

    by: By | None = Field(default=None, description="What to make rows of, if any.")


class MembersAsked(SubjectAsked, Asked):
    """Behind which figure, and which page."""

    measure: Measure = Field(
        default="people",
        description="`reach`; `people` who clicked; `missing`: reached and did not; "
        "who `converted`, `replied`, were `checked-in` or `tagged`.",
    )
    by: By | None = Field(default=None, description="The cut whose row is meant, if any.")
    key: str = Field(default="", max_length=LONGEST_NAME, description="The `key` of that row.")


class CampaignsAsked(DaysAsked, Asked):
    """In which days, and which page."""


class FigureMembers(Paged[MemberShown]):
    """Members, by number; ``count`` of all pages together."""

    count: int


class Campaigns(Paged[RowShown]):
    """Campaigns with what they came to, most clicks first."""

    complete_until: datetime


class FigureResource:
    """``/figures`` and ``/campaigns``."""

    def __init__(self, room: FigureRoom, names: Names, members: Members, words: Words) -> None:
        self._room = room
        self._names = names
        self._members = members
        self._words = words

    def operations(self) -> list[Operation]:
        """What can be asked."""
        figures, campaigns = {200: FiguresShown}, {200: Campaigns}
        return [
            Operation("GET", "/figures", "read:stats", self.get_figures, figures, FiguresAsked),
            Operation(
                "GET",
                "/figures/members",
                "read:members",
                self.list_figure_members,
                {200: FigureMembers},
                MembersAsked,
            ),
            Operation(
                "GET", "/campaigns", "read:stats", self.list_campaigns, campaigns, CampaignsAsked
            ),
        ]

    async def get_figures(self, call: Call[FiguresAsked, None]) -> FiguresShown:
        """What a subject came to, all together and cut by what is asked."""
        asked, period = call.asked, self._period(call.asked)
        subject = _subject(asked)
        try:
            figures = await self._room.of(subject, period, asked.by)
        except BadSubject as error:
            raise wrong("query", "subject", str(error)) from None
        keys = [row.key for row in figures.rows]
        names = await self._names.of(asked.by, keys, self._words, subject) if asked.by else {}
        name = await self._names.subject(subject, self._words)
        return shown(figures, name, names, str(self._room.zone))

    async def list_figure_members(self, call: Call[MembersAsked, None]) -> FigureMembers:
        """The members behind a figure of a subject, or of one row of it."""
        asked, period = call.asked, self._period(call.asked)
        if asked.key and asked.by is None:
            raise wrong("query", "by", "expected the cut the key is of")
        try:
            found = await self._room.who(
                _subject(asked), period, asked.measure, asked.by, asked.key
            )
        except BadSubject as error:
            raise wrong("query", "subject", str(error)) from None
        start, count = asked.offset, found.count()
        members = await self._members.some(found.numbers(start, asked.limit))
        end = start + asked.limit
        return FigureMembers(
            items=tuple(map(member_shown, members)),
            next=cursor(str(end)) if end < count else None,
            count=count,
        )

    async def list_campaigns(self, call: Call[CampaignsAsked, None]) -> Campaigns:
        """Every campaign something happened in, with what it came to."""
        figures = await self._room.of(Subject(), self._period(call.asked), "campaign")
        rows = [row for row in figures.rows if row.key]
        items, onward = page_of(rows, call.asked)
        return Campaigns(
            items=tuple(row_shown(row, row.key) for row in items),
            next=onward,
            complete_until=utc(figures.complete),
        )

    def _period(self, asked: DaysAsked) -> Period:
        """The days; raises Refused."""
        today = self._room.today
        until = min(_day("until", asked.until) or today, today)
        since = _day("since", asked.since)
        try:
            last = read_period(until.isoformat(), today)
            first = since or read_period("", last.until).since
            return read_period(f"{first}..{until}", today)
        except BadPeriod as error:
            at = "since" if asked.since else "until"
            raise wrong("query", at, str(error)) from None


def _day(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise wrong("query", name, "there is no such day") from None


def _subject(asked: SubjectAsked) -> Subject:
    try:
        return Subject.parse(asked.subject)
    except BadSubject as error:
        raise wrong("query", "subject", str(error)) from None
