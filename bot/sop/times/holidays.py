"""Chinese public holidays with their make-up workdays (调休): what kind of day a date is."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from chinese_calendar.constants import Holiday
from chinese_calendar.constants import holidays as off
from chinese_calendar.constants import workdays as made_up

from bot.sop.times.lunar import lunar_day, tomb_sweeping

DayKind = Literal["workday", "restday", "holiday", "makeup"]
"""Monday to Friday, a weekend, a day off for a holiday, a weekend day that is worked for one."""

HolidayName = Literal[
    "new-year",
    "spring-festival",
    "tomb-sweeping",
    "labour-day",
    "dragon-boat",
    "mid-autumn",
    "national-day",
]

HOLIDAYS: dict[HolidayName, Holiday] = {
    "new-year": Holiday.new_years_day,
    "spring-festival": Holiday.spring_festival,
    "tomb-sweeping": Holiday.tomb_sweeping_day,
    "labour-day": Holiday.labour_day,
    "dragon-boat": Holiday.dragon_boat_festival,
    "mid-autumn": Holiday.mid_autumn_festival,
    "national-day": Holiday.national_day,
}

# State Council order 795, since 2025: days by law from the festival itself, and how many.
_BY_LAW: dict[HolidayName, tuple[int, int]] = {
    "new-year": (0, 1),
    "spring-festival": (-1, 4),
    "tomb-sweeping": (0, 1),
    "labour-day": (0, 2),
    "dragon-boat": (0, 1),
    "mid-autumn": (0, 1),
    "national-day": (0, 3),
}

_FIRST: int = min(off).year
_LAST: int = max(off).year
_WEEK = timedelta(days=7)


class NotPublished(LookupError):
    """The State Council's notice for ``year`` is not out, or not in the library we have."""

    def __init__(self, year: int) -> None:
        super().__init__(f"the public holidays of {year} are not yet published")
        self.year = year


def notice_year(day: date) -> int:
    """The year whose notice settles a day: New Year reaches into the last week of December."""
    return (day + _WEEK).year


def published(year: int) -> bool:
    """Whether the notice for a year is known."""
    return _FIRST <= year <= _LAST


def known_until() -> date:
    """The last date that is settled: 24 December of the last year published."""
    return date(_LAST, 12, 31) - _WEEK


def day_kind(day: date) -> DayKind:
    """What kind of day it is; raises NotPublished."""
    _require(notice_year(day))
    if day in made_up:
        return "makeup"
    return "holiday" if day in off else _weekday_kind(day)


def likely_kind(day: date) -> DayKind:
    """What kind of day it is; when not published, by weekday and the days off the law names.

    What the law leaves to the notice (longer breaks, make-up workdays) cannot be guessed.
    """
    try:
        return day_kind(day)
    except NotPublished:
        return "holiday" if _off_by_law(day) else _weekday_kind(day)


def holiday_name(day: date, language: str) -> str | None:
    """The holiday ("zh" or "en") a date is off or made up for; raises NotPublished."""
    _require(notice_year(day))
    english = off.get(day) or made_up.get(day)
    return str(Holiday(english).chinese if language == "zh" else english) if english else None


def festival(name: HolidayName, year: int) -> date:
    """The day of the festival itself; raises ValueError outside 1901-2099."""
    match name:
        case "new-year":
            return date(year, 1, 1)
        case "spring-festival":
            return lunar_day(year, 1, 1)
        case "tomb-sweeping":
            return tomb_sweeping(year)
        case "labour-day":
            return date(year, 5, 1)
        case "dragon-boat":
            return lunar_day(year, 5, 5)
        case "mid-autumn":
            return lunar_day(year, 8, 15)
        case "national-day":
            return date(year, 10, 1)


def first_day(name: HolidayName, year: int) -> date:
    """The first day off; new-year's may be in the December before. Raises NotPublished.

    A holiday inside another's break (Mid-Autumn on 1 October 2020) counts from its festival.
    """
    _require(year)
    label = HOLIDAYS[name].value
    found = (day for day, holiday in off.items() if holiday == label and notice_year(day) == year)
    return min(found, default=festival(name, year))


def likely_first_day(name: HolidayName, year: int) -> date:
    """The first day off; when not published, the first one the law names."""
    try:
        return first_day(name, year)
    except NotPublished:
        return festival(name, year) + timedelta(days=_BY_LAW[name][0])


def _require(year: int) -> None:
    if not published(year):
        raise NotPublished(year)


def _weekday_kind(day: date) -> DayKind:
    return "workday" if day.weekday() < 5 else "restday"


def _off_by_law(day: date) -> bool:
    return any(
        0 <= (day - festival(name, day.year)).days - start < count
        for name, (start, count) in _BY_LAW.items()
    )
