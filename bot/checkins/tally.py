"""What records come to: streak, total and points as pure functions of records and rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bot.checkins.days import DAY, NONE, ZERO, Days, offset
from bot.checkins.rules import Rules


@dataclass(frozen=True, slots=True)
class Sheet:
    """One member's records in one scope (everywhere, or one group).

    ``made_up`` are among the ``days``; ``excused`` are days over which a streak holds.
    """

    days: Days = NONE
    made_up: Days = NONE
    excused: Days = NONE

    def within(self, rules: Rules) -> Sheet:
        """The records the campaign has, and its rests among what is excused."""
        excused = self.excused | rules.paused if rules.paused.bitmap else self.excused
        if rules.since is None and rules.until is None:
            return self if excused is self.excused else Sheet(self.days, self.made_up, excused)
        ends = rules.since, rules.until
        return Sheet(self.days.between(*ends), self.made_up.between(*ends), excused)


@dataclass(frozen=True, slots=True)
class Period:
    """A day or week: ``streak`` is the one after it; ``kept_on``: the day that kept it.

    ``open``: not kept, and may still be.
    """

    first: date
    state: Literal["kept", "frozen", "missed", "open"]
    streak: int
    kept_on: date | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What records come to on a day; ``earned`` are the points of records and bonuses alone."""

    streak: int
    longest: int
    total: int
    earned: int
    last: date | None


def tally(sheet: Sheet, rules: Rules, today: date) -> Tally:
    """Everything at once. A record that is already of tomorrow, elsewhere, makes that today."""
    sheet = sheet.within(rules)
    days, last = sheet.days, sheet.days.last
    earned = (days.total - sheet.made_up.total) * rules.points
    if last is None:
        return Tally(0, 0, 0, 0, None)
    if rules.weekly:
        streak = longest = 0
        for period in periods(sheet, rules, today):
            streak, longest = period.streak, max(longest, period.streak)
            earned += bonus(period, rules)
    elif _is_plain(sheet, rules) and not rules.bonus_every:
        streak, longest = _in_a_row(days, rules, max(today, last)), days.longest
    else:
        streak, longest, extra = _by_runs(sheet, rules, max(today, last))
        earned += extra
    return Tally(streak, longest, days.total, earned, last)


def streak(sheet: Sheet, rules: Rules, today: date) -> int:
    """The streak alone, which is quicker."""
    if not _is_plain(sheet, rules):
        return tally(sheet, rules, today).streak
    days = sheet.within(rules).days
    return _in_a_row(days, rules, max(today, days.last or today))


def _is_plain(sheet: Sheet, rules: Rules) -> bool:
    """Whether a streak is simply days in a row."""
    freezes = rules.forgiven or rules.earned_every or sheet.excused.bitmap or rules.paused.bitmap
    return not (rules.weekly or freezes)


def _in_a_row(days: Days, rules: Rules, today: date) -> int:
    if rules.until is None or today <= rules.until:
        return days.streak(today)
    return days.streak(rules.until) if rules.until in days else 0


def _by_runs(sheet: Sheet, rules: Rules, today: date) -> tuple[int, int, int]:
    """Streak, longest streak and bonus points by the runs of days: what ``periods`` comes to."""
    streak = longest = points = 0
    before, freezes = 0, _Freezes(rules)
    for first, end in sheet.days.runs():
        streak = _held(streak, before, first, sheet.excused, freezes)
        grown = streak + end - first
        if rules.bonus_every:
            points += (grown // rules.bonus_every - streak // rules.bonus_every) * rules.bonus
        freezes.grew(streak, grown)
        streak, longest, before = grown, max(longest, grown), end
    over = min(today, rules.until + DAY) if rules.until else today
    return _held(streak, before, offset(over), sheet.excused, freezes), longest, points


def _held(streak: int, first: int, end: int, excused: Days, freezes: _Freezes) -> int:
    """The streak after the missed days from ``first`` up to ``end``, by their offsets."""
    for n in range(first, end) if streak else ():
        day = ZERO + DAY * n
        if not ((excused.bitmap and day in excused) or freezes.spend(day)):
            return 0
    return streak


def bonus(period: Period, rules: Rules) -> int:
    """The points a period gives for its streak."""
    if not rules.bonus_every or period.state != "kept" or period.streak % rules.bonus_every:
        return 0
    return rules.bonus


def periods(sheet: Sheet, rules: Rules, today: date) -> Iterator[Period]:
    """Every period from the first record's to today's, or to the end of the campaign."""
    sheet = sheet.within(rules)
    first, last = sheet.days.first, sheet.days.last
    if first is None or last is None:
        return
    today = max(today, last)
    done, excused = {*sheet.days}, {*sheet.excused}
    state, current = _Freezes(rules), 0
    period = rules.period(first)
    while period <= today and (rules.until is None or period <= rules.until):
        days = [*rules.days_of(period)]
        came = [day for day in days if day in done]
        need = min(rules.times, len(days))
        if len(came) >= need:
            current += 1
            state.grew(current - 1, current)
            yield Period(period, "kept", current, came[need - 1])
        elif days[-1] >= today:
            yield Period(period, "open", current)
        elif current and (len({*came, *excused.intersection(days)}) >= need or state.spend(period)):
            yield Period(period, "frozen", current)
        else:
            current = 0
            yield Period(period, "missed", 0)
        period = rules.after(period)


@dataclass(slots=True)
class _Freezes:
    """How many missed periods may still be forgiven."""

    rules: Rules
    spent: Counter[tuple[int, int]] = field(default_factory=Counter)
    earned: int = 0

    def grew(self, before: int, after: int) -> None:
        """Earn those for a streak that grew."""
        if every := self.rules.earned_every:
            more = after // every - before // every
            self.earned = min(self.rules.most, self.earned + more)

    def spend(self, period: date) -> bool:
        """Use one, of the month first."""
        month = period.year, period.month
        if self.spent[month] < self.rules.forgiven:
            self.spent[month] += 1
            return True
        if self.earned:
            self.earned -= 1
            return True
        return False
