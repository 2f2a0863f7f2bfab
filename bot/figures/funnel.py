"""Funnels: how many of those reached clicked, and how many of those converted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.figures.row import Row
from bot.i18n.mark import msgid
from bot.reports.interval import Interval, share

Stage = Literal["reach", "people", "converted"]
STAGES: dict[Stage, tuple[str, str]] = {
    "reach": (
        msgid("Received"),
        msgid("How often a SOP's message with a link reached somebody: messages times people."),
    ),
    "people": (
        msgid("Clicked"),
        msgid("How many of them clicked in it; where nothing was sent by a SOP, people who did."),
    ),
    "converted": (
        msgid("Converted"),
        msgid("Members with a conversion put down to it, also those who did not click."),
    ),
}
"""What each stage is called, and what it counts."""


@dataclass(frozen=True, slots=True)
class Step:
    """A stage with how many people came to it, of whom ``unknown`` are visitors without a name.

    ``share`` is the part of the stage before, with the range chance allows: for clicks it counts
    only people who were reached. None where it is no part of that.
    """

    stage: Stage
    people: int
    unknown: int = 0
    share: Interval | None = None


@dataclass(frozen=True, slots=True)
class Funnel:
    """A subject's stages in order, and what it brought by currency."""

    steps: Sequence[Step]
    conversions: int
    revenue: Mapping[str, Decimal]

    @property
    def widest(self) -> int:
        """The people of the widest stage, at least 1: what pictures of it are drawn to."""
        return max(1, *(step.people for step in self.steps))


def funnel_of(row: Row) -> Funnel:
    """The funnel of a row; one without reach (nothing was sent by a SOP) begins with clicks."""
    visitors, people, steps = row.visitors or 0, row.people, list[Step]()
    if row.received is not None and row.clickers is not None:
        people = min(row.clickers, row.received)
        steps.append(Step("reach", row.received))
    steps.append(Step("people", people, min(visitors, people), row.rate))
    # A conversion can be told of somebody who never clicked: then it is no part of the clicks.
    part = share(row.converted, people) if 0 < people >= row.converted else None
    steps.append(Step("converted", row.converted, share=part))
    return Funnel(steps, row.conversions, row.revenue)
