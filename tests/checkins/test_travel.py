"""Members who travel, over every zone there is, against a plain reference."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.checkins.days import Days
from bot.checkins.programme import Programme
from bot.checkins.records import Kept
from bot.checkins.standing import Reckoning
from bot.checkins.tally import Sheet
from bot.clock import millis
from bot.settings.checkins import CheckInSettings

ONE, HOUR = timedelta(days=1), 3_600_000
ZONES = sorted(available_timezones() - {"localtime", "Factory"})
START = millis(datetime(2026, 3, 20, tzinfo=UTC))
DAILY = Programme("daily", CheckInSettings(), ZoneInfo("Asia/Shanghai"))
zones = st.sampled_from(ZONES)


class Traveller:
    """Checks in here and there, as the desk does it."""

    def __init__(self) -> None:
        self.kept = Kept(Sheet())
        self.made: list[tuple[date, str, str]] = []
        """Day, the zone it was recorded in, and the zone it was last lived in."""

    def says(self, now: int, zone: str) -> date:
        """Check in at a moment, in a zone; the day it was for."""
        self.kept = Kept(self.kept.sheet, (), self.kept.zone, zone)
        reckoning = Reckoning(DAILY, self.kept, now)
        day = reckoning.turn(now)
        if day not in self.kept.sheet.days:
            self.made.append((day, zone, zone))
        elif self.made[-1][0] == day:
            self.made[-1] = (*self.made[-1][:2], zone)
        self.kept = reckoning.come(day).kept
        return day

    def streak(self, now: int, zone: str) -> int:
        kept = Kept(self.kept.sheet, (), self.kept.zone, zone)
        return Reckoning(DAILY, kept, now).standing.streak


def local(ms: int, zone: str) -> date:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).date()


def midnight(day: date, zone: str) -> int:
    return int(datetime.combine(day, time(), ZoneInfo(zone)).timestamp() * 1000)


def plain_streak(made: list[tuple[date, str, str]], now: int, zone: str) -> int:
    """Back from now: each record follows the one before within a day, or a day nobody had."""
    here, place, length = local(now, zone), zone, 0
    for day, began, there in reversed(made):
        gap = (here - day).days
        short = midnight(here, place) - midnight(day + ONE, there) < 24 * HOUR
        if gap > 1 and (ZoneInfo(there).key == ZoneInfo(place).key or not short):
            break
        here, place, length = day, began, length + 1
    return length


steps = st.lists(st.tuples(st.integers(1, 60 * 60), zones), min_size=1, max_size=15)


@settings(max_examples=400)
@given(steps, st.integers(0, 50), zones)
def test_a_traveller_has_each_day_once_and_the_streak_of_their_own_calendar(
    steps: list[tuple[int, str]], later: int, last: str
) -> None:
    traveller, now = Traveller(), START
    for minutes, zone in steps:
        now += minutes * 60_000
        traveller.says(now, zone)
    days = [day for day, *_ in traveller.made]
    assert days == sorted(set(days)), "no day twice, none before the last"
    now += later * HOUR
    assert traveller.streak(now, last) == plain_streak(traveller.made, now, last)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(1, 20 * 60), zones), min_size=2, max_size=25))
def test_who_says_it_at_least_every_twenty_hours_never_loses_the_streak(
    steps: list[tuple[int, str]],
) -> None:
    traveller, now = Traveller(), START
    for minutes, zone in steps:
        now += minutes * 60_000
        traveller.says(now, zone)
    assert traveller.streak(now, steps[-1][1]) == len(traveller.made)


@given(zones, st.lists(st.integers(1, 50 * 60), min_size=1, max_size=20))
def test_who_stays_has_the_days_of_the_wall_calendar(zone: str, minutes: list[int]) -> None:
    traveller, now, wall = Traveller(), START, set[date]()
    for step in minutes:
        now += step * 60_000
        assert traveller.says(now, zone) == local(now, zone)
        wall.add(local(now, zone))
    assert {*traveller.kept.sheet.days} == wall
    assert not traveller.kept.sheet.excused.total


def late(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(21, 59), ZoneInfo(zone))


def test_every_change_of_clocks_in_a_year_keeps_the_streak_in_every_zone() -> None:
    changes = 0
    for zone in ZONES:
        days = [date(2026, 1, 1) + ONE * n for n in range(365)]
        for day in days:
            if late(day, zone).utcoffset() == late(day + ONE, zone).utcoffset():
                continue
            changes += 1
            traveller = Traveller()
            for n in range(-1, 3):
                now = int(late(day + ONE * n, zone).timestamp() * 1000)
                assert traveller.says(now, zone) == day + ONE * n
            assert traveller.streak(now, zone) == 4, f"{zone} {day}"
    assert changes > 300


def at(moment: str, zone: str) -> int:
    return millis(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)))


def test_flying_over_the_date_line_eastwards_by_clock_skips_a_day_and_keeps_the_streak() -> None:
    traveller = Traveller()
    traveller.says(at("2026-05-04T20:00", "Pacific/Honolulu"), "Pacific/Honolulu")
    traveller.says(at("2026-05-05T20:00", "Pacific/Honolulu"), "Pacific/Honolulu")
    there = "Pacific/Kiritimati"  # a day ahead of the same wall clock
    now = at("2026-05-07T10:00", there)
    assert traveller.streak(now, there) == 2, "nothing is lost before they say it again"
    traveller.says(now, there)
    assert traveller.streak(now, there) == 3
    assert date(2026, 5, 6) in traveller.kept.sheet.excused


def test_flying_west_gives_no_second_check_in_for_a_day() -> None:
    traveller = Traveller()
    traveller.says(at("2026-05-05T08:00", "Asia/Tokyo"), "Asia/Tokyo")
    west = "America/Los_Angeles"
    for moment in ("2026-05-04T20:00", "2026-05-05T20:00"):
        assert traveller.says(at(moment, west), west) == date(2026, 5, 5)
    assert traveller.says(at("2026-05-06T20:00", west), west) == date(2026, 5, 6)
    assert traveller.streak(at("2026-05-06T21:00", west), west) == 2


def test_a_day_that_was_simply_missed_is_not_forgiven_by_moving_an_hour() -> None:
    traveller = Traveller()
    traveller.says(at("2026-05-05T08:00", "Europe/London"), "Europe/London")
    now = at("2026-05-08T08:00", "Europe/Paris")
    traveller.says(now, "Europe/Paris")
    assert traveller.streak(now, "Europe/Paris") == 1


def test_a_zone_changed_after_the_fact_moves_no_record() -> None:
    traveller = Traveller()
    now = at("2026-05-05T23:30", "Asia/Shanghai")
    traveller.says(now, "Asia/Shanghai")
    assert traveller.streak(now, "Pacific/Auckland") == 1
    assert {*traveller.kept.sheet.days} == {date(2026, 5, 5)}
    assert Days.of(date(2026, 5, 5)) == traveller.kept.sheet.days
