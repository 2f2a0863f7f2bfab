"""Clock changes: every zone of the tz database from 2024 to 2030, judged by a slow oracle."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from apscheduler.triggers.cron import CronTrigger

from bot.clock import millis
from bot.sop.times.cycle import WEEKDAYS, Cycle

DAY = 86_400
CLOCKS = ("00:00", "00:30", "02:30", "12:00")
DAYS = {"daily": range(7), "weekdays": range(5), "weekly": range(6, 7)}
ALL = [date(2024, 1, 1) + timedelta(days=n) for n in range(2557)]
WITHOUT_HOLIDAYS = [
    (date(2026, 3, 3), date(2026, 4, 3)),
    (date(2026, 10, 13), date(2026, 12, 18)),
]
START, END = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2024, 2031))

Offsets = tuple[tuple[int, int, int], ...]
"""From when until when (s since 1970) which UTC offset (s) holds."""


def offsets(zone: ZoneInfo) -> Offsets:
    """What a zone's clocks do, by asking for the offset of every day and halving the changes."""

    def offset(moment: int) -> int:
        there = datetime.fromtimestamp(moment, zone).utcoffset()
        assert there is not None
        return int(there.total_seconds())

    start, end = START - 2 * DAY, END + 2 * DAY
    found, before = list[tuple[int, int, int]](), offset(start)
    for low in range(start, end, DAY):
        high = low + DAY
        if (after := offset(high)) != before:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle) == before else (low, middle)
            found.append((start, high, before))
            start, before = high, after
    return (*found, (start, end, before))


def oracle(table: Offsets, day: date, clock: str) -> int:
    """UTC ms of a wall time: its first moment, or the end of the gap it falls in."""
    wall = (day - date(1970, 1, 1)).days * DAY + int(clock[:2]) * 3600 + int(clock[3:]) * 60
    for start, end, offset in table:
        if start <= wall - offset < end:
            return (wall - offset) * 1000
    for (_, _, before), (start, _, after) in pairwise(table):
        if start + before <= wall < start + after:
            return start * 1000
    raise AssertionError


@pytest.fixture(scope="module")
def zones() -> dict[Offsets, ZoneInfo]:
    """One zone for each way clocks go from 2024 to 2030, so every zone is swept."""
    every = map(ZoneInfo, sorted(available_timezones()))
    found = {offsets(zone): zone for zone in every}
    assert sum(len(table) > 1 for table in found) > 30
    return found


class Oracle:
    """The right moments, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Offsets, str], list[int]] = {}

    def moments(self, table: Offsets, clock: str, weekdays: range) -> list[int]:
        if (table, clock) not in self._known:
            self._known[table, clock] = [oracle(table, day, clock) for day in ALL]
        known = self._known[table, clock]
        return [ms for ms, day in zip(known, ALL, strict=True) if day.weekday() in weekdays]


@pytest.fixture(scope="module")
def right() -> Oracle:
    return Oracle()


def window(table: Offsets) -> tuple[int, int]:
    """From just before the first day's start to just before the end of the last, in the zone."""
    return oracle(table, ALL[0], "00:00") - 1, oracle(table, date(2031, 1, 1), "00:00") - 1


def cuts(table: Offsets) -> list[int]:
    """The window cut at every change, beside it, inside it, and at random."""
    after, until = window(table)
    chance = random.Random(str(table))
    beside = (-DAY * 1000, -1, 0, 1, 1_800_000, 3_600_000)
    inner = {start * 1000 + by for start, _, _ in table[1:] for by in beside}
    inner |= {chance.randrange(after, until) for _ in range(20)}
    return [after, *sorted(cut for cut in inner if after < cut < until), until]


def pieces(cycle: Cycle, zone: ZoneInfo, table: Offsets) -> list[int]:
    """The moments asked for window by window."""
    return [
        ms for after, until in pairwise(cuts(table)) for ms in cycle.moments(zone, after, until)
    ]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("kind", DAYS)
def test_a_cycle_loses_and_doubles_no_day_in_any_zone(
    kind: str, clock: str, zones: dict[Offsets, ZoneInfo], right: Oracle
) -> None:
    cycle = Cycle(weekly=tuple(WEEKDAYS[n] for n in DAYS[kind]), at=clock)
    for table, zone in zones.items():
        expected = right.moments(table, clock, DAYS[kind])
        assert expected == sorted(set(expected)), zone.key
        assert pieces(cycle, zone, table) == expected, zone.key


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(("kind", "field"), [("daily", "*"), ("weekdays", "1-5"), ("weekly", "0")])
def test_a_cron_loses_and_doubles_no_day_in_any_zone(
    kind: str, field: str, clock: str, zones: dict[Offsets, ZoneInfo], right: Oracle
) -> None:
    hour, minute = map(int, clock.split(":"))
    cycle = Cycle(cron=f"{minute} {hour} * * {field}")
    for table, zone in zones.items():
        expected = right.moments(table, clock, DAYS[kind])
        if len(table) == 1:  # clocks that never change: two months are like all
            after, until = window(table)[0], oracle(table, ALL[60], "00:00") - 1
            expected = [ms for ms in expected if ms <= until]
            assert list(cycle.moments(zone, after, until)) == expected, zone.key
        else:
            assert pieces(cycle, zone, table) == expected, zone.key


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(
    ("on_closed", "comes"), [("skip", {4}), ("next", {4, 0}), ("previous", {4})]
)
def test_fridays_and_saturdays_moved_to_workdays_are_right_in_any_zone(
    on_closed: str, comes: set[int], clock: str, zones: dict[Offsets, ZoneInfo]
) -> None:
    cycle = Cycle(weekly=("fri", "sat"), at=clock, days="workday", on_closed=on_closed)
    for first, last in WITHOUT_HOLIDAYS:
        days = [day for day in ALL if first <= day <= last and day.weekday() in comes]
        for table, zone in zones.items():
            expected = [oracle(table, day, clock) for day in days]
            found = cycle.moments(zone, expected[0] - 1, expected[-1])
            assert list(found) == expected, zone.key


@pytest.mark.parametrize(
    ("name", "changed"),
    [("America/New_York", date(2024, 3, 11)), ("Europe/Berlin", date(2024, 4, 1))],
)
def test_apscheduler_loses_the_first_weekday_midnight_of_summer_time(
    name: str, changed: date
) -> None:
    """Why the planner keeps its own calendar: the day its trigger leaves out is one of ours."""
    zone = ZoneInfo(name)
    friday = datetime(changed.year, changed.month, changed.day, tzinfo=zone) - timedelta(days=2)
    trigger = CronTrigger.from_crontab("0 0 * * mon-fri", timezone=zone)
    theirs = trigger.get_next_fire_time(None, friday)
    ours = next(Cycle(cron="0 0 * * 1-5").moments(zone, millis(friday), END * 1000))
    assert datetime.fromtimestamp(ours / 1000, zone).date() == changed
    assert theirs.date() == changed + timedelta(days=1)
