"""Timing: when a template's steps come, for everybody or for one target."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import blake2b
from itertools import islice
from zoneinfo import ZoneInfo

from bot.sop.templates.anchor import AttributeAnchor, DateAnchor
from bot.sop.templates.step import Step
from bot.sop.templates.template import Template, Value
from bot.sop.times.cycle import Cycle
from bot.sop.times.schedule import DAY, MOST, Cron, day_of, instant

WIDEST = 26 * 3_600_000
"""Ms between the same wall time in the first and the last zone of the world."""
GOLDEN = (math.sqrt(5) - 1) / 2
Pauses = Sequence[tuple[int, int]]
"""When a SOP did not run: from, until, UTC ms, in order."""


def occurrences(
    template: Template,
    step: Step,
    values: Mapping[str, Value],
    zone: ZoneInfo,
    after: int,
    until: int,
) -> list[int]:
    """When a step of a calendar or date SOP comes, in (after, until]; the first ``MOST``."""
    return list(islice(moments(template, step, values, zone, after, until), MOST))


def moments(
    template: Template,
    step: Step,
    values: Mapping[str, Value],
    zone: ZoneInfo,
    after: int,
    until: int,
) -> Iterator[int]:
    """The same without end but ``until``, one by one."""
    if step.follows is not None or template.personal:
        return iter(())
    if isinstance(template.anchor, DateAnchor):
        moment = _dated(template.anchor, step, values, zone)
        return iter([moment] if after < moment <= until else [])
    if isinstance(step.every, str) and step.days is None:
        return _until(Cron(step.every, zone).after(after), until)
    return cycle_of(step).moments(zone, after, until)


def cycle_of(step: Step) -> Cycle:
    """What a calendar step's keys say, as a cycle."""
    return Cycle(
        cron=step.every if isinstance(step.every, str) else None,
        weekly=step.weekly or (),
        monthly=step.monthly or (),
        on=step.on if isinstance(step.on, date) else None,
        lunar=step.lunar,
        holiday=step.holiday,
        offset=shift(step).days if step.holiday else 0,
        at=step.at if isinstance(step.at, str) else None,
        days=step.days,
        on_closed=step.closed,
    )


def _until(moments: Iterator[int], until: int) -> Iterator[int]:
    for moment in moments:
        if moment > until:
            return
        yield moment


def _dated(anchor: DateAnchor, step: Step, values: Mapping[str, Value], zone: ZoneInfo) -> int:
    day, later = date.fromisoformat(str(values[anchor.date])), shift(step)
    if isinstance(step.at, str):
        return instant(day + later, step.at, zone)
    clock = str(values[anchor.time]) if anchor.time else "00:00"
    return instant(day, clock, zone) + int(later.total_seconds() * 1000)


def shift(step: Step) -> timedelta:
    """How far a step is from its anchor; negative for ``before``."""
    return timedelta(seconds=(step.after or 0.0) - (step.before or 0.0))


def due(step: Step, anchor: int, zone: ZoneInfo, pauses: Pauses = ()) -> int:
    """When a step comes for somebody whose anchor is this moment; ``pauses`` do not count.

    With ``at``: that time of day so many days later; when it has passed on the day of the anchor
    itself, on the next.
    """
    found = _due(step, anchor, zone)
    stood = 0
    for start, end in pauses:
        if start >= found or end <= anchor:
            continue
        stood += end - max(start, anchor)
        found = _due(step, anchor + stood, zone)
    return found


def _due(step: Step, anchor: int, zone: ZoneInfo) -> int:
    later = shift(step)
    if not isinstance(step.at, str):
        return anchor + int(later.total_seconds() * 1000)
    day = day_of(anchor, zone) + later
    moment = instant(day, step.at, zone)
    return moment if moment >= anchor else instant(day + DAY, step.at, zone)


def reach(step: Step, now: int) -> int:
    """No anchor later than this can be due at ``now``, in any zone."""
    anchor = now - int(shift(step).total_seconds() * 1000)
    return min(now, anchor + (WIDEST if step.at else 0))


def personal_moment(
    step: Step, anchor: AttributeAnchor, day: date, value: str, zone: ZoneInfo
) -> int:
    """When a step comes for somebody whose date falls on ``day``; ``value`` is what they told.

    Without ``at`` it counts from the time of day in the value ("2026-12-01 15:00"), else midnight.
    """
    if isinstance(step.at, str):
        return instant(day + shift(step), step.at, zone)
    return instant(day, clock_in(value), zone) + int(shift(step).total_seconds() * 1000)


def clock_in(value: str) -> str:
    """The time of day in an attribute such as "2026-12-01 15:00"; midnight when there is none."""
    try:
        return f"{datetime.fromisoformat(value.strip()):%H:%M}"
    except ValueError:
        return "00:00"


def in_window(step: Step, start: int, occurrence: str, number: int, zone: ZoneInfo) -> int:
    """Where in the step's window, which begins at ``start``, a target has its place."""
    if step.until is None:
        return start
    return start + int((window_end(step, start, zone) - start) * place_of(step, occurrence, number))


def window_end(step: Step, start: int, zone: ZoneInfo) -> int:
    """The end of the window that begins at ``start``."""
    if step.until is None:
        return start
    day = day_of(start, zone)
    end = instant(day, step.until, zone)
    return end if end > start else instant(day + DAY, step.until, zone)


def place_of(step: Step, occurrence: str, number: int) -> float:
    """A target's place in a window, between 0 and 1, always the same.

    Even: neighbours of a growing audience are always far apart and the window is filled evenly,
    whatever their number (Weyl's sequence). Random: by a hash.
    """
    return number * GOLDEN % 1.0 if step.spread == "even" else share_of(occurrence, number)


def share_of(seed: str, number: int) -> float:
    """A target's place between 0 and 1, always the same: for variants and hold-outs."""
    digest = blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def month_days(day: date) -> list[int]:
    """The yearly dates (MMDD) celebrated on a day: 29 February on the 28th in most years."""
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    found = [day.month * 100 + day.day]
    return [*found, 229] if found == [228] and not leap else found


def day_number(day: date) -> int:
    """A date as YYYYMMDD, the score of dates that come once."""
    return day.year * 10_000 + day.month * 100 + day.day
