"""Lunar (农历) dates as Gregorian ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from borax.calendars.lunardate import LCalendars, LunarDate, TermUtils

from bot.model.phrase import Phrase

FIRST, LAST = 1901, 2099
"""The lunar years that can be asked for."""


def lunar_date(text: str) -> tuple[int, int]:
    """Month and day of "08-15"; raises ValueError for what no lunar year has."""
    found = re.fullmatch(r"(\d\d?)-(\d\d?)", text.strip())
    month, day = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= month <= 12 or not 1 <= day <= 30:
        raise ValueError(Phrase('expected a lunar month and day such as "08-15"'))
    return month, day


def lunar_day(year: int, month: int, day: int) -> date:
    """The date of a month and day in a lunar year; raises ValueError outside 1901-2099.

    It is the one in the regular month, never in a leap month; 三十 in a month of 29 days is the
    29th.
    """
    if not FIRST <= year <= LAST:
        raise ValueError(f"lunar dates are known from {FIRST} to {LAST}")
    there = min(day, LCalendars.ndays(year, month))
    found: date = LunarDate(year, month, there).to_solar_date()
    return found


def lunar_days(month: int, day: int, first: date, last: date) -> Iterator[date]:
    """Every such date within first..last, in order; none outside the known years."""
    for year in range(max(first.year - 1, FIRST), min(last.year, LAST) + 1):
        found = lunar_day(year, month, day)
        if first <= found <= last:
            yield found


def tomb_sweeping(year: int) -> date:
    """The solar term 清明, 4 to 6 April; raises ValueError outside 1901-2099."""
    if not FIRST <= year <= LAST:
        raise ValueError(f"solar terms are known from {FIRST} to {LAST}")
    found: date = TermUtils.nth_term_day(year, term_name="清明")
    return found
