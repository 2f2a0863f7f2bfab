"""What a member's records come to now, in the days of the member's own zone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import date

from bot.checkins.days import NONE, Days
from bot.checkins.ledger import Entry, entries
from bot.checkins.programme import Programme
from bot.checkins.records import Kept
from bot.checkins.tally import Sheet, periods, tally
from bot.checkins.travel import skipped


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member's records come to; ``points`` are what is left to spend."""

    streak: int
    longest: int
    total: int
    points: int
    last: date | None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One member's records, read, and a moment (UTC ms) to reckon them at.

    Nothing in it is stored: rules, zones and records may change, and it is reckoned anew.
    """

    programme: Programme
    kept: Kept
    now: int

    @property
    def zone(self) -> str:
        """The zone the member's days are in; '' when that is the programme's."""
        key = self.programme.zone_of(self.kept.own).key
        return "" if key == self.programme.zone.key else key

    def turn(self, handled: int) -> date:
        """The day a check-in at this moment is for, when it is handled at ``handled`` (UTC ms).

        Who travels west lives a day twice and has it once: the day of their last record is not
        over for them. An event that is handled after midnight is still of its own day.
        """
        last = (self.kept.sheet.days - self.kept.sheet.made_up).last
        is_late = self.day(handled) > self.today
        return max(self.today, last) if last and not is_late else self.today

    def come(self, day: date) -> Reckoning:
        """The same with a check-in of a day, and what travel took before it forgiven for good."""
        sheet, zone = self.kept.sheet, self.kept.zone
        if day >= (sheet.days.last or day):
            zone = self.zone
        new = Sheet(sheet.days | Days.of(day), sheet.made_up, sheet.excused | self.forgiven(day))
        return replace(self, kept=replace(self.kept, sheet=new, zone=zone))

    @property
    def today(self) -> date:
        """The member's day."""
        return self.day(self.now)

    def day(self, ms: int) -> date:
        """The member's day at a moment (UTC ms)."""
        return self.programme.day(ms, self.programme.zone_of(self.kept.own))

    def forgiven(self, today: date) -> Days:
        """The days before ``today`` that a change of zone took from the member."""
        there, here = (self.programme.zone_of(name) for name in (self.kept.zone, self.kept.own))
        last = None if there is here else self.kept.sheet.days.between(None, today).last
        if last is None:
            return NONE
        return skipped(last, there, today, here)

    @property
    def sheet(self) -> Sheet:
        """The records, with what travel took forgiven."""
        sheet, forgiven = self.kept.sheet, self.forgiven(self.today)
        if not forgiven.bitmap:
            return sheet
        return Sheet(sheet.days, sheet.made_up, sheet.excused | forgiven)

    @property
    def is_open(self) -> bool:
        """Whether today's period is not kept yet."""
        found = deque(periods(self.sheet, self.programme.rules, self.today), maxlen=1)
        return not found or found[0].state == "open"

    @property
    def standing(self) -> Standing:
        """Streak, total and points."""
        rules, today, sheet = self.programme.rules, self.today, self.sheet
        found = tally(sheet, rules, today)
        points = found.earned + sum(one.points for one in self.kept.stored)
        if rules.lasts is not None:
            points = sum(one.points for one in self.ledger)
        return Standing(found.streak, found.longest, found.total, points, found.last)

    def week(self, day: date) -> tuple[int, int] | None:
        """How many days the week of a day has, and how many keep it.

        None where days are counted, and for a week that is over.
        """
        rules = self.programme.rules
        first = rules.period(day)
        if not rules.weekly or first < rules.period(self.today):
            return None
        days = [*rules.days_of(first)]
        return sum(one in self.kept.sheet.days for one in days), min(rules.times, len(days))

    @property
    def points(self) -> int:
        """What is left to spend; below zero when what was spent was taken away later."""
        return self.standing.points

    @property
    def ledger(self) -> list[Entry]:
        """Every change of the points, the newest first."""
        programme, kept = self.programme, self.kept
        found = entries(
            self.sheet, kept.stored, programme.rules, self.today, programme.begins, self.now
        )
        return [one.model_copy(update={"programme": programme.name}) for one in reversed(found)]
