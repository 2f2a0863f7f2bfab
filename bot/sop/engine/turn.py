"""A turn: one running SOP as one look of the planner sees it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.sop.engine.crowd import Crowd
from bot.sop.record import ALWAYS, Sop, Version
from bot.sop.templates.step import Step
from bot.sop.templates.template import Template
from bot.sop.times.timing import Pauses
from bot.store.bits import Bits
from bot.store.members import Group

PROMPT = frozenset({"tag", "untag", "start", "stop", "wait", "branch", "nothing"})
"""Actions nobody sees: never too late, and allowed at any hour."""


class Changed(Exception):
    """The SOP was paused, stopped or edited meanwhile: the rest of the turn is void."""


@dataclass(frozen=True, slots=True)
class Flight:
    """Those who follow one version: ``who`` stayed on an older one, None means all others."""

    version: Version
    template: Template
    who: Bits | None = None

    def cursor(self, step: Step) -> str:
        """The name of the cursor of a step."""
        return f"at {step.id}" + (f"@{self.version.number}" if self.who is not None else "")


@dataclass(frozen=True, slots=True)
class Turn:
    """What is the same through one look.

    ``now`` is UTC ms; ``gap`` is how long before it nobody looked, in ms: because the bot was
    off or the SOP paused. ``groups`` are those its members are met in, by number; ``chosen`` those
    it is for, where it is for groups. ``flights``: those who stayed on older versions, then all
    others.
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
    flights: tuple[Flight, ...]
    crowd: Crowd
    named: bool
    """Whether the audience names groups, so that its members must be met in one of them."""

    @property
    def gateways(self) -> set[str]:
        """Where the groups are."""
        return {group.conversation.gateway for group in self.groups.values()}

    def since(self, step: Step) -> int:
        """When the step became part of the SOP; nobody gets it for a time before."""
        return int(self.cursors.get(f"since {step.id}", 0))

    def catch_up(self, step: Step) -> int:
        """Who was past the step when it was added gets it at this moment; 0: not at all."""
        return int(self.cursors.get(f"catch {step.id}", 0))

    def missed(self, step: Step) -> int | None:
        """What was due before this came too late; None when nobody was away for so long."""
        if step.action in PROMPT:
            return None
        return self.now - step.late if self.gap > step.late else None

    def zone_of(self, own: str | None) -> ZoneInfo:
        """The zone of the SOP's times for somebody of this zone."""
        return self.version.zone(own, self.workspace_zone)

    def flight(self, number: int) -> Flight:
        """The version a member follows."""
        for one in self.flights:
            if one.who is not None and number in one.who:
                return one
        return self.flights[-1]

    @property
    def pauses(self) -> Pauses:
        """Pauses that do not count, where only the time it ran does."""
        if self.template.resume != "running":
            return ()
        return [(a, b) for a, b in json.loads(self.cursors.get("pauses", "[]"))]

    @property
    def restarted(self) -> int:
        """Since when everybody counts anew (UTC ms); 0 when it was not begun anew."""
        return int(self.cursors.get("restarted", 0))

    def always(self, step: Step) -> str:
        """The occurrence of a step that comes for each target by itself."""
        generation = self.cursors.get("generation", "")
        name = f"{ALWAYS}.{generation}" if generation else ALWAYS
        return self.sop.occurrence(step.id, name)


Rows = Sequence[tuple[str, int]]
"""Targets (``number`` or ``number:group``) and when they are due, UTC ms."""
