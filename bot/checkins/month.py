"""A member's month: what became of each of its days."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.checkins.evidence import Evidence
from bot.checkins.rules import Rules
from bot.checkins.standing import Reckoning
from bot.checkins.tally import Sheet, periods

State = Literal[
    "done", "made_up", "frozen", "pending", "missed", "open", "free", "future", "before"
]
"""What became of a day.

``pending``: recorded, its evidence not yet approved. ``frozen``: missed, and the streak held.
``open``: today, which may still come. ``free``: nothing was asked for, as on the other days of a
week that is kept or after a campaign's end. ``before``: before the member's or the campaign's
first day.
"""


@dataclass(frozen=True, slots=True)
class MonthDay:
    """One day of a month."""

    day: date
    state: State


@dataclass(frozen=True, slots=True)
class Month:
    """All days of a month, the first first, with what the records come to today."""

    programme: str
    member: int
    year: int
    month: int
    days: tuple[MonthDay, ...]
    streak: int
    longest: int
    total: int
    points: int


def month_of(
    reckoning: Reckoning, shown: Mapping[date, Evidence], member: int, year: int, month: int
) -> Month:
    """A month of a member's records; ``shown``: the evidence of its days."""
    sheet, rules, today = reckoning.sheet, reckoning.programme.rules, reckoning.today
    states = {one.first: one.state for one in periods(sheet, rules, today)}
    standing = reckoning.standing
    first = sheet.within(rules).days.first
    return Month(
        programme=reckoning.programme.name,
        member=member,
        year=year,
        month=month,
        days=tuple(
            MonthDay(day, _state(day, sheet, rules, today, first, states, shown.get(day)))
            for n in range(monthrange(year, month)[1])
            for day in [date(year, month, n + 1)]
        ),
        streak=standing.streak,
        longest=standing.longest,
        total=standing.total,
        points=standing.points,
    )


def _state(
    day: date,
    sheet: Sheet,
    rules: Rules,
    today: date,
    first: date | None,
    states: Mapping[date, str],
    shown: Evidence | None,
) -> State:
    if day in sheet.days:
        if shown is not None and shown.state == "pending":
            return "pending"
        return "made_up" if day in sheet.made_up else "done"
    if rules.until and day > rules.until:
        return "free"
    if day > today:
        return "future"
    if first is None or day < first or not rules.runs_on(day):
        return "open" if day == today and rules.runs_on(day) else "before"
    if day in sheet.excused:
        return "frozen"
    match states.get(rules.period(day)):
        case "frozen":
            return "frozen"
        case "missed":
            return "missed"
        case "kept":
            return "free"
    return "open" if day == today else "free"
