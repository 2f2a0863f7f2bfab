"""Cycles: the days and moments of calendar steps."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.clock import millis, utc
from bot.sop.times.cycle import WEEKDAYS, Cycle

SHANGHAI = ZoneInfo("Asia/Shanghai")
NUUK = ZoneInfo("America/Nuuk")


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return millis(datetime.fromisoformat(text).replace(tzinfo=zone))


def comes(cycle: Cycle, after: str, until: str, zone: ZoneInfo = SHANGHAI) -> list[str]:
    assert list(cycle.faults()) == []
    found = cycle.moments(zone, at(after, zone), at(until, zone))
    return [f"{utc(ms).astimezone(zone):%m-%d %H:%M}" for ms in found]


def test_weekly_days_come_at_their_time() -> None:
    cycle = Cycle(weekly=("mon", "thu"), at="20:00")
    assert comes(cycle, "2026-11-20", "2026-12-01") == [
        "11-23 20:00",
        "11-26 20:00",
        "11-30 20:00",
    ]


def test_a_window_leaves_out_its_start_and_takes_its_end() -> None:
    cycle = Cycle(weekly=WEEKDAYS, at="9:00")
    assert comes(cycle, "2026-11-20T09:00", "2026-11-21T09:00") == ["11-21 09:00"]
    assert comes(cycle, "2026-11-21T09:00", "2026-11-21T09:00") == []


def test_a_day_that_a_month_lacks_is_its_last_and_comes_once() -> None:
    cycle = Cycle(monthly=(1, 30, 31, "last"), at="09:00")
    assert comes(cycle, "2027-01-15", "2027-05-01") == [
        "01-30 09:00",
        "01-31 09:00",
        "02-01 09:00",
        "02-28 09:00",
        "03-01 09:00",
        "03-30 09:00",
        "03-31 09:00",
        "04-01 09:00",
        "04-30 09:00",
    ]


def test_one_date_comes_once() -> None:
    cycle = Cycle(on=date(2026, 12, 12), at="00:00")
    assert comes(cycle, "2026-01-01", "2030-01-01") == ["12-12 00:00"]
    assert comes(cycle, "2026-12-12", "2030-01-01") == []


def test_a_lunar_date_comes_every_lunar_year() -> None:
    cycle = Cycle(lunar="08-15", at="18:00")
    assert comes(cycle, "2024-12-01", "2026-12-01") == ["10-06 18:00", "09-25 18:00"]


def test_a_holiday_is_counted_from_its_first_day() -> None:
    before = Cycle(holiday="spring-festival", offset=-3, at="10:00")
    assert comes(before, "2026-01-01", "2026-12-01") == ["02-12 10:00"]
    over_new_year = Cycle(holiday="new-year", offset=-2, at="10:00")
    assert comes(over_new_year, "2025-06-01", "2026-06-01") == ["12-30 10:00"]
    long_after = Cycle(holiday="national-day", offset=120, at="10:00")
    assert comes(long_after, "2026-01-01", "2026-06-01") == ["01-29 10:00"]


def test_a_cron_has_its_own_time() -> None:
    cycle = Cycle(cron="30 9 * * 1")
    assert comes(cycle, "2026-11-20", "2026-12-01") == ["11-23 09:30", "11-30 09:30"]


CLOSED: list[tuple[dict[str, Any], list[str]]] = [
    # Saturday 14 and 28 February are made up; 15 to 23 are the Spring Festival.
    ({"days": "workday"}, ["02-13", "02-14", "02-27", "02-28"]),
    (
        {"days": "workday", "on_closed": "next"},
        ["02-09", "02-13", "02-14", "02-24", "02-27", "02-28"],
    ),
    ({"days": "workday", "on_closed": "previous"}, ["02-13", "02-14", "02-27", "02-28"]),
    ({"days": "restday"}, ["02-20", "02-21"]),
    ({"days": "restday", "on_closed": "next"}, ["02-15", "02-20", "02-21", "03-01"]),
    ({"days": "restday", "on_closed": "previous"}, ["02-08", "02-20", "02-21", "02-23", "03-01"]),
    ({"days": "holiday"}, ["02-20", "02-21"]),
    ({"days": "makeup"}, ["02-14", "02-28"]),
]


@pytest.mark.parametrize(("closed", "expected"), CLOSED)
@pytest.mark.parametrize(
    "days", [{"weekly": ("fri", "sat"), "at": "09:00"}, {"cron": "0 9 * * 5,6"}]
)
def test_a_closed_day_is_left_out_or_moved(
    days: dict[str, Any], closed: dict[str, Any], expected: list[str]
) -> None:
    found = comes(Cycle(**days, **closed), "2026-02-08", "2026-03-02")
    assert found == [f"{day} 09:00" for day in expected]


def test_a_moved_step_is_found_however_small_the_window() -> None:
    cycle = Cycle(monthly=(16,), at="09:00", days="workday", on_closed="next")
    assert comes(cycle, "2026-02-24T08:59", "2026-02-24T09:00") == ["02-24 09:00"]
    back = Cycle(cron="0 9 22 * *", days="workday", on_closed="previous")
    assert comes(back, "2026-02-14T08:59", "2026-02-14T09:00") == ["02-14 09:00"]


def test_a_time_skipped_at_midnight_comes_right_after_it() -> None:
    # On Saturday 28 March 2026 the clocks of Nuuk go from 23:00 to midnight.
    cycle = Cycle(weekly=("sat", "sun"), at="23:30")
    assert comes(cycle, "2026-03-28T12:00", "2026-03-30", NUUK) == ["03-29 00:00", "03-29 23:30"]


def test_a_step_at_midnight_is_found_when_clocks_go_back_over_it() -> None:
    # On 7 November 2010 the clocks of St John's went from 00:01 to 23:01 the day before.
    zone = ZoneInfo("America/St_Johns")
    midnight = at("2010-11-07T00:00", zone)
    cycle = Cycle(weekly=("sun",), at="00:00")
    assert list(cycle.moments(zone, midnight - 1, midnight + 1_800_000)) == [midnight]
    assert list(cycle.moments(zone, midnight, midnight + 7_200_000)) == []


def test_two_days_in_one_moment_are_one() -> None:
    # Samoa had no 30 December 2011.
    cycle = Cycle(weekly=("fri", "sat"), at="00:00")
    assert comes(cycle, "2011-12-29", "2012-01-01", ZoneInfo("Pacific/Apia")) == ["12-31 00:00"]


def test_looking_far_ahead_is_lazy_and_ends() -> None:
    cycle = Cycle(lunar="01-01", at="00:00")
    assert len(list(islice(cycle.moments(SHANGHAI, 0, 2**53), 3))) == 3
    year = Cycle(holiday="spring-festival", at="00:00", days="workday", on_closed="next")
    last = max(year.moments(SHANGHAI, at("2090-01-01"), 2**53))
    assert utc(last).year == 2099


@pytest.mark.parametrize(
    ("cycle", "years"),
    [
        (Cycle(weekly=("mon",), at="09:00"), []),
        (Cycle(weekly=("mon",), at="09:00", days="workday"), [2091, 2092]),
        (Cycle(cron="0 9 1 10 *", days="workday"), [2091]),
        (Cycle(holiday="spring-festival", at="09:00"), [2091, 2092]),
        (Cycle(on=date(2091, 12, 26), at="09:00", days="restday"), [2092]),
        (Cycle(on=date(2026, 10, 1), at="09:00", days="workday"), []),
    ],
)
def test_it_says_which_years_are_guessed(cycle: Cycle, years: list[int]) -> None:
    assert cycle.uncertain(SHANGHAI, at("2091-01-10"), at("2092-02-20")) == years
    assert cycle.uncertain(SHANGHAI, at("2026-01-10"), at("2026-12-20")) == []


def test_beyond_the_notices_it_goes_on_by_weekday_and_law() -> None:
    cycle = Cycle(weekly=WEEKDAYS, at="09:00", days="workday")
    found = comes(cycle, "2090-09-27", "2090-10-08")  # a Wednesday
    assert [text[:5] for text in found] == [
        *("09-27", "09-28", "09-29"),
        *("10-04", "10-05", "10-06"),
    ]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"at": "09:00"}, ("", "got none", "")),
        ({"at": "09:00", "cron": "0 9 * * *"}, ("at", "its own time", "leave it out")),
        ({"cron": "0 9 * *"}, ("cron", "five fields", "")),
        ({"weekly": ("mon",), "lunar": "08-15", "at": "09:00"}, ("lunar", "weekly and lunar", "")),
        ({"weekly": ("mon",)}, ("at", "time of day", "")),
        ({"weekly": ("mon",), "at": "24:00"}, ("at", "time of day", "")),
        ({"weekly": ("tues",), "at": "09:00"}, ("weekly", "weekdays", 'did you mean "tue"?')),
        ({"monthly": ("lst",), "at": "09:00"}, ("monthly", "1 to 31", 'did you mean "last"?')),
        ({"monthly": (32,), "at": "09:00"}, ("monthly", "1 to 31", "")),
        ({"lunar": "13-01", "at": "09:00"}, ("lunar", "08-15", "")),
        ({"holiday": "spring-fest", "at": "09:00"}, ("holiday", "public", '"spring-festival"')),
        ({"holiday": "new-year", "offset": 200, "at": "09:00"}, ("offset", "at most 180", "")),
        ({"weekly": ("mon",), "offset": 1, "at": "09:00"}, ("offset", "only a holiday", "")),
        ({"weekly": ("mon",), "at": "09:00", "days": "workdays"}, ("days", "kind", '"workday"')),
        ({"cron": "0 9 * * *", "on_closed": "nxt"}, ("on_closed", "what to do", '"next"')),
        ({"cron": "0 9 * * *", "on_closed": "next"}, ("on_closed", "moves only", "set days")),
        (
            {"cron": "0 9 * * *", "days": "makeup", "on_closed": "next"},
            ("on_closed", "moves only", ""),
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    given: dict[str, Any], fault: tuple[str, str, str]
) -> None:
    [(key, message, hint)] = Cycle(**given).faults()
    assert key == fault[0]
    assert fault[1] in message
    assert fault[2] in hint
