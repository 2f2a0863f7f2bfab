"""The tally: how often everybody was written to by a date, counted in bits, against caps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.model.delivery import Cap
from bot.store.bits import Bits
from bot.store.store import Store

PAGE = 1_000
"""Counters read at once."""


class Counts:
    """A number for each member, as one set for every binary digit of it."""

    def __init__(self) -> None:
        self._digits: list[Bits] = []

    def add(self, who: Bits, place: int = 0) -> None:
        """Count these once more; with ``place`` two to its power times more."""
        while who:
            while len(self._digits) <= place:
                self._digits.append(Bits())
            both = self._digits[place] & who
            self._digits[place] = (self._digits[place] | who) - both
            who, place = both, place + 1

    def sum(self, other: Counts) -> None:
        """Add another's numbers."""
        for place, digit in enumerate(other._digits):
            self.add(digit, place)

    def reached(self, limit: int, who: Bits) -> Bits:
        """Who of these was counted at least ``limit`` times."""
        if limit.bit_length() > len(self._digits):
            return Bits()
        above, equal = Bits(), who
        for place in reversed(range(len(self._digits))):
            digit = equal & self._digits[place]
            if limit >> place & 1:
                equal = digit
            else:
                above, equal = above | digit, equal - digit
        return above | equal


class Tally:
    """Counts as the sender would, from what its counters say now.

    Caps are as ``Windows.caps`` gives them for "m" (members) or "g" (groups) without a number.
    """

    def __init__(self, store: Store, now: str, written_to: Bits | None = None) -> None:
        """``now``: no counter is of a later date; ``written_to``: only these members have any."""
        self._store = store
        self._now = now
        self._written_to = written_to
        self._counted: dict[str, Counts] = {}
        self._sums: dict[tuple[str, ...], Counts] = {}
        self._read: dict[str, Bits] = {}

    async def full(self, caps: Sequence[Cap], who: Bits) -> Bits:
        """Who of these may get nothing more."""
        for key in {key for cap in caps for key in cap.keys}:
            await self._load(key, who)
        return Bits.union(self._sum(cap.keys).reached(cap.limit, who) for cap in caps)

    def count(self, caps: Iterable[Cap], who: Bits) -> None:
        """These get one more."""
        for key in {cap.keys[0] for cap in caps}:
            self._note(key, who, 0)

    def _note(self, key: str, who: Bits, place: int) -> None:
        self._counted.setdefault(key, Counts()).add(who, place)
        for keys, counts in self._sums.items():
            if key in keys:
                counts.add(who, place)

    def _sum(self, keys: tuple[str, ...]) -> Counts:
        if keys not in self._sums:
            found = self._sums[keys] = Counts()
            for key in keys:
                found.sum(self._counted.get(key, Counts()))
        return self._sums[keys]

    async def _load(self, key: str, who: Bits) -> None:
        """Read the counters of those not asked for yet."""
        name, _, date = key.rpartition(":")
        if date > self._now:
            return
        kind, rest = name[0], name[1:]
        if kind == "m" and self._written_to is not None:
            who &= self._written_to
        known = self._read.get(key, Bits())
        numbers = (who - known).numbers()
        self._read[key] = known | who
        found: dict[int, list[int]] = {}
        for start in range(0, len(numbers), PAGE):
            page = numbers[start : start + PAGE]
            keys = [self._store.keys.cap(f"{kind}{number}{rest}", date) for number in page]
            for number, count in zip(page, await self._store.call("MGET", *keys), strict=True):
                if count is not None:
                    found.setdefault(int(count), []).append(number)
        for count, those in found.items():
            for place in range(count.bit_length()):
                if count >> place & 1:
                    self._note(key, Bits.of(those), place)
