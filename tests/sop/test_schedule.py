"""Times: wall clocks in zones, cron over clock changes, and the moments of steps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.clock import millis, utc
from bot.model.dates import month_day
from bot.sop.templates.step import Step
from bot.sop.times.schedule import Cron, NotACron, instant, wall
from bot.sop.times.timing import due, in_window, month_days

NEW_YORK = ZoneInfo("America/New_York")
SHANGHAI = ZoneInfo("Asia/Shanghai")
ZONES = [
    "America/New_York",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Auckland",
    "America/Santiago",
    "Asia/Beirut",
]


def at(text: str, zone: ZoneInfo = NEW_YORK) -> int:
    return millis(datetime.fromisoformat(text).replace(tzinfo=zone))


def moments(expression: str, start: str, count: int) -> list[str]:
    cron, ms, found = Cron(expression, NEW_YORK), at(start), []
    for _ in range(count):
        ms = cron.next_after(ms)
        found.append(wall(ms, NEW_YORK))
    return found


def test_a_time_the_clocks_skip_comes_right_after_the_gap() -> None:
    assert moments("30 2 * * *", "2026-03-07T12:00", 2) == [
        "2026-03-08T03:00-04:00",
        "2026-03-09T02:30-04:00",
    ]
    assert wall(instant(date(2026, 3, 8), "02:30", NEW_YORK), NEW_YORK) == "2026-03-08T03:00-04:00"


def test_a_time_that_comes_twice_is_used_once() -> None:
    assert moments("30 1 * * *", "2026-10-31T12:00", 2) == [
        "2026-11-01T01:30-04:00",
        "2026-11-02T01:30-05:00",
    ]
    assert wall(instant(date(2026, 11, 1), "01:30", NEW_YORK), NEW_YORK) == "2026-11-01T01:30-04:00"


def test_looking_from_inside_the_repeated_hour_does_not_go_back() -> None:
    second_pass = millis(datetime(2026, 11, 1, 6, 15, tzinfo=UTC))
    found = Cron("30 1 * * *", NEW_YORK).next_after(second_pass)
    assert wall(found, NEW_YORK) == "2026-11-02T01:30-05:00"


def test_weekdays_at_midnight_keep_the_monday_after_the_clocks_change() -> None:
    assert moments("0 0 * * 1-5", "2026-03-06T12:00", 2) == [
        "2026-03-09T00:00-04:00",
        "2026-03-10T00:00-04:00",
    ]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("clock", ["00:00", "00:30", "02:30", "12:00"])
def test_daily_and_weekday_steps_lose_and_double_no_day(zone: str, clock: str) -> None:
    here = ZoneInfo(zone)
    hour, minute = map(int, clock.split(":"))
    for days, allowed in (("*", range(7)), ("1-5", range(5))):
        cron = Cron(f"{minute} {hour} * * {days}", here)
        found = [
            utc(ms).astimezone(here)
            for ms in cron.between(at("2026-01-01", here), at("2026-07-19", here))
        ]
        found += [
            utc(ms).astimezone(here)
            for ms in cron.between(at("2026-07-19", here), at("2026-12-31T23:00", here))
        ]
        expected = [
            instant(day, clock, here)
            for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(365))
            if day.weekday() in allowed
        ]
        expected = [ms for ms in expected if ms > at("2026-01-01", here)]
        assert [millis(moment) for moment in found] == expected


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("* * * *", "five fields"),
        ("0 0 12 * * *", "five fields"),
        ("61 * * * *", "not a cron expression"),
        ("0 0 31 2 *", "cron"),
        ("@daily", "five fields"),
    ],
)
def test_a_bad_cron_says_what_was_expected(expression: str, words: str) -> None:
    with pytest.raises(NotACron, match=words):
        Cron(expression, SHANGHAI)


def test_seven_and_zero_are_sunday() -> None:
    for sunday in ("0", "7"):
        assert moments(f"0 9 * * {sunday}", "2026-06-17T00:00", 1) == ["2026-06-21T09:00-04:00"]


def step(after: str, clock: str | None = None) -> Step:
    return Step.model_validate({"id": "s", "text": "t", "after": after, "at": clock})


@pytest.mark.parametrize(
    ("after", "clock", "joined", "expected"),
    [
        ("2h", None, "2026-06-17T23:30", "2026-06-18T01:30+08:00"),
        ("3d", "20:00", "2026-06-17T21:00", "2026-06-20T20:00+08:00"),
        ("0d", "20:00", "2026-06-17T19:59", "2026-06-17T20:00+08:00"),
        ("0d", "20:00", "2026-06-17T20:01", "2026-06-18T20:00+08:00"),
        ("1d", "09:00", "2026-06-17T23:59", "2026-06-18T09:00+08:00"),
    ],
)
def test_steps_count_from_joining(
    after: str, clock: str | None, joined: str, expected: str
) -> None:
    assert wall(due(step(after, clock), at(joined, SHANGHAI), SHANGHAI), SHANGHAI) == expected


def test_birthdays_are_read_as_people_write_them() -> None:
    written = ["2001-05-31", "05-31", "5/31", "2001.5.31", " 2001-05-31 "]
    assert [month_day(text) for text in written] == [531] * 5
    assert [month_day(text) for text in ["soon", "2001-13-01", "31-31", ""]] == [None] * 4


def test_a_leap_day_is_celebrated_on_the_28th_in_other_years() -> None:
    assert month_days(date(2027, 2, 28)) == [228, 229]
    assert month_days(date(2028, 2, 28)) == [228]
    assert month_days(date(2028, 2, 29)) == [229]


def test_a_window_is_filled_evenly_and_a_target_keeps_its_place() -> None:
    spread = Step(id="s", text="x", after=86_400.0, at="19:00", until="21:00")
    start = at("2026-06-17T19:00", SHANGHAI)
    places = [in_window(spread, start, "o", number, SHANGHAI) for number in range(1, 1201)]
    assert places == [in_window(spread, start, "o", number, SHANGHAI) for number in range(1, 1201)]
    minutes = [0] * 120
    for place in places:
        minutes[(place - start) // 60_000] += 1
    assert min(minutes) >= 8, "ten a minute, give or take"
    assert max(minutes) <= 12


def test_a_window_may_end_after_midnight() -> None:
    late = Step(id="s", text="x", after=86_400.0, at="23:00", until="01:00", spread="random")
    start = at("2026-06-17T23:00", SHANGHAI)
    places = [in_window(late, start, "o", number, SHANGHAI) - start for number in range(500)]
    assert min(places) >= 0
    assert 100 * 60_000 < max(places) < 120 * 60_000
