"""The roster: who receives those who scan a code, at one moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.model.live_code import LiveCode, Shift

DAY, WEEK = 1440, 7 * 1440
"""Minutes."""


def on_duty(code: LiveCode, at: datetime) -> tuple[str, ...]:
    """The staff of the shift that is on, else those of the code; ``at`` is local time."""
    minute = at.weekday() * DAY + at.hour * 60 + at.minute
    return next((s.staff for s in code.shifts if covers(s, minute)), code.staff)


def receivers(
    code: LiveCode, at: datetime, added: Mapping[str, int], idle: Collection[str]
) -> tuple[str, ...]:
    """Who receives now; nobody only when everybody is idle.

    ``added``: the day's new contacts by staff, ``idle``: who cannot receive. Those under the cap
    come first, then the spare staff, then those over it, for a code must lead to somebody.
    """
    on = _able(on_duty(code, at), idle)
    return under_cap(code, on, added) or _able(code.spare, idle) or on


def under_cap(code: LiveCode, on: Collection[str], added: Mapping[str, int]) -> tuple[str, ...]:
    """Those of them under the daily cap."""
    cap = code.daily_cap
    return tuple(one for one in on if cap is None or added.get(one, 0) < cap)


def exhausted(
    code: LiveCode, at: datetime, added: Mapping[str, int], idle: Collection[str]
) -> bool:
    """Whether those on duty who are able to receive have all had the day's contacts."""
    on = _able(on_duty(code, at), idle)
    return bool(on) and not under_cap(code, on, added)


def covers(shift: Shift, minute: int) -> bool:
    """Whether a shift is on at a minute of the week, which begins on Monday at midnight."""
    start = minute_of(shift.start)
    length = (minute_of(shift.end) - start) % DAY or DAY
    return any((minute - day * DAY - start) % WEEK < length for day in shift.weekdays)


def overlap(one: Shift, other: Shift) -> bool:
    """Whether two shifts are ever on together."""
    return _begins_in(one, other) or _begins_in(other, one)


def minute_of(time: str) -> int:
    """The minute of the day of a time such as 09:30."""
    hour, _, minute = time.partition(":")
    return int(hour) * 60 + int(minute)


def _begins_in(one: Shift, other: Shift) -> bool:
    start = minute_of(one.start)
    return any(covers(other, day * DAY + start) for day in one.weekdays)


def _able(staff: Collection[str], idle: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in staff if one not in idle))
