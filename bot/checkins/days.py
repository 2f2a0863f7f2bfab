"""The days a member checked in: a bitmap, and the streaks that follow from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

ZERO = date(2024, 1, 1)
"""The day of a bitmap's first bit; earlier days cannot be kept."""
DAY = timedelta(days=1)
_RUN = re.compile("1+")


def offset(day: date) -> int:
    """The bit of a day; raises ValueError for a day before ZERO."""
    if day < ZERO:
        raise ValueError(f"check-ins before {ZERO} cannot be kept, got {day}")
    return (day - ZERO).days


@dataclass(frozen=True, slots=True)
class Days:
    """A set of days, in the order of bits the server keeps (most significant first)."""

    bitmap: bytes = b""

    @classmethod
    def of(cls, *days: date) -> Days:
        """The set of these days."""
        size = max(map(offset, days), default=-1) // 8 + 1
        bitmap = bytearray(size)
        for day in days:
            bitmap[offset(day) // 8] |= 128 >> offset(day) % 8
        return cls(bytes(bitmap))

    def __contains__(self, day: date) -> bool:
        return day >= ZERO and bool(self._until(day) & 1)

    def __iter__(self) -> Iterator[date]:
        """The days, earliest first."""
        for index, byte in enumerate(self.bitmap):
            for bit in range(8) if byte else ():
                if byte & (128 >> bit):
                    yield ZERO + DAY * (index * 8 + bit)

    def __or__(self, other: Days) -> Days:
        size = max(len(self.bitmap), len(other.bitmap))
        mine, others = self.bitmap.ljust(size, b"\0"), other.bitmap.ljust(size, b"\0")
        return Days(bytes(a | b for a, b in zip(mine, others, strict=True)))

    def __sub__(self, other: Days) -> Days:
        size = len(self.bitmap)
        others = other.bitmap.ljust(size, b"\0")
        return Days(bytes(a & ~b for a, b in zip(self.bitmap, others, strict=False)))

    def between(self, first: date | None, last: date | None) -> Days:
        """Those from ``first`` to ``last``, both included; None: without that end."""
        if first is None and last is None:
            return self
        if last is not None and last < ZERO:
            return Days()
        bits, size = int.from_bytes(self.bitmap), len(self.bitmap) * 8
        if first is not None and first > ZERO:
            bits &= (1 << max(0, size - offset(first))) - 1
        if last is not None and offset(last) < size:
            bits &= -1 << (size - 1 - offset(last))
        return Days(bits.to_bytes(len(self.bitmap)))

    @property
    def first(self) -> date | None:
        """The earliest day."""
        bits = int.from_bytes(self.bitmap)
        return ZERO + DAY * (len(self.bitmap) * 8 - bits.bit_length()) if bits else None

    @property
    def total(self) -> int:
        """How many days."""
        return int.from_bytes(self.bitmap).bit_count()

    @property
    def longest(self) -> int:
        """The longest run of days there ever was."""
        bits, length = int.from_bytes(self.bitmap), 0
        while bits:
            bits &= bits << 1
            length += 1
        return length

    @property
    def last(self) -> date | None:
        """The latest day."""
        bits = int.from_bytes(self.bitmap)
        if not bits:
            return None
        trailing = (bits & -bits).bit_length() - 1
        return ZERO + DAY * (len(self.bitmap) * 8 - 1 - trailing)

    def streak(self, today: date) -> int:
        """The days in a row up to today, or up to yesterday while today may still come."""
        return self._run(today) or self._run(today - DAY)

    def runs(self) -> Iterator[tuple[int, int]]:
        """The runs of days as offsets from ZERO: of the first, and of the day after the last."""
        bits = f"{int.from_bytes(self.bitmap):0{len(self.bitmap) * 8}b}" if self.bitmap else ""
        return (run.span() for run in _RUN.finditer(bits))

    def count(self, first: date, last: date) -> int:
        """How many of the days from ``first`` to ``last``, both included."""
        if last < first:
            return 0
        span = (last - first).days + 1
        return (self._until(last) & ((1 << span) - 1)).bit_count()

    def _run(self, last: date) -> int:
        bits = self._until(last)
        return (~bits & (bits + 1)).bit_length() - 1

    def _until(self, last: date) -> int:
        """The days up to ``last`` as a number whose lowest bit is that day."""
        shift = len(self.bitmap) * 8 - 1 - (last - ZERO).days
        bits = int.from_bytes(self.bitmap)
        return bits >> shift if shift >= 0 else bits << -shift


NONE = Days()
"""No day at all."""
