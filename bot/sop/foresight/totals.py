"""Totals: what a dry run comes to, by day and step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from bot.sop.foresight.foreseen import Foreseen
from bot.sop.templates.step import Action
from bot.sop.times.schedule import day_of
from bot.store.bits import Bits

GETS = "gets"
"""Instead of a reason: those who get it."""


@dataclass(slots=True)
class Line:
    """One step on one date; ``due`` is its first moment (UTC ms), the rest are numbers of targets.

    ``gets`` would get it, of these ``by_staff`` by a staff member's hand; ``maybe`` besides, if
    members or staff do what is waited for. ``deferred`` of ``gets`` were put off by quiet hours
    or a blackout.
    """

    day: date
    sop: str
    step: str
    action: Action
    to: str
    due: int
    gets: int = 0
    by_staff: int = 0
    maybe: int = 0
    deferred: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    def add(self, row: Foreseen) -> None:
        """Count a row."""
        count = row.who.count()
        if row.certain:
            self.gets += count
            self.by_staff += row.by_staff.count()
            self.deferred += count if row.deferred else 0
        else:
            self.maybe += count
        for reason, who in row.skipped.items():
            self.skipped[reason] = self.skipped.get(reason, 0) + who.count()


class Totals:
    """Counts rows as they come; dates are those of ``zone``."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._lines: dict[tuple[date, str, str], Line] = {}

    def add(self, row: Foreseen) -> None:
        """Count a row."""
        day = day_of(row.due, self._zone)
        line = self._lines.get((day, row.sop, row.step))
        if line is None:
            line = Line(day, row.sop, row.step, row.action, row.to, row.due)
            self._lines[day, row.sop, row.step] = line
        line.add(row)

    @property
    def lines(self) -> list[Line]:
        """Day by day, in order of time."""
        return sorted(self._lines.values(), key=lambda one: (one.day, one.due))

    @property
    def reasons(self) -> dict[str, int]:
        """Why nothing is got and how often, the most frequent first."""
        found: dict[str, int] = {}
        for line in self._lines.values():
            for reason, number in line.skipped.items():
                found[reason] = found.get(reason, 0) + number
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    def sum(self, what: Callable[[Line], int]) -> int:
        """One number over all lines."""
        return sum(map(what, self._lines.values()))


class Drill:
    """Collects the targets behind a number of a dry run."""

    def __init__(self, zone: ZoneInfo, day: date | None, step: str, why: str) -> None:
        """``why`` is a reason, or GETS; no ``day`` or ``step`` means any."""
        self._zone, self._day, self._step, self._why = zone, day, step, why
        self.who = Bits()

    def add(self, row: Foreseen) -> None:
        """Look at a row."""
        if self._step not in ("", row.step):
            return
        if self._day is not None and day_of(row.due, self._zone) != self._day:
            return
        if self._why != GETS:
            self.who |= row.skipped.get(self._why, Bits())
        elif row.certain:
            self.who |= row.who
