"""A turn: one running SOP as one look of the planner sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.sop.record import Sop, Version
from bot.sop.template import Step, Template
from bot.store.members import Group


class Changed(Exception):
    """The SOP was paused, stopped or edited meanwhile: the rest of the turn is void."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is the same through one look.

    ``now`` is UTC ms; ``gap`` is how long before it nobody looked, in ms: because the bot was
    off or the SOP paused. ``groups`` are those of the audience, by number.
    """

    sop: Sop
    version: Version
    template: Template
    now: int
    gap: int
    zone: ZoneInfo
    workspace_zone: str
    cursors: dict[str, str]
    groups: dict[int, Group]

    def since(self, step: Step) -> int:
        """When the step became part of the SOP; nobody gets it for a time before."""
        return int(self.cursors[f"since {step.id}"])

    def missed(self, step: Step) -> int | None:
        """What was due before this came too late; None when nobody was away for so long."""
        return self.now - step.late if self.gap > step.late else None

    def zone_of(self, own: str | None) -> ZoneInfo:
        """The zone of the SOP's times for somebody of this zone."""
        return self.version.zone(own, self.workspace_zone)


Rows = Sequence[tuple[str, int]]
"""Targets (``number`` or ``number:group``) and when they are due, UTC ms."""
