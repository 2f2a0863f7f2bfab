"""A member's timeline over the API: everything known to have happened to them."""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import Field

from bot.api.operation import Call, Number, Operation
from bot.api.paging import Cursor, Paged, checked, cursor
from bot.api.problem import Refused, wrong
from bot.clock import utc
from bot.located import nearest
from bot.members.timeline import KINDS, Timeline
from bot.model.base import Frozen
from bot.store.members import Members

ENTRY = r"[0-9]{1,15}-\S{1,200}"


class TimelineAsked(Cursor):
    """Whose timeline, and what of it."""

    number: Number
    kind: str = Field(
        default="", max_length=20, description=f"Without it all; else {', '.join(KINDS)}."
    )


class HappenedShown(Frozen):
    """One thing that happened; ``what`` is a dotted name such as "delivery.sent"."""

    at: datetime
    what: str
    conversation: str
    source: str = Field(description="By whom or what.")
    reason: str
    text: str


class TimelineList(Paged[HappenedShown]):
    """What happened, the newest first."""


class MemberTimelineResource:
    """``/members/{number}/timeline``."""

    def __init__(self, timeline: Timeline, members: Members) -> None:
        self._timeline = timeline
        self._members = members

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation(
                "GET",
                "/members/{number}/timeline",
                "read:members",
                self.get_timeline,
                {200: TimelineList},
                TimelineAsked,
                None,
                (404,),
            )
        ]

    async def get_timeline(self, call: Call[TimelineAsked, None]) -> TimelineList:
        """Everything known to have happened to a member, 50 entries a page."""
        asked = call.asked
        if asked.kind and asked.kind not in KINDS:
            message = f"expected one of {', '.join(KINDS)}"
            raise wrong("query", "kind", message, str(nearest(asked.kind, KINDS)))
        before = checked(asked.after, lambda said: re.fullmatch(ENTRY, said))
        if await self._members.member(asked.number) is None:
            raise Refused(404, f"There is no member {asked.number}.")
        found = await self._timeline.page(asked.number, asked.kind, before)
        shown = [
            HappenedShown(
                at=utc(entry.at),
                **entry.model_dump(include={*HappenedShown.model_fields} - {"at"}),
            )
            for _, entry in found.rows
        ]
        return TimelineList(items=tuple(shown), next=cursor(found.next))
