"""Calendar pages: months, weeks and days with their entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.clock import millis
from bot.reports import Period, View, bounds, lay

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
HOUR = 3_600_000


@dataclass(frozen=True)
class Note:
    at: int
    name: str = ""


def at(text: str, zone: str = SHANGHAI) -> int:
    return millis(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def page(view: View, day: str, *notes: Note, zone: str = SHANGHAI) -> Period[Note]:
    return lay(view, date.fromisoformat(day), notes, zone)


@pytest.mark.parametrize(
    ("day", "first", "last", "weeks"),
    [
        ("2024-05-17", "2024-04-29", "2024-06-02", 5),
        ("2021-02-28", "2021-02-01", "2021-02-28", 4),
        ("2021-08-01", "2021-07-26", "2021-09-05", 6),
        ("2024-12-31", "2024-11-25", "2025-01-05", 6),
    ],
)
def test_a_month_is_whole_weeks_from_monday(day: str, first: str, last: str, weeks: int) -> None:
    month = page("month", day)
    days = [each.date.isoformat() for week in month.weeks for each in week]
    assert (days[0], days[-1], len(month.weeks)) == (first, last, weeks)
    assert {len(week) for week in month.weeks} == {7}
    assert {week[0].date.weekday() for week in month.weeks} == {0}


def test_days_of_other_months_are_told_apart() -> None:
    month = page("month", "2024-05-17")
    inside = [each.date for week in month.weeks for each in week if each.inside]
    assert inside == [date(2024, 5, 1) + timedelta(n) for n in range(31)]


def test_entries_stand_on_their_day_in_order() -> None:
    notes = [
        Note(at("2024-05-17T20:00"), "late"),
        Note(at("2024-05-17T08:00"), "early"),
        Note(at("2024-05-17T20:00"), "late too"),
        Note(at("2024-05-18T00:00"), "midnight"),
        Note(at("2024-05-16T23:59:59"), "before"),
        Note(at("2024-06-20T12:00"), "another month"),
    ]
    month = page("month", "2024-05-01", *notes)
    named = {
        day.date.day: [note.name for note in day.entries]
        for week in month.weeks
        for day in week
        if day.entries
    }
    assert named == {16: ["before"], 17: ["early", "late", "late too"], 18: ["midnight"]}


def test_the_zone_decides_the_day() -> None:
    note = Note(millis(datetime(2024, 5, 17, 20, tzinfo=UTC)))
    assert page("day", "2024-05-18", note).weeks[0][0].entries == (note,)
    assert page("day", "2024-05-17", note, zone=BERLIN).weeks[0][0].entries == (note,)


@pytest.mark.parametrize(
    ("view", "day", "previous", "after"),
    [
        ("month", "2024-12-31", "2024-11-01", "2025-01-01"),
        ("month", "2024-01-15", "2023-12-01", "2024-02-01"),
        ("week", "2024-05-17", "2024-05-10", "2024-05-24"),
        ("day", "2024-03-01", "2024-02-29", "2024-03-02"),
    ],
)
def test_one_can_turn_the_page(view: View, day: str, previous: str, after: str) -> None:
    found = page(view, day)
    assert (found.previous.isoformat(), found.next.isoformat()) == (previous, after)


def test_a_week_is_the_one_around_its_day() -> None:
    (week,) = page("week", "2024-05-19").weeks
    assert [day.date.day for day in week] == [13, 14, 15, 16, 17, 18, 19]
    assert all(day.inside for day in page("week", "2024-05-01").weeks[0])


@pytest.mark.parametrize("view", ["month", "week", "day"])
def test_what_to_load_for_a_page_is_what_it_shows(view: View) -> None:
    found = page(view, "2024-03-31", zone=BERLIN)
    assert bounds(view, date(2024, 3, 31), BERLIN) == (found.start, found.end)


def test_a_day_shows_its_hours_with_their_entries() -> None:
    notes = [
        Note(at("2024-05-17T08:59")),
        Note(at("2024-05-17T08:00")),
        Note(at("2024-05-17T09:00")),
    ]
    hours = page("day", "2024-05-17", *notes).weeks[0][0].hours
    assert [hour.clock for hour in hours] == [f"{n:02}:00" for n in range(24)]
    assert {hour.clock: len(hour.entries) for hour in hours if hour.entries} == {
        "08:00": 2,
        "09:00": 1,
    }
    assert hours[8].at == at("2024-05-17T08:00")


def test_in_spring_the_hour_the_clock_skips_is_not_there() -> None:
    day = page("day", "2024-03-31", zone=BERLIN).weeks[0][0]
    clocks = [hour.clock for hour in day.hours]
    assert day.end - day.start == 23 * HOUR
    assert clocks[:4] == ["00:00", "01:00", "03:00", "04:00"]


def test_in_autumn_the_hour_the_clock_repeats_is_there_twice() -> None:
    first = at("2024-10-27T02:30", BERLIN)
    day = page("day", "2024-10-27", Note(first, "a"), Note(first + HOUR, "b"), zone=BERLIN).weeks[
        0
    ][0]
    assert day.end - day.start == 25 * HOUR
    twice = [[note.name for note in hour.entries] for hour in day.hours if hour.clock == "02:00"]
    assert twice == [["a"], ["b"]]


def test_a_change_of_half_an_hour_leaves_nothing_out() -> None:
    zone = "Australia/Lord_Howe"
    start = at("2024-04-07T00:00", zone)
    notes = [Note(start + n * 600_000) for n in range(24 * 6 + 3)]
    hours = page("day", "2024-04-07", *notes, zone=zone).weeks[0][0].hours
    assert sum(len(hour.entries) for hour in hours) == len(notes)
    assert [hour.clock for hour in hours][:5] == ["00:00", "01:00", "01:30", "02:00", "03:00"]


def test_a_day_without_midnight_starts_when_the_clock_jumps() -> None:
    day = page("day", "2024-04-26", zone="Africa/Cairo").weeks[0][0]
    assert day.hours[0].clock == "01:00"
    assert day.start == at("2024-04-26T01:00", "Africa/Cairo")


def test_a_day_a_zone_left_out_is_empty() -> None:
    zone = "Pacific/Apia"
    note = Note(at("2011-12-31T00:00", zone))
    week = page("week", "2011-12-31", note, zone=zone).weeks[0]
    assert [len(day.entries) for day in week] == [0, 0, 0, 0, 0, 1, 0]
    assert week[4].start == week[4].end
    assert week[4].hours == ()


def test_in_every_zone_days_join_and_begin_at_their_first_moment() -> None:
    for zone in sorted(available_timezones()):
        tz = ZoneInfo(zone)
        changes = {
            date(year, month, 1)
            for year in range(2024, 2031)
            for month in range(1, 13)
            if _offset(tz, year, month) != _offset(tz, year + month // 12, month % 12 + 1)
        }
        for first in changes:
            days = [
                day for week in page("month", first.isoformat(), zone=zone).weeks for day in week
            ]
            for day, after in pairwise(days):
                assert day.end == after.start
            for day in days:
                assert datetime.fromtimestamp(day.start / 1000, tz).date() == day.date, zone
                assert datetime.fromtimestamp(day.start / 1000 - 1, tz).date() < day.date, zone


def _offset(tz: ZoneInfo, year: int, month: int) -> timedelta | None:
    return datetime(year, month, 1, tzinfo=tz).utcoffset()
