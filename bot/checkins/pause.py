"""Pauses: days on which a programme rests, and no streak ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from bot.checkins.days import DAY, Days
from bot.model.base import Frozen

LONG = 3660
"""Days a pause that goes on covers: further than any reckoning looks."""


class Pause(Frozen):
    """From a day on, to the day it went on if it did; ``ended``: it was not to go on."""

    since: date
    until: date | None = None
    ended: bool = False


def days_of(pauses: Iterable[Pause]) -> Days:
    """The days of all of them."""
    found = Days()
    for one in pauses:
        last = one.until or one.since + timedelta(days=LONG)
        found |= Days.of(*(one.since + DAY * n for n in range((last - one.since).days + 1)))
    return found
