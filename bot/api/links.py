"""Links over the API: list, one, making one, and what was counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from bot.api.conversions import SumShown, sum_shown
from bot.api.operation import Answer, Call, Number, Operation, Whole
from bot.api.paging import Paged, Searched, cursor
from bot.api.problem import Refused, wrong
from bot.api.record import Record
from bot.clock import utc
from bot.links.clicks import Clicks, Part, Sums
from bot.links.codes import Code
from bot.links.conversions import Conversions
from bot.links.destinations import LONGEST, BadDestination
from bot.links.links import Link, Links
from bot.model.base import Frozen

DAYS = 366


class LinkShown(Frozen):
    """A tracked link; ``short`` is its URL without attribution, for print."""

    number: int
    url: str
    campaign: str
    since: datetime
    short: str


class LinkList(Paged[LinkShown]):
    """Links, the newest first."""


class LinkWanted(Frozen):
    """A link to make; the same URL and campaign are always the same link."""

    url: str = Field(
        min_length=1,
        max_length=LONGEST,
        description="Where it leads.",
        examples=["https://shop.example/spring"],
    )
    campaign: str = Field(default="", max_length=100, description="What it belongs to.")


class LinkAsked(Frozen):
    """Which link."""

    number: Number


class StatsAsked(LinkAsked):
    """Which link, and for how many days."""

    days: Annotated[Whole, Field(ge=1, le=DAYS)] = Field(
        default=30, description="Days to list, today last, in the workspace's zone."
    )


class Counted(Frozen):
    """Fetches, clicks by people, and by how many members and unknown visitors."""

    hits: int
    clicks: int
    members: int
    visitors: int


class DayCounted(Counted):
    """One day's."""

    day: date


class StepCounted(Counted):
    """What one step brought; '' is no step."""

    step: str


class GroupCounted(Counted):
    """What one group brought; 0 is direct chats and short codes."""

    group: int


class LinkStats(Frozen):
    """What was counted of a link, of hits before ``complete_until``."""

    link: LinkShown
    total: Counted
    verdicts: dict[str, int] = Field(description="What its hits were judged.")
    apps: dict[str, int] = Field(description="Clicks from within apps.")
    first_click: datetime | None
    last_click: datetime | None
    days: tuple[DayCounted, ...]
    steps: tuple[StepCounted, ...]
    groups: tuple[GroupCounted, ...]
    converted_members: int
    conversions: tuple[SumShown, ...]
    complete_until: datetime


class LinkResource:
    """``/links``."""

    def __init__(
        self, room: Links, clicks: Clicks, conversions: Conversions, record: Record
    ) -> None:
        self._room = room
        self._clicks = clicks
        self._conversions = conversions
        self._record = record

    def operations(self) -> list[Operation]:
        """What can be done with links."""
        one, stats = {200: LinkShown}, {200: LinkStats}
        return [
            Operation("GET", "/links", "read:links", self.list_links, {200: LinkList}, Searched),
            Operation(
                "POST",
                "/links",
                "write:links",
                self.make_link,
                {201: LinkShown, 200: LinkShown},
                body=LinkWanted,
            ),
            Operation(
                "GET",
                "/links/{number}",
                "read:links",
                self.get_link,
                one,
                LinkAsked,
                None,
                (404,),
            ),
            Operation(
                "GET",
                "/links/{number}/stats",
                "read:stats",
                self.get_link_stats,
                stats,
                StatsAsked,
                None,
                (404,),
            ),
        ]

    async def list_links(self, call: Call[Searched, None]) -> LinkList:
        """Every link, the newest first."""
        asked = call.asked
        start, end = asked.offset, asked.offset + asked.limit
        found = self._room.search(asked.q, start, asked.limit)
        onward = cursor(str(end)) if end < self._room.count(asked.q) else None
        return LinkList(items=tuple(map(self._shown, found)), next=onward)

    async def make_link(self, call: Call[Any, LinkWanted]) -> Answer:
        """Make a link, or find the one there is (200)."""
        wanted, known = call.body, self._room.count()
        try:
            number = await self._room.make(wanted.url, wanted.campaign)
        except BadDestination as error:
            raise wrong("body", "url", str(error)) from None
        new = self._room.count() > known
        link = self._link(number)
        if new:
            told = {"url": link.url, "campaign": link.campaign}
            await self._record.write(call.token, "link.made", f"#{number}", **told)
        return Answer(self._shown(link), 201 if new else 200)

    async def get_link(self, call: Call[LinkAsked, None]) -> LinkShown:
        """One link."""
        return self._shown(self._link(call.asked.number))

    async def get_link_stats(self, call: Call[StatsAsked, None]) -> LinkStats:
        """What was counted of a link: all together, by day, by step, by group."""
        link, clicks = self._link(call.asked.number), self._clicks
        complete, sums = await clicks.complete_until(), await clicks.sums(link.number)
        return LinkStats(
            link=self._shown(link),
            total=Counted(**_counted(sums)),
            verdicts=dict(sums.verdicts),
            apps=dict(sums.apps),
            first_click=utc(sums.first) if sums.first else None,
            last_click=utc(sums.last) if sums.last else None,
            days=tuple(
                DayCounted(day=day.day, **_counted(day))
                for day in await clicks.days(link.number, call.asked.days)
            ),
            steps=_steps(await clicks.steps(link.number)),
            groups=tuple(
                GroupCounted(group=part.number, **_counted(part))
                for part in await clicks.groups(link.number)
            ),
            converted_members=await self._conversions.members(link.number),
            conversions=tuple(map(sum_shown, await self._conversions.sums(link.number))),
            complete_until=utc(complete),
        )

    def _link(self, number: int) -> Link:
        link = self._room.get(number)
        if link is None:
            raise Refused(404, f"There is no link {number}.")
        return link

    def _shown(self, link: Link) -> LinkShown:
        return LinkShown(
            number=link.number,
            url=link.url,
            campaign=link.campaign,
            since=utc(link.since),
            short=self._room.url(Code(link.number)),
        )


def _counted(sums: Sums) -> dict[str, int]:
    return {name: getattr(sums, name) for name in Counted.model_fields}


def _steps(parts: Iterable[Part]) -> tuple[StepCounted, ...]:
    return tuple(StepCounted(step=part.name, **_counted(part)) for part in parts)
