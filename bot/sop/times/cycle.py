"""Cycles: which days and moments a calendar step comes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from typing import cast, get_args
from zoneinfo import ZoneInfo

from bot.clock import millis, utc
from bot.i18n.mark import msgid
from bot.located import nearest
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.sop.times.holidays import (
    DayKind,
    HolidayName,
    likely_first_day,
    likely_kind,
    notice_year,
    published,
)
from bot.sop.times.lunar import LAST, lunar_date, lunar_days
from bot.sop.times.schedule import DAY, Cron, NotACron, day_of, instant

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OPEN: dict[str, frozenset[DayKind]] = {
    "workday": frozenset({"workday", "makeup"}),
    "restday": frozenset({"restday", "holiday"}),
    "holiday": frozenset({"holiday"}),
    "makeup": frozenset({"makeup"}),
}
"""The kinds of day each value of ``days`` lets through."""
ON_CLOSED = ("skip", "next", "previous")
KINDS = ("cron", "weekly", "monthly", "on", "lunar", "holiday")
FARTHEST = 180
"""The largest offset from a holiday, in days."""

_BEGIN = millis(datetime(1971, 1, 1, tzinfo=UTC))
_END = millis(datetime(2099, 12, 1, tzinfo=UTC))
_STRETCH = timedelta(days=91)

Fault = tuple[str, str, str]
"""A key, what is wrong, and a hint or ''."""


class Cycle(Frozen):
    """When a step comes: one of KINDS, the time of day, and which days are open to it.

    Built from what a manager wrote, so it may be wrong: ask ``faults`` before anything else.
    """

    cron: str | None = None
    weekly: tuple[str, ...] = ()
    monthly: tuple[int | str, ...] = ()
    """Days of the month and "last"; a day that a short month lacks is its last one."""
    on: date | None = None
    lunar: str | None = None
    """A lunar month and day, "08-15"; see bot.sop.times.lunar for leap and short months."""
    holiday: str | None = None
    offset: int = 0
    """Days from the first day of the holiday; negative before it."""
    at: str | None = None
    """The time of day, HH:MM; a cron has its own."""
    days: str | None = None
    """Only days of this kind: a word of OPEN."""
    on_closed: str = "skip"
    """What becomes of a day of another kind: left out, or moved to the next or previous open one
    at the same time of day."""

    def faults(self) -> Iterator[Fault]:
        """Everything wrong with it; the other methods expect that there is nothing."""
        given = [kind for kind in KINDS if getattr(self, kind)]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            yield given[1] if given else "", f"expected one of {', '.join(KINDS)}, got {found}", ""
        yield from self._time_faults()
        yield from self._day_faults()
        yield from self._open_faults()

    def _time_faults(self) -> Iterator[Fault]:
        if self.cron:
            try:
                Cron(self.cron, ZoneInfo("UTC"))
            except NotACron as error:
                yield "cron", Phrase.of(error), ""
            if self.at is not None:
                yield (
                    "at",
                    msgid("a cron expression has its own time of day"),
                    msgid("leave it out"),
                )
        elif self.at is None or not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", self.at):
            yield "at", msgid('expected a time of day such as "21:00"'), ""

    def _day_faults(self) -> Iterator[Fault]:
        for word in self.weekly:
            if word not in WEEKDAYS:
                message = msgid('expected weekdays such as "mon"')
                yield "weekly", message, nearest(word, WEEKDAYS)
        for day in self.monthly:
            if day != "last" and not (isinstance(day, int) and 1 <= day <= 31):
                message = msgid('expected days from 1 to 31, or "last"')
                yield "monthly", message, nearest(str(day), ["last"])
        if self.lunar:
            try:
                lunar_date(self.lunar)
            except ValueError as error:
                yield "lunar", Phrase.of(error), ""
        names = get_args(HolidayName)
        if self.holiday and self.holiday not in names:
            yield "holiday", msgid("expected a public holiday"), nearest(self.holiday, names)
        if self.offset and not self.holiday:
            yield "offset", msgid("only a holiday has an offset"), ""
        if abs(self.offset) > FARTHEST:
            yield "offset", Phrase("expected at most {n} days", n=FARTHEST), ""

    def _open_faults(self) -> Iterator[Fault]:
        if self.days is not None and self.days not in OPEN:
            yield "days", msgid("expected a kind of day"), nearest(self.days, OPEN)
        if self.on_closed not in ON_CLOSED:
            yield "on_closed", msgid("expected what to do"), nearest(self.on_closed, ON_CLOSED)
        elif self.on_closed != "skip" and self.days not in ("workday", "restday"):
            # The next holiday can be months away, and none is known beyond the last notice.
            message = msgid('a step moves only to a "workday" or "restday"')
            yield "on_closed", message, msgid("set days")

    def moments(self, zone: ZoneInfo, after: int, until: int) -> Iterator[int]:
        """When it comes in (after, until], in order and each once (UTC ms), up to November 2099.

        A wall time that the clocks skip comes right after the gap; of one that comes twice, the
        first (for a cron: see Cron). A cron's days are those it really comes on. Where holidays
        are not published it goes on by what is likely: ``uncertain`` says so.
        """
        after, until = max(after, _BEGIN), min(until, _END)
        if self.cron and self.days is None:
            yield from takewhile(lambda moment: moment <= until, Cron(self.cron, zone).after(after))
            return
        walk = _Walk(self, zone)
        for first, last in _stretches(after, until, zone):
            for moment in walk.moments(first, last):
                if after < moment <= until:
                    yield moment
                    after = moment

    def uncertain(self, zone: ZoneInfo, after: int, until: int) -> list[int]:
        """The years of notices not yet published that its days from after to until depend on."""
        if self.days is None and self.holiday is None:
            return []
        after, until = max(after, _BEGIN), min(until, _END)
        asked = set[date]()
        if after < until:
            asked.update(_Walk(self, zone).asked(day_of(after, zone), day_of(until, zone)))
        return sorted({year for year in map(notice_year, asked) if not published(year)})


class _Walk:
    """A cycle followed through the days of one zone."""

    def __init__(self, cycle: Cycle, zone: ZoneInfo) -> None:
        self._cycle = cycle
        self._zone = zone
        self._cron = Cron(cycle.cron, zone) if cycle.cron else None
        self._at = time.fromisoformat((cycle.at or "0:00").zfill(5))
        self._weekdays = {WEEKDAYS.index(word) for word in cycle.weekly}

    def moments(self, first: date, last: date) -> list[int]:
        """When it comes for the days first..last, sorted; a moment may stand for several days."""
        found = set[int]()
        for meant in self._meant(first, last):
            day = self._moved(meant)
            if day is not None and first <= day <= last:
                found.update(self._of_day(meant, day))
        return sorted(found)

    def asked(self, first: date, last: date) -> Iterator[date]:
        """The dates whose holidays matter for first..last."""
        for meant in self._meant(first, last):
            if self._cycle.holiday:
                yield meant - timedelta(days=self._cycle.offset)
            if self._cycle.days:
                yield from (meant, self._moved(meant) or meant)

    def _meant(self, first: date, last: date) -> Iterator[date]:
        """The days of the cycle that can come on first..last, the closed ones beside included."""
        if self._cycle.days and self._cycle.on_closed == "next":
            while not self._open(first - DAY):
                first -= DAY
        if self._cycle.days and self._cycle.on_closed == "previous":
            while not self._open(last + DAY):
                last += DAY
        return (day for day in self._days(first, last) if first <= day <= last)

    def _days(self, first: date, last: date) -> Iterator[date]:
        cycle = self._cycle
        if cycle.on:
            yield cycle.on
        elif cycle.lunar:
            yield from lunar_days(*lunar_date(cycle.lunar), first, last)
        elif cycle.holiday:
            name, offset = cast(HolidayName, cycle.holiday), timedelta(days=cycle.offset)
            for year in range(first.year - 1, min(last.year + 1, LAST) + 1):
                yield likely_first_day(name, year) + offset
        elif self._cron:
            yield from self._cron_days(self._cron, first, last)
        else:
            every = (first + timedelta(days=n) for n in range((last - first).days + 1))
            yield from filter(self._weekly if cycle.weekly else self._monthly, every)

    def _weekly(self, day: date) -> bool:
        return day.weekday() in self._weekdays

    def _monthly(self, day: date) -> bool:
        wanted = self._cycle.monthly
        if (day + DAY).day > 1:
            return day.day in wanted
        return any(number == "last" or int(number) >= day.day for number in wanted)

    def _cron_days(self, cron: Cron, first: date, last: date) -> Iterator[date]:
        moment, end = self._start(first) - 1, self._start(last + DAY)
        while (found := next(cron.after(moment), end)) < end:
            yield (day := day_of(found, self._zone))
            moment = max(found, self._start(day + DAY) - 1)

    def _of_day(self, meant: date, day: date) -> Iterator[int]:
        """When it comes on a day, for the day of the cycle that it may be moved from."""
        if self._cron is None:
            yield instant(day, self._at, self._zone)
            return
        end = self._start(meant + DAY)
        for found in takewhile(lambda ms: ms < end, self._cron.after(self._start(meant) - 1)):
            clock = utc(found).astimezone(self._zone).time()
            yield found if day == meant else instant(day, clock, self._zone)

    def _open(self, day: date) -> bool:
        return self._cycle.days is None or likely_kind(day) in OPEN[self._cycle.days]

    def _moved(self, day: date) -> date | None:
        """The open day instead of a day of the cycle."""
        if self._open(day) or self._cycle.on_closed == "skip":
            return day if self._open(day) else None
        step = DAY if self._cycle.on_closed == "next" else -DAY
        while not self._open(day):
            day += step
        return day

    def _start(self, day: date) -> int:
        return instant(day, time(), self._zone)


def _stretches(after: int, until: int, zone: ZoneInfo) -> Iterator[tuple[date, date]]:
    """The local days around (after, until], a few months at a time."""
    # A day more: clocks set back over midnight show yesterday when today has already begun.
    first, end = day_of(after, zone), day_of(until, zone) + DAY
    while after < until and first <= end:
        last = min(first + _STRETCH, end)
        yield first, last
        first = last + DAY
