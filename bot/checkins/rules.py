"""The rules of a programme: what makes a streak and what is earned, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from bot.checkins.days import DAY, NONE, ZERO, Days
from bot.settings.checkins import CheckInSettings

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Rules:
    """What records are judged by.

    A period is a day or a week; it is kept by ``times`` days in it, or as many as the campaign
    has of it. ``forgiven`` missed periods a calendar month, and those earned by each
    ``earned_every`` periods in a row (at most ``most`` in hand), do not end a streak.
    """

    weekly: bool = False
    times: int = 1
    starts: int = 0
    since: date | None = None
    until: date | None = None
    forgiven: int = 0
    earned_every: int = 0
    most: int = 0
    points: int = 1
    bonus_every: int = 0
    bonus: int = 0
    lasts: int | None = None
    """How long points last, ms."""
    paused: Days = NONE
    """Days on which the programme rested: nobody missed them."""

    @classmethod
    def of(cls, settings: CheckInSettings, paused: Days = NONE) -> Self:
        """The rules that are set, of a programme that rested on some days."""
        freeze, bonus, lasts = settings.freeze, settings.bonus, settings.points_last
        return cls(
            weekly=settings.every == "week",
            times=settings.times if settings.every == "week" else 1,
            starts=WEEKDAYS.index(settings.week_starts),
            since=settings.since,
            until=settings.until,
            forgiven=freeze.per_month if freeze else 0,
            earned_every=(freeze.earned_every or 0) if freeze else 0,
            most=freeze.most if freeze else 0,
            points=settings.points,
            bonus_every=bonus.every if bonus else 0,
            bonus=bonus.points if bonus else 0,
            lasts=None if lasts is None else int(lasts * 1000),
            paused=paused,
        )

    def runs_on(self, day: date) -> bool:
        """Whether the campaign has this day."""
        return (self.since or day) <= day <= (self.until or day)

    def period(self, day: date) -> date:
        """The first day of the period a day is in."""
        return day - DAY * ((day.weekday() - self.starts) % 7) if self.weekly else day

    def after(self, period: date) -> date:
        """The period that follows the one that begins on this day."""
        return period + timedelta(days=7 if self.weekly else 1)

    def days_of(self, period: date) -> Iterator[date]:
        """The campaign's days of the period that begins on this day."""
        for n in range(7 if self.weekly else 1):
            day = period + DAY * n
            if day >= ZERO and self.runs_on(day):
                yield day
