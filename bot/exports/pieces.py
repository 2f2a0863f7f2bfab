"""What tables are read as: rows in pieces, each of one day or of none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.clock import millis, utc

Cells = Sequence[Any]
Pieces = AsyncIterator[tuple[date | None, Sequence[Cells]]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """The days wanted, in a zone, both included; nothing of single members is from before
    ``kept``.
    """

    since: date
    until: date
    kept: date
    zone: ZoneInfo

    def day(self, at: int) -> date:
        """The day of a moment (UTC ms)."""
        return utc(at).astimezone(self.zone).date()

    def has(self, day: date) -> bool:
        """Whether a day is wanted."""
        return self.since <= day <= self.until

    @property
    def start(self) -> int:
        """Its first moment, UTC ms; 0 for the beginning of time."""
        if self.since.year < 1971:
            return 0
        return millis(datetime.combine(self.since, time(), self.zone))

    @property
    def recent(self) -> list[date]:
        """The wanted days of which single members are kept."""
        first = max(self.since, self.kept)
        return [first + timedelta(n) for n in range((self.until - first).days + 1)]


async def gathered(pieces: Pieces, size: int = 5000) -> Pieces:
    """Pieces of one day together, up to about ``size`` rows; none is empty."""
    held, of = list[Cells](), None
    async for day, rows in pieces:
        if held and (day != of or len(held) >= size):
            yield of, held
            held = []
        of = day
        held.extend(rows)
    if held:
        yield of, held


def by_day(rows: Iterable[tuple[date, T]]) -> Iterator[tuple[date, list[T]]]:
    """Rows of one day together, as they come."""
    for day, some in groupby(rows, key=lambda row: row[0]):
        yield day, [row for _, row in some]


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Rows in lists of at most ``size``."""
    rows = iter(rows)
    while some := [*islice(rows, size)]:
        yield some
