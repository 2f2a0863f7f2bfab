"""Streaks follow from the days, whatever the zone: checked against a plain reference."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checkins.days import ZERO, Days
from bot.checkins.programme import Programme
from bot.clock import millis
from bot.settings.checkins import CheckInSettings

ONE = timedelta(days=1)
ZONES = (
    *("Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Sao_Paulo", "Asia/Kathmandu"),
)
START, END = millis(datetime.fromisoformat("2024-11-01T00:00+00:00")), 86_400_000 * 150
moments = st.integers(0, END).map(lambda ms: START + ms)
days = st.integers(0, 40).map(lambda n: date(2025, 12, 15) + ONE * n)


def programme(zone: str) -> Programme:
    return Programme("daily", CheckInSettings(), ZoneInfo(zone))


def plain_streak(checked: set[date], today: date) -> int:
    if today not in checked:
        today -= ONE
    length = 0
    while today in checked:
        today, length = today - ONE, length + 1
    return length


def plain_longest(checked: set[date]) -> int:
    return max((plain_streak(checked, day) for day in checked), default=0)


@given(st.lists(moments, max_size=60), moments, st.sampled_from(ZONES))
def test_streak_and_total_are_those_of_the_local_dates(
    said: list[int], now: int, zone: str
) -> None:
    local = ZoneInfo(zone)
    checked = {datetime.fromtimestamp(ms / 1000, local).date() for ms in said}
    today = datetime.fromtimestamp(now / 1000, local).date()
    daily = programme(zone)
    found = Days.of(*(daily.day(ms) for ms in said))
    assert found.total == len(checked)
    assert found.streak(daily.day(now)) == plain_streak(checked, today)
    assert found.longest == plain_longest(checked)
    assert found.last == max(checked, default=None)
    assert list(found) == sorted(checked)


@given(st.sets(days), days)
def test_runs_over_new_year_are_counted_like_any_other(checked: set[date], today: date) -> None:
    assert Days.of(*checked).streak(today) == plain_streak(checked, today)


@given(st.sets(days), days, days)
def test_a_span_of_days_counts_both_its_ends(checked: set[date], first: date, last: date) -> None:
    assert Days.of(*checked).count(first, last) == sum(first <= day <= last for day in checked)


@given(st.sets(days), st.sets(days), days)
def test_sets_of_days_join_and_say_what_is_in_them(
    some: set[date], others: set[date], day: date
) -> None:
    both = Days.of(*some) | Days.of(*others)
    assert {*both} == some | others
    assert (day in both) == (day in some | others)


def test_ten_days_in_a_row_are_ten_with_a_clock_change_between() -> None:
    for zone in ZONES:
        evenings = [
            datetime(2026, 3, 25, 23, 59, 59, tzinfo=ZoneInfo(zone)) + ONE * n for n in range(10)
        ]
        daily = programme(zone)
        found = Days.of(*(daily.day(millis(evening)) for evening in evenings))
        assert found.streak(daily.day(millis(evenings[-1]))) == 10, zone


def test_one_second_around_midnight_is_two_days() -> None:
    shanghai = programme("Asia/Shanghai")
    midnight = millis(datetime(2027, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert shanghai.day(midnight - 1) == date(2026, 12, 31)
    assert shanghai.day(midnight) == date(2027, 1, 1)


def test_days_before_the_first_are_refused_and_never_there() -> None:
    with pytest.raises(ValueError, match="before 2024-01-01"):
        Days.of(ZERO - ONE)
    assert ZERO - ONE not in Days.of(ZERO)
    assert Days.of(ZERO).streak(ZERO) == 1
    assert Days.of(ZERO).streak(ZERO - ONE * 2) == 0
