"""Sums: how often each of a million members is in some sets, a bit of all sums at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from bot.store.bits import Bits

NOBODY = Bits()


class Sums:
    """A number for each member, as slices: slice n holds who has bit n in their number.

    Adding a set costs a few passes over its bits, whoever is in it; of a million members a slice
    is 125 kB. Numbers are not negative; who has 0 is not there.
    """

    def __init__(self) -> None:
        self._slices: list[Bits] = []

    @classmethod
    def of(cls, numbers: Mapping[int, int]) -> Sums:
        """The sums of these (member, number)."""
        made = cls()
        for place in range(max(numbers.values(), default=0).bit_length()):
            made._slices.append(Bits.of(m for m, number in numbers.items() if number >> place & 1))
        return made

    def add(self, members: Bits) -> None:
        """One more for each of these."""
        for place, slice_ in enumerate(self._slices):
            if not members:
                return
            self._slices[place], members = slice_ ^ members, slice_ & members
        if members:
            self._slices.append(members)

    def within(self, members: Bits) -> Sums:
        """The same for these only."""
        made = Sums()
        made._slices = [slice_ & members for slice_ in self._slices]
        return made

    def number(self, member: int) -> int:
        """One member's."""
        return sum((member in slice_) << place for place, slice_ in enumerate(self._slices))

    def above(self, number: int) -> int:
        """How many members have more."""
        more, equal = NOBODY, self._everybody
        for place in reversed(range(max(len(self._slices), number.bit_length()))):
            slice_ = self._slices[place] if place < len(self._slices) else NOBODY
            if number >> place & 1:
                equal &= slice_
            else:
                more |= equal & slice_
                equal -= slice_
        return more.count()

    def descending(self) -> Iterator[tuple[int, Bits]]:
        """The numbers there are, the highest first, and who has each."""
        return self._below(len(self._slices) - 1, self._everybody, 0)

    def _below(self, place: int, members: Bits, number: int) -> Iterator[tuple[int, Bits]]:
        if not members:
            return
        if place < 0:
            yield number, members
            return
        slice_ = self._slices[place]
        yield from self._below(place - 1, members & slice_, number | 1 << place)
        yield from self._below(place - 1, members - slice_, number)

    @property
    def _everybody(self) -> Bits:
        return reduce(or_, self._slices, NOBODY)
