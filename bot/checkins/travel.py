"""Members who travel: a record's day is fixed when it is made; a day nobody had is forgiven."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from bot.checkins.days import DAY, Days
from bot.clock import millis

WHOLE = 24 * 3_600_000
"""A whole day, ms."""


def skipped(last: date, then: ZoneInfo, today: date, now: ZoneInfo) -> Days:
    """The days between two days of a traveller that are forgiven.

    ``last`` is the day of the last record, made in the zone ``then``; ``today`` is in the zone
    ``now``. All between are forgiven when the zone changed and, from the end of the one to the
    beginning of the other, less than 24 hours passed: the traveller had no whole day to come on.
    """
    if then.key == now.key or (today - last).days < 2:
        return Days()
    end = millis(datetime.combine(last + DAY, time(), then))
    begin = millis(datetime.combine(today, time(), now))
    if begin - end >= WHOLE:
        return Days()
    return Days.of(*(last + DAY * n for n in range(1, (today - last).days)))
