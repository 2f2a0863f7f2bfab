"""Moves: a step at one of its times put at another, and what that makes of its template."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.clock import utc
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.sop.record import Version
from bot.sop.templates.anchor import CALENDAR, AttributeAnchor, DateAnchor
from bot.sop.templates.step import Reference, Step
from bot.sop.templates.template import Template, Value
from bot.sop.templates.timekeys import wrong_times
from bot.sop.times.cycle import WEEKDAYS
from bot.sop.times.schedule import DAY, DAY_MS, day_of, instant
from bot.sop.times.timing import moments, shift

_BACK = (1, 4, 16)
"""Days quiet hours and blackouts may have held a step back, looked at in turn."""
_ONE_WEEKDAY = re.compile(r"[0-7]|mon|tue|wed|thu|fri|sat|sun", re.IGNORECASE)


class Immovable(Exception):
    """A move that has no meaning; ``phrase`` says why, kindly."""

    def __init__(self, text: str, **values: str | int) -> None:
        super().__init__(text)
        self.phrase = Phrase(text, **values)


@dataclass(frozen=True, slots=True)
class Move:
    """What a SOP does after a move."""

    template: Template
    parameters: dict[str, Value]


def beginning(version: Version, step: str, due: int, zone: ZoneInfo) -> int:
    """The moment a step was meant for that came at ``due``, UTC ms.

    It is earlier where quiet hours held it back or ``due`` is inside the step's window.
    """
    found = version.step(step)
    if found is None:
        return due
    template, values = version.settled, version.parameters
    for back in _BACK:
        before = moments(template, found, values, zone, due - back * DAY_MS, due)
        for last in deque(before, maxlen=1):
            return last
    if not isinstance(found.at, str):
        return due
    meant = instant(day_of(due, zone), found.at, zone)
    return meant if meant <= due else instant(day_of(due, zone) - DAY, found.at, zone)


def moved(
    version: Version, step: str, start: int, to: int, zone: ZoneInfo, *, whole: bool = False
) -> Move:
    """The step, meant for ``start``, at ``to`` instead (UTC ms, told in ``zone``).

    What comes again is moved at all its times. ``whole``: the date all steps count from is moved,
    where it is one date, and they with it. Raises Immovable.
    """
    template, plain = version.template, version.step(step)
    own = template.find(step)
    if own is None or plain is None:
        raise Immovable(msgid("There is no such step any more."))
    work = _Moving(version, own, plain, _local(start, zone), _local(to, zone))
    if whole:
        work.date_itself()
    elif template.anchor == CALENDAR and own.follows is None:
        work.calendar()
    else:
        work.offset(to - start)
    move = work.done()
    if own.follows is None and not template.personal:
        _demand_that_it_comes(version, move, step, to, zone)
    return move


@dataclass
class _Moving:
    """One move; ``own`` is the step as written, ``plain`` with its parameters in place."""

    version: Version
    own: Step
    plain: Step
    old: datetime
    new: datetime
    changes: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)

    @property
    def days(self) -> int:
        """How many days later it is to come."""
        return (self.new.date() - self.old.date()).days

    def done(self) -> Move:
        """Everything put in place."""
        version, template = self.version, self.version.template
        step = self.own.model_copy(update=self.changes)
        steps = tuple(step if one.id == step.id else one for one in template.step)
        changed = template.model_copy(update={"step": steps})
        if next(wrong_times(changed, step), None):
            raise Immovable(msgid("A step cannot be there: its times would not fit together."))
        return Move(changed, {**version.parameters, **self.values})

    # counted from a moment or a date

    def offset(self, ms: int) -> None:
        """Another distance from what it counts from; the time of day where it has one."""
        later = shift(self.plain).total_seconds()
        if isinstance(self.plain.at, str):
            self._clock()
            later += self.days * DAY.total_seconds()
        else:
            later += ms / 1000
        self._later(later)

    def _later(self, seconds: float) -> None:
        anchor = self.version.template.anchor
        before = isinstance(anchor, AttributeAnchor | DateAnchor) or self.plain.holiday
        if seconds < 0 and (self.own.follows is not None or not before):
            raise Immovable(msgid("A step cannot come before what it counts from."))
        if seconds != shift(self.plain).total_seconds():
            self.changes["after"] = seconds if seconds >= 0 else None
            self.changes["before"] = -seconds if seconds < 0 else None

    def date_itself(self) -> None:
        """Another date for all steps; where steps count from a time of day also that."""
        anchor = self.version.template.anchor
        if not isinstance(anchor, DateAnchor) or self.own.follows is not None:
            raise Immovable(msgid("Only steps that count from one date move together."))
        given = self.version.parameters
        day = date.fromisoformat(str(given[anchor.date]))
        if isinstance(self.plain.at, str):
            self._clock()
            self.values[anchor.date] = (day + timedelta(self.days)).isoformat()
            return
        clock = str(given[anchor.time]) if anchor.time else "00:00"
        moment = datetime.fromisoformat(f"{day.isoformat()}T{clock:0>5}") + (self.new - self.old)
        self.values[anchor.date] = moment.date().isoformat()
        if anchor.time:
            self.values[anchor.time] = f"{moment:%H:%M}"

    # by the calendar

    def calendar(self) -> None:
        """Another day of its cycle, and another time of day."""
        step = self.plain
        if isinstance(step.every, str):
            self._cron(step.every)
            return
        if self.days:
            self._another_day(step)
        self._clock()

    def _another_day(self, step: Step) -> None:
        if step.on is not None:
            self._set("on", self.new.date())
        elif step.weekly:
            old, new = WEEKDAYS[self.old.weekday()], WEEKDAYS[self.new.weekday()]
            days = {*self._without(step.weekly, old, new), new}
            self.changes["weekly"] = tuple(day for day in WEEKDAYS if day in days)
        elif step.monthly:
            old_day = next(filter(self._is_old, step.monthly), 0)
            rest = self._without(step.monthly, old_day, self.new.day)
            days_first = sorted(day for day in (*rest, self.new.day) if isinstance(day, int))
            self.changes["monthly"] = (*days_first, *(day for day in rest if day == "last"))
        elif step.holiday:
            self._later(shift(step).total_seconds() + self.days * DAY.total_seconds())
        else:
            raise Immovable(
                msgid("A lunar date is given by the moon: only its time of day can be moved.")
            )

    def _without(self, days: tuple[Any, ...], old: object, new: object) -> list[Any]:
        """The other days of a cycle."""
        if old not in days:
            raise Immovable(
                msgid("It came on this day instead of a closed one: only its time can be moved.")
            )
        if old != new and new in days:
            raise Immovable(msgid("It comes on that day already."))
        return [day for day in days if day != old]

    def _is_old(self, day: int | str) -> bool:
        last = (self.old + DAY).day == 1
        return day == self.old.day or (last and (day == "last" or int(day) > self.old.day))

    def _cron(self, text: str) -> None:
        minute, hour, *days = text.split()
        if f"{self.old:%H:%M}" != f"{self.new:%H:%M}":
            if not (minute.isdecimal() and hour.isdecimal()):
                raise Immovable(
                    msgid("It comes several times a day: change its rule “{rule}” instead."),
                    rule=text,
                )
            minute, hour = str(self.new.minute), str(self.new.hour)
        if self.days:
            days = self._cron_days(text, *days)
        self._window()
        self._set("every", " ".join([minute, hour, *days]))

    def _cron_days(self, text: str, day: str, month: str, weekday: str) -> list[str]:
        new = self.new
        if (day, month) == ("*", "*") and _ONE_WEEKDAY.fullmatch(weekday):
            return ["*", "*", str(new.isoweekday() % 7)]
        if weekday == "*" and day.isdecimal() and (month == "*" or month.isdecimal()):
            return [str(new.day), str(new.month) if month.isdecimal() else "*", "*"]
        if (day, month, weekday) == ("*", "*", "*"):
            raise Immovable(msgid("It comes every day: only its time of day can be moved."))
        raise Immovable(
            msgid("It comes on several days: change its rule “{rule}” instead."), rule=text
        )

    # the time of day

    def _clock(self) -> None:
        self._window()
        if f"{self.old:%H:%M}" != f"{self.new:%H:%M}":
            self._set("at", f"{self.new:%H:%M}")

    def _window(self) -> None:
        """Keep the window as long as it is."""
        if self.own.until is not None:
            end = datetime.combine(self.old, time.fromisoformat(self.own.until))
            self.changes["until"] = f"{end + (self.new - self.old):%H:%M}"

    def _set(self, key: str, value: Any) -> None:
        """Write it into the step, or into the parameter it is asked by."""
        written = getattr(self.own, key)
        if isinstance(written, Reference):
            self.values[written.parameter] = str(value)
        else:
            self.changes[key] = value


def _demand_that_it_comes(version: Version, move: Move, step: str, to: int, zone: ZoneInfo) -> None:
    """A step that is only for workdays, say, cannot be put on a Sunday."""
    settled = move.template.settled(move.parameters)
    one = settled.find(step)
    assert one is not None
    coming: Iterator[int] = moments(settled, one, move.parameters, zone, to - 1, to)
    if next(coming, None) is None:
        raise Immovable(msgid("It would not come then: its rule leaves that day out."))


def _local(ms: int, zone: ZoneInfo) -> datetime:
    return utc(ms).astimezone(zone)
