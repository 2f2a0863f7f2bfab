"""Evidence of check-ins over the API: what waits for approval, taking and refusing it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from bot.api.operation import Call, Operation
from bot.api.paging import Asked, Paged, cursor
from bot.api.problem import Refused, wrong
from bot.checkins.checkins import CheckIns
from bot.checkins.evidence import Evidence
from bot.clock import utc
from bot.model.base import Frozen

FEW = 10
"""Read at once: a picture may be kept in its address, and then has up to four megabytes."""
LARGEST = 16_000_000
"""Characters of pictures after which a page ends."""


class EvidenceShown(Frozen):
    """What a member showed for a check-in; ``group`` is the one it counts in, 0: everywhere."""

    key: str
    programme: str
    member: int
    group: int
    day: date
    at: datetime
    text: str
    picture: str
    link: str


class EvidenceList(Paged[EvidenceShown]):
    """What waits for approval, the oldest first; a page may be short and yet have a next one."""


class DecisionWanted(Frozen):
    """Whether a check-in counts; the member is told why it does not."""

    key: str = Field(min_length=1, max_length=300, examples=["7:0:daily:2026-11-22"])
    decision: Literal["approve", "refuse"]
    reason: str = Field(default="", max_length=200)


class Decided(Frozen):
    """What was decided."""

    key: str
    decision: Literal["approve", "refuse"]


class EvidenceResource:
    """``/check-in-evidence``."""

    def __init__(self, room: CheckIns) -> None:
        self._room = room

    def operations(self) -> list[Operation]:
        """What can be done with evidence."""
        every = "/check-in-evidence"
        return [
            Operation(
                "GET", every, "read:check-ins", self.list_evidence, {200: EvidenceList}, Asked
            ),
            Operation(
                *("POST", f"{every}/decisions", "write:check-ins", self.decide_evidence),
                *({200: Decided},),
                body=DecisionWanted,
                refusals=(409,),
            ),
        ]

    async def list_evidence(self, call: Call[Asked, None]) -> EvidenceList:
        """What waits for approval, the oldest first."""
        at, shown, size = call.asked.offset, list[EvidenceShown](), 0
        while len(shown) < call.asked.limit and size < LARGEST:
            some = await self._room.pending(at, min(FEW, call.asked.limit - len(shown)))
            if not some:
                return EvidenceList(items=tuple(shown), next=None)
            at += len(some)
            size += sum(len(one.picture) for one in some)
            shown += map(_shown, some)
        return EvidenceList(items=tuple(shown), next=cursor(str(at)))

    async def decide_evidence(self, call: Call[Frozen, DecisionWanted]) -> Decided:
        """Take a check-in, or take it away again with a reason."""
        wanted, by = call.body, call.token.actor
        if wanted.decision == "approve":
            done = await self._room.approve(wanted.key, by)
        elif not wanted.reason.strip():
            raise wrong("body", "reason", "expected a reason: the member is told it")
        else:
            done = await self._room.refuse(wanted.key, by, wanted.reason)
        if not done:
            raise Refused(409, "It does not wait, or somebody else decided it just now.")
        return Decided(key=wanted.key, decision=wanted.decision)


def _shown(one: Evidence) -> EvidenceShown:
    return EvidenceShown(
        at=utc(one.at),
        **one.model_dump(include={*EvidenceShown.model_fields} - {"at", "key"}),
        key=one.key,
    )
