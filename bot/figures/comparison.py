"""Comparisons: two groups, two periods or two variants side by side, with the honest range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.figures.figures import FigureRoom
from bot.figures.period import Period
from bot.figures.row import By, Row
from bot.figures.subject import Subject
from bot.i18n.mark import msgid
from bot.reports.interval import Arm, Interval, compare, share
from bot.reports.interval import Comparison as Contrasted
from bot.store.bits import Bits

Goal = Literal["clicked", "converted"]
GOALS: dict[Goal, tuple[str, str]] = {
    "clicked": (
        msgid("Click-through: who clicked, of those reached"),
        msgid("Of the members a message reached, those who clicked, and visitors nobody knows."),
    ),
    "converted": (
        msgid("Conversion: who converted, of the members who clicked"),
        msgid("Of the members who clicked, those with a conversion that was put down to it."),
    ),
}
"""What is compared, and what it counts."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a subject in a period, or what one row of a cut of it has."""

    name: str
    subject: Subject
    period: Period
    by: By | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides with their figures.

    ``found`` says what can be said of the difference, the first side being the baseline; it is
    None where a side has nobody to count. ``shared`` is how many are in both: the range is worked
    out as if they were different people. ``complete`` is the UTC ms before which all is counted.
    """

    goal: Goal
    sides: tuple[Side, Side]
    rows: tuple[Row, Row]
    arms: tuple[Arm, Arm]
    found: Contrasted | None
    shared: int
    complete: int

    @property
    def shares(self) -> tuple[Interval, Interval]:
        """Each side's share with its own range; without an estimate where nobody is counted."""
        one, other = self.arms
        return share(one.hits, one.total), share(other.hits, other.total)


class Comparisons:
    """Compares what the figures say of two sides."""

    def __init__(self, room: FigureRoom) -> None:
        self._room = room

    async def of(self, goal: Goal, one: Side, other: Side) -> Comparison:
        """The second against the first; raises BadSubject, StoreError."""
        found = [await self._side(goal, side) for side in (one, other)]
        (first, arm, people, complete), (second, other_arm, others, _) = found
        told = compare([arm, other_arm]) if arm.total and other_arm.total else None
        shared = (people & others).count()
        rows, arms = (first, second), (arm, other_arm)
        return Comparison(goal, (one, other), rows, arms, told, shared, complete)

    async def _side(self, goal: Goal, side: Side) -> tuple[Row, Arm, Bits, int]:
        """Its row, its share, whom that is of, and until when it is complete."""
        figures = await self._room.of(side.subject, side.period, side.by)
        row = _row(figures.rows, side.key) if side.by else figures.total
        among = await self._who(side, "reach" if goal == "clicked" else "people")
        if goal == "clicked":
            hits = min(row.clickers or 0, row.received or 0)
            return row, Arm(side.name, hits, row.received or 0), among, figures.complete
        converted = await self._converted(side)
        return (
            row,
            Arm(side.name, (among & converted).count(), among.count()),
            among,
            figures.complete,
        )

    async def _converted(self, side: Side) -> Bits:
        """Who converted; conversions have no way, so of a way they are those of its people."""
        if side.by == "way":
            return await self._room.who(side.subject, side.period, "converted")
        return await self._who(side, "converted")

    async def _who(self, side: Side, measure: str) -> Bits:
        return await self._room.who(side.subject, side.period, measure, side.by, side.key)


def comparable(by: By | None) -> tuple[Goal, ...]:
    """What rows of a cut can be compared by: whom a message reached has no way or time of click."""
    return ("converted",) if by == "way" else ("clicked", "converted")


def _row(rows: Sequence[Row], key: str) -> Row:
    return next((row for row in rows if row.key == key), Row(key))
