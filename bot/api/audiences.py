"""Audiences over the API: those saved as segments, and how many any of them is."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.api.operation import Call, Operation
from bot.api.paging import Asked, Paged, page_of
from bot.api.problem import misread
from bot.audience.audience import Audience
from bot.audience.segments import Segments
from bot.clock import utc
from bot.located import Problems
from bot.model.base import Frozen
from bot.sop.engine.roster import Roster


class SegmentShown(Frozen):
    """An audience saved under a name."""

    name: str
    audience: str
    by: str
    at: datetime


class SegmentList(Paged[SegmentShown]):
    """Segments, by name."""


class AudienceAsked(Frozen):
    """An audience, such as ``tag:vip and not active:7d``."""

    audience: str = Field(min_length=1, max_length=2000, examples=["tag:vip and not active:7d"])
    to: Literal["member", "group"] = "member"


class AudienceCounted(Frozen):
    """How many an audience is now."""

    audience: str
    to: Literal["member", "group"]
    count: int


class AudienceResource:
    """``/segments`` and ``/audience``."""

    def __init__(self, segments: Segments, roster: Roster) -> None:
        self._segments = segments
        self._roster = roster

    def operations(self) -> list[Operation]:
        """What can be asked about audiences."""
        return [
            Operation(
                "GET", "/segments", "read:members", self.list_segments, {200: SegmentList}, Asked
            ),
            Operation(
                "GET",
                "/audience",
                "read:members",
                self.count_audience,
                {200: AudienceCounted},
                AudienceAsked,
            ),
        ]

    async def list_segments(self, call: Call[Asked, None]) -> SegmentList:
        """Every saved audience, by name."""
        page, onward = page_of(await self._segments.all(), call.asked)
        shown = [
            SegmentShown(name=one.name, audience=str(one.audience), by=one.by, at=utc(one.at))
            for one in page
        ]
        return SegmentList(items=tuple(shown), next=onward)

    async def count_audience(self, call: Call[AudienceAsked, None]) -> AudienceCounted:
        """How many members or groups an audience is now."""
        asked = call.asked
        try:
            audience = Audience.parse(asked.audience)
            if problems := await self._roster.algebra.check(audience, asked.to):
                raise Problems(problems)
            count = await self._roster.count(audience, asked.to)
        except Problems as problems:
            raise misread(problems, "audience") from None
        return AudienceCounted(audience=str(audience), to=asked.to, count=count)
