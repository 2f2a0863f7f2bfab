"""Streak, total and points follow from records and rules: checked against a plain reference."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.checkins.days import Days
from bot.checkins.rules import Rules
from bot.checkins.tally import Sheet, bonus, periods, streak, tally

ONE = timedelta(days=1)
START = date(2026, 1, 26)
days = st.integers(0, 60).map(lambda n: START + ONE * n)
some_days = st.frozensets(days, max_size=50)
ends = st.none() | days
rules = st.builds(
    Rules,
    weekly=st.booleans(),
    times=st.just(1),
    starts=st.integers(0, 6),
    since=ends,
    until=ends,
    forgiven=st.integers(0, 2),
    earned_every=st.sampled_from([0, 0, 3]),
    most=st.just(2),
    points=st.integers(0, 5),
    bonus_every=st.sampled_from([0, 3, 7]),
    bonus=st.just(10),
)


class Plain:
    """The same told slowly: day by day for days, week by week for weeks."""

    def __init__(
        self, checked: frozenset[date], excused: frozenset[date], one: Rules, today: date
    ) -> None:
        self.checked = {d for d in checked if (one.since or d) <= d <= (one.until or d)}
        self.excused, self.one = excused, one
        self.today = max({today, *self.checked})
        self.streak = self.longest = 0
        self.bonus = 0
        spent, earned = Counter[tuple[int, int]](), 0
        for period in self._periods():
            need = min(one.times, len(period))
            came = sum(day in self.checked for day in period)
            covered = sum(day in self.checked or day in excused for day in period)
            month = self._begin(period[0]).year, self._begin(period[0]).month
            if came >= need:
                self.streak += 1
                if one.earned_every and self.streak % one.earned_every == 0:
                    earned = min(one.most, earned + 1)
                if one.bonus_every and self.streak % one.bonus_every == 0:
                    self.bonus += one.bonus
            elif max(period) >= self.today or (self.streak and covered >= need):
                pass
            elif self.streak and spent[month] < one.forgiven:
                spent[month] += 1
            elif self.streak and earned:
                earned -= 1
            else:
                self.streak = 0
            self.longest = max(self.longest, self.streak)

    def _begin(self, day: date) -> date:
        if not self.one.weekly:
            return day
        while day.weekday() != self.one.starts:
            day -= ONE
        return day

    def _periods(self) -> list[list[date]]:
        if not self.checked:
            return []
        found = dict[date, list[date]]()
        day = self._begin(min(self.checked))
        while day < max(self.today, min(self.checked)) + ONE * 7:
            begin = self._begin(day)
            if begin <= self.today and (self.one.since or day) <= day <= (self.one.until or day):
                found.setdefault(begin, []).append(day)
            day += ONE
        return [found[begin] for begin in sorted(found)]


@settings(max_examples=300)
@given(some_days, st.frozensets(days, max_size=5), rules, st.integers(1, 4), days)
def test_what_records_come_to_is_what_counting_them_one_by_one_comes_to(
    checked: frozenset[date], excused: frozenset[date], one: Rules, times: int, today: date
) -> None:
    if one.weekly:
        one = Rules(**{**{f: getattr(one, f) for f in one.__slots__}, "times": times})
    plain = Plain(checked, excused, one, today)
    sheet = Sheet(Days.of(*checked), excused=Days.of(*excused))
    found = tally(sheet, one, today)
    assert found.streak == plain.streak
    assert found.longest == plain.longest
    assert found.total == len(plain.checked)
    assert found.earned == found.total * one.points + plain.bonus
    assert streak(sheet, one, today) == plain.streak
    walked = [*periods(sheet, one, today)]
    assert (walked[-1].streak if walked else 0) == plain.streak
    assert sum(bonus(period, one) for period in walked) == plain.bonus


@given(some_days, days, st.booleans())
def test_a_day_more_never_lowers_streak_total_or_points(
    checked: frozenset[date], day: date, weekly: bool
) -> None:
    one, today = Rules(weekly=weekly, times=2, bonus_every=3, bonus=10), START + ONE * 60
    before = tally(Sheet(Days.of(*checked)), one, today)
    after = tally(Sheet(Days.of(*checked, day)), one, today)
    assert after.streak >= before.streak
    assert after.longest >= before.longest
    assert after.earned >= before.earned


def of(*offsets: int) -> Days:
    return Days.of(*(START + ONE * n for n in offsets))


def test_a_streak_holds_over_a_forgiven_day_without_counting_it() -> None:
    one = Rules(forgiven=1)
    assert tally(Sheet(of(0, 1, 3)), one, START + ONE * 3).streak == 3
    assert tally(Sheet(of(0, 1, 3, 5)), one, START + ONE * 5).streak == 1, "both in January"
    assert tally(Sheet(of(0, 1, 3, 5, 6, 8)), one, START + ONE * 8).streak == 3, "February's own"


def test_freezes_are_earned_by_streaks_and_kept_up_to_the_most() -> None:
    one = Rules(earned_every=2, most=1)
    assert tally(Sheet(of(0, 1, 3)), one, START + ONE * 3).streak == 3
    assert tally(Sheet(of(0, 1, 2, 3, 6)), one, START + ONE * 6).streak == 1


def test_three_of_a_week_keep_it_and_the_open_week_breaks_nothing() -> None:
    one = Rules(weekly=True, times=3)  # 2026-01-26 is a Monday
    sheet = Sheet(of(0, 2, 4, 7, 8, 9, 14))
    assert tally(sheet, one, START + ONE * 15).streak == 2
    assert tally(sheet, one, START + ONE * 20).streak == 2
    assert tally(sheet, one, START + ONE * 21).streak == 0
    assert [p.state for p in periods(sheet, one, START + ONE * 21)] == [
        "kept",
        "kept",
        "missed",
        "open",
    ]


def test_a_week_begins_when_the_programme_says() -> None:
    sheet = Sheet(of(5, 6))  # Saturday and Sunday
    assert tally(sheet, Rules(weekly=True, times=2), START + ONE * 6).streak == 1
    assert tally(sheet, Rules(weekly=True, times=2, starts=6), START + ONE * 6).streak == 0


def test_a_campaign_that_begins_late_in_a_week_asks_only_for_the_days_it_has() -> None:
    one = Rules(weekly=True, times=5, since=START + ONE * 4)
    assert tally(Sheet(of(0, 1, 2, 4, 5, 6)), one, START + ONE * 6).streak == 1
    assert tally(Sheet(of(4, 5)), one, START + ONE * 7).streak == 0


@pytest.mark.parametrize("late", [1, 30, 300])
def test_when_a_campaign_is_over_the_streak_stays_as_it_ended(late: int) -> None:
    one = Rules(until=START + ONE * 2)
    assert tally(Sheet(of(0, 1, 2, 3)), one, START + ONE * (2 + late)).streak == 3
    assert tally(Sheet(of(0, 1)), one, START + ONE * (2 + late)).streak == 0


def test_a_made_up_day_counts_for_streak_and_total_and_gives_no_points() -> None:
    sheet = Sheet(of(0, 1, 2), made_up=of(1))
    found = tally(sheet, Rules(points=5), START + ONE * 2)
    assert (found.streak, found.total, found.earned) == (3, 3, 10)
