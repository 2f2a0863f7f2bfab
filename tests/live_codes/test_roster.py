"""Who receives at a moment, for any shifts, caps and staff."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.live_codes.roster import exhausted, on_duty, overlap, receivers
from bot.model.live_code import LiveCode, Shift

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 6, 15, tzinfo=SHANGHAI)
NAMES = ("ann", "ben", "cai", "dan")

times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
some = st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(tuple)
shifts = st.builds(
    Shift,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    start=times,
    end=times,
    staff=st.just(("ann",)),
)
moments = st.integers(0, 7 * 1440 - 1).map(lambda minute: MONDAY + timedelta(minutes=minute))


def code(**about: object) -> LiveCode:
    fields = {"id": "poster", "title": "Poster", "gateway": "wecom", "kind": "contact", **about}
    return LiveCode.model_validate(fields)


def office(start: str = "09:00", end: str = "18:00", *staff: str, days: str = "01234") -> Shift:
    return Shift(weekdays=frozenset(map(int, days)), start=start, end=end, staff=staff or ("ann",))


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("Mon 08:59", "ben"),
        ("Mon 09:00", "ann"),
        ("Fri 17:59", "ann"),
        ("Fri 18:00", "ben"),
        ("Sat 12:00", "ben"),
    ],
)
def test_a_shift_is_on_from_its_start_until_its_end(at: str, who: str) -> None:
    poster = code(staff=("ben",), shifts=(office(),))
    assert on_duty(poster, _moment(at)) == (who,)


@pytest.mark.parametrize(
    ("at", "on"),
    [
        ("Fri 21:59", False),
        ("Fri 22:00", True),
        ("Sat 05:59", True),
        ("Sat 06:00", False),
        ("Fri 05:59", False),
    ],
)
def test_a_shift_past_midnight_ends_on_the_next_day(at: str, on: bool) -> None:
    poster = code(staff=("ben",), shifts=(office("22:00", "06:00", days="4"),))
    assert (on_duty(poster, _moment(at)) == ("ann",)) is on


def test_the_night_of_sunday_ends_on_monday() -> None:
    poster = code(staff=("ben",), shifts=(office("22:00", "06:00", days="6"),))
    assert on_duty(poster, _moment("Mon 05:00")) == ("ann",)


def test_a_shift_from_an_hour_to_the_same_is_a_whole_day() -> None:
    poster = code(staff=("ben",), shifts=(office("09:00", "09:00", days="0"),))
    assert on_duty(poster, _moment("Tue 08:59")) == ("ann",)
    assert on_duty(poster, _moment("Tue 09:00")) == ("ben",)


def test_who_reached_the_cap_makes_way_for_others_and_all_for_the_spare() -> None:
    poster = code(staff=("ann", "ben"), spare=("cai",), daily_cap=2)
    assert receivers(poster, MONDAY, {"ann": 1, "ben": 0}, ()) == ("ann", "ben")
    assert receivers(poster, MONDAY, {"ann": 2, "ben": 1}, ()) == ("ben",)
    assert receivers(poster, MONDAY, {"ann": 2, "ben": 3}, ()) == ("cai",)


def test_rather_too_many_than_a_code_that_leads_to_nobody() -> None:
    poster = code(staff=("ann", "ben"), spare=("cai",), daily_cap=1)
    assert receivers(poster, MONDAY, {"ann": 1, "ben": 1}, ("cai", "ben")) == ("ann",)


@given(st.lists(shifts, max_size=3).map(tuple), some, some, moments)
def test_nobody_idle_ever_receives_and_somebody_does_while_anybody_can(
    shifts: tuple[Shift, ...], spare: tuple[str, ...], idle: tuple[str, ...], at: datetime
) -> None:
    poster = code(staff=("ben",), shifts=shifts, spare=spare, daily_cap=1)
    on = receivers(poster, at, {"ann": 1}, idle)
    assert not set(on) & set(idle)
    able = {*on_duty(poster, at), *spare} - set(idle)
    assert bool(on) == bool(able)


@given(some, some, st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3)), moments)
def test_spare_staff_receive_just_when_all_on_duty_are_at_the_cap(
    staff: tuple[str, ...], spare: tuple[str, ...], added: dict[str, int], at: datetime
) -> None:
    poster = code(staff=staff, spare=spare, daily_cap=2)
    on = receivers(poster, at, added, ())
    if exhausted(poster, at, added, ()):
        assert on == (spare or staff)
    elif staff:
        assert on == tuple(one for one in staff if added.get(one, 0) < 2)


@given(shifts, shifts)
def test_two_shifts_overlap_just_when_some_minute_is_in_both(one: Shift, other: Shift) -> None:
    together = any(
        _is_on(one, MONDAY + timedelta(minutes=m)) and _is_on(other, MONDAY + timedelta(minutes=m))
        for m in {_minute(s, d) for s in (one, other) for d in s.weekdays}
    )
    assert overlap(one, other) == overlap(other, one) == together


@given(shifts, moments)
def test_a_shift_is_on_when_the_calendar_says_so(shift: Shift, at: datetime) -> None:
    poster = code(staff=("ben",), shifts=(shift,))
    assert (on_duty(poster, at) == ("ann",)) is _is_on(shift, at)


def _is_on(shift: Shift, at: datetime) -> bool:
    """The same by dates: some day's shift holds the moment."""
    for back in (0, 1):
        day = (at - timedelta(days=back)).replace(hour=0, minute=0)
        if day.weekday() not in shift.weekdays:
            continue
        start, end = (day + _since_midnight(t) for t in (shift.start, shift.end))
        if end <= start:
            end += timedelta(days=1)
        if start <= at < end:
            return True
    return False


def _since_midnight(time: str) -> timedelta:
    hour, minute = map(int, time.split(":"))
    return timedelta(hours=hour, minutes=minute)


def _minute(shift: Shift, day: int) -> int:
    """When one of its days begins, in the minutes of the week."""
    return day * 1440 + int(_since_midnight(shift.start).total_seconds() // 60)


def _moment(at: str) -> datetime:
    day, time = at.split()
    names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return MONDAY + timedelta(days=names.index(day)) + _since_midnight(time)
