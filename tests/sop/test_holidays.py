"""Chinese holidays, make-up workdays and lunar dates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.sop.times.holidays import (
    HOLIDAYS,
    HolidayName,
    NotPublished,
    day_kind,
    festival,
    first_day,
    holiday_name,
    known_until,
    likely_first_day,
    likely_kind,
)
from bot.sop.times.lunar import lunar_date, lunar_day, lunar_days, tomb_sweeping


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-02-13", "workday"),
        ("2026-02-14", "makeup"),  # a Saturday worked for the Spring Festival
        ("2026-02-15", "holiday"),
        ("2026-02-23", "holiday"),
        ("2026-02-24", "workday"),
        ("2026-03-07", "restday"),
        ("2026-09-20", "makeup"),
        ("2025-10-08", "holiday"),
        ("2018-12-29", "makeup"),  # for New Year 2019
    ],
)
def test_a_day_is_what_the_notice_says(day: str, kind: str) -> None:
    assert day_kind(date.fromisoformat(day)) == likely_kind(date.fromisoformat(day)) == kind


def test_a_holiday_has_a_name_in_both_languages() -> None:
    for day in (date(2026, 2, 15), date(2026, 2, 14)):  # off, and worked for it
        assert (holiday_name(day, "zh"), holiday_name(day, "en")) == ("春节", "Spring Festival")
    assert holiday_name(date(2026, 3, 7), "zh") is None


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("new-year", "2026-01-01"),
        ("new-year", "2018-12-30"),
        ("spring-festival", "2026-02-15"),
        ("tomb-sweeping", "2026-04-04"),
        ("labour-day", "2026-05-01"),
        ("dragon-boat", "2026-06-19"),
        ("mid-autumn", "2026-09-25"),
        ("mid-autumn", "2025-10-06"),  # within the National Day week
        ("mid-autumn", "2020-10-01"),  # on National Day itself
        ("national-day", "2026-10-01"),
    ],
)
def test_a_holiday_begins_with_its_first_day_off(name: HolidayName, first: str) -> None:
    day = date.fromisoformat(first)
    assert first_day(name, (day + timedelta(days=7)).year) == day


def test_every_published_year_has_every_holiday_near_its_festival() -> None:
    for year in range(2008, known_until().year + 1):
        for name in HOLIDAYS:
            away = festival(name, year) - first_day(name, year)
            assert timedelta(0) <= away <= timedelta(days=6), (name, year)


def test_beyond_the_last_notice_nothing_is_said_for_certain() -> None:
    after = known_until() + timedelta(days=1)
    assert known_until() >= date(2026, 12, 24)
    day_kind(known_until())
    with pytest.raises(NotPublished, match="not yet published") as refused:
        day_kind(after)
    assert refused.value.year == after.year + 1  # New Year's notice settles late December
    with pytest.raises(NotPublished):
        holiday_name(after, "zh")
    with pytest.raises(NotPublished):
        first_day("spring-festival", after.year + 1)


def test_beyond_the_last_notice_the_law_and_the_weekday_are_likely() -> None:
    year = 2090
    assert likely_first_day("spring-festival", year) == lunar_day(year, 1, 1) - timedelta(days=1)
    assert likely_first_day("national-day", year) == date(year, 10, 1)
    kinds = [likely_kind(date(year, 9, 29) + timedelta(days=n)) for n in range(7)]
    assert kinds == ["workday", "restday", "holiday", "holiday", "holiday", "workday", "workday"]


@pytest.mark.parametrize(
    ("year", "month", "day", "expected"),
    [
        (2026, 1, 1, "2026-02-17"),
        (2026, 8, 15, "2026-09-25"),
        (2025, 6, 1, "2025-06-25"),  # not 25 July, which is the leap month's
        (2023, 2, 15, "2023-03-06"),
        (2025, 12, 30, "2026-02-16"),  # that month has 29 days
        (2023, 12, 30, "2024-02-09"),
        (1901, 1, 1, "1901-02-19"),
        (2099, 12, 30, "2100-02-08"),
    ],
)
def test_a_lunar_date_is_a_day_of_the_regular_month(
    year: int, month: int, day: int, expected: str
) -> None:
    assert lunar_day(year, month, day) == date.fromisoformat(expected)


def test_a_lunar_date_may_come_twice_or_never_in_a_year() -> None:
    def in_year(year: int) -> list[str]:
        return [f"{d:%m-%d}" for d in lunar_days(12, 1, date(year, 1, 1), date(year, 12, 31))]

    assert in_year(2024) == ["01-11", "12-31"]
    assert in_year(2025) == []
    assert in_year(2026) == ["01-19"]


def test_a_lunar_date_comes_once_in_every_lunar_year_and_in_order() -> None:
    found = list(lunar_days(8, 15, date(1901, 1, 1), date(2099, 12, 31)))
    assert len(found) == len(set(found)) == 199
    assert found == sorted(found)


@pytest.mark.parametrize("text", ["8月15", "13-01", "08-31", "00-10", "", "2026-08-15"])
def test_what_no_lunar_year_has_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="lunar month and day"):
        lunar_date(text)


def test_years_without_tables_are_refused() -> None:
    assert lunar_date("8-15") == (8, 15)
    with pytest.raises(ValueError, match="1901 to 2099"):
        lunar_day(2100, 1, 1)
    with pytest.raises(ValueError, match="1901 to 2099"):
        tomb_sweeping(1900)
