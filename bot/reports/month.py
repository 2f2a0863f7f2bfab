"""A month, a week or a day of entries, laid out for a calendar page."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Generic, Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

from bot.clock import millis

View = Literal["month", "week", "day"]

_QUARTER = 15 * 60_000


class Timed(Protocol):
    """What can stand in a calendar."""

    @property
    def at(self) -> int:
        """When it is, UTC ms."""


T = TypeVar("T", bound=Timed)


@dataclass(frozen=True, slots=True)
class Hour(Generic[T]):
    """An hour of a day as the clock shows it, from ``at`` (UTC ms), with its entries.

    An hour the clock leaves out in spring is not there; one it shows twice in autumn is there
    twice.
    """

    at: int
    clock: str
    entries: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class Day(Generic[T]):
    """A day with its entries in order, from ``start`` until before ``end`` (UTC ms).

    ``inside`` is false for the days of other months that fill a month's weeks. A day that the
    zone left out starts where it ends.
    """

    date: date
    inside: bool
    start: int
    end: int
    entries: tuple[T, ...]
    hours: tuple[Hour[T], ...]


@dataclass(frozen=True, slots=True)
class Period(Generic[T]):
    """What one page shows: weeks from Monday to Sunday, or the one day.

    ``previous`` and ``next`` are days in the periods before and after.
    """

    view: View
    day: date
    weeks: tuple[tuple[Day[T], ...], ...]
    previous: date
    next: date

    @property
    def start(self) -> int:
        """The first moment shown, UTC ms."""
        return self.weeks[0][0].start

    @property
    def end(self) -> int:
        """The moment after the last one shown, UTC ms."""
        return self.weeks[-1][-1].end


def bounds(view: View, day: date, zone: str) -> tuple[int, int]:
    """The first moment (UTC ms) the page around ``day`` shows, and the one after its last."""
    days = _days(view, day)
    tz = ZoneInfo(zone)
    return _midnight(days[0], tz), _midnight(days[-1] + timedelta(1), tz)


def lay(view: View, day: date, entries: Iterable[T], zone: str) -> Period[T]:
    """The page around ``day``, in ``zone``, with the entries that are on it.

    Entries of the same moment keep the order they came in. Weeks and days have their hours too.
    """
    tz = ZoneInfo(zone)
    days = _days(view, day)
    edges = [_midnight(each, tz) for each in (*days, days[-1] + timedelta(1))]
    held: list[list[T]] = [[] for _ in days]
    for entry in sorted(entries, key=lambda entry: entry.at):
        if edges[0] <= entry.at < edges[-1]:
            held[bisect_right(edges, entry.at) - 1].append(entry)
    cells = [
        Day(
            each,
            view != "month" or each.month == day.month,
            start,
            end,
            tuple(some),
            () if view == "month" else _hours(start, end, some, tz),
        )
        for each, some, (start, end) in zip(days, held, pairwise(edges), strict=True)
    ]
    return Period(
        view,
        day,
        tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7)),
        _beside(view, day, -1),
        _beside(view, day, 1),
    )


def _days(view: View, day: date) -> list[date]:
    if view == "day":
        return [day]
    first, weeks = day, 1
    if view == "month":
        first = day.replace(day=1)
        last = _beside(view, day, 1) - timedelta(1)
        weeks = (first.weekday() + last.day + 6) // 7
    monday = first - timedelta(first.weekday())
    return [monday + timedelta(at) for at in range(weeks * 7)]


def _beside(view: View, day: date, step: int) -> date:
    if view == "month":
        months = day.year * 12 + day.month - 1 + step
        return date(months // 12, months % 12 + 1, 1)
    return day + timedelta(step * (7 if view == "week" else 1))


def _hours(start: int, end: int, entries: Sequence[T], tz: ZoneInfo) -> tuple[Hour[T], ...]:
    # Clocks change at quarters of an hour, so every hour begins at one.
    begins: dict[tuple[int, timedelta | None], int] = {}
    for at in range(start, end, _QUARTER):
        begins.setdefault(_hour(at, tz), at)
    held: dict[tuple[int, timedelta | None], list[T]] = {key: [] for key in begins}
    for entry in entries:
        held[_hour(entry.at, tz)].append(entry)
    return tuple(
        Hour(at, f"{_local(at, tz):%H:%M}", tuple(held[key])) for key, at in begins.items()
    )


def _hour(ms: int, tz: ZoneInfo) -> tuple[int, timedelta | None]:
    local = _local(ms, tz)
    return local.hour, local.utcoffset()


def _midnight(day: date, tz: ZoneInfo) -> int:
    """The first moment of a day; where clocks skip midnight, the moment they do."""
    return millis(datetime(day.year, day.month, day.day, tzinfo=tz))


def _local(ms: int, tz: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz)
