"""Bits: an immutable set of member numbers over one Python int, fast on a million."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import islice

_PLACES = tuple(tuple(bit for bit in range(8) if byte & (128 >> bit)) for byte in range(256))
"""Where the bits of a byte are, in the server's order."""
_BLOCK = 4096


class Bits:
    """A set of numbers from 0.

    The int holds the bytes of a Redis bitmap as they are, the first byte lowest. The server counts
    a byte's bits from the highest, so number n is bit n ^ 7: algebra and counting need no more, and
    only what names numbers turns them.
    """

    __slots__ = ("_bits", "_bytes")

    def __init__(self, bits: int = 0) -> None:
        self._bits = bits
        self._bytes: bytes | None = None

    @classmethod
    def of_bitmap(cls, bitmap: bytes | bytearray) -> Bits:
        """The set bits of a Redis bitmap."""
        return cls(int.from_bytes(bitmap, "little"))

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Bits:
        """These numbers, in any order; raises IndexError for a negative one."""
        found = [*numbers]
        if not found:
            return cls()
        if min(found) < 0:
            raise IndexError("numbers count from 0")
        bitmap = bytearray(max(found) // 8 + 1)
        for number in found:
            bitmap[number >> 3] |= 128 >> (number & 7)
        return cls.of_bitmap(bitmap)

    @classmethod
    def union(cls, sets: Iterable[Bits]) -> Bits:
        """What is in any of them."""
        return cls(reduce(lambda all_, one: all_ | one._bits, sets, 0))

    def bitmap(self) -> bytes:
        """As a Redis bitmap, without empty bytes at the end."""
        if self._bytes is None:
            self._bytes = self._bits.to_bytes((self._bits.bit_length() + 7) // 8, "little")
        return self._bytes

    def __and__(self, other: Bits) -> Bits:
        return Bits(self._bits & other._bits)

    def __or__(self, other: Bits) -> Bits:
        return Bits(self._bits | other._bits)

    def __xor__(self, other: Bits) -> Bits:
        return Bits(self._bits ^ other._bits)

    def __sub__(self, other: Bits) -> Bits:
        return Bits(self._bits ^ (self._bits & other._bits))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bits) and self._bits == other._bits

    def __hash__(self) -> int:
        return hash(self._bits)

    def __bool__(self) -> bool:
        return self._bits != 0

    def __contains__(self, number: int) -> bool:
        bitmap = self.bitmap()
        return 0 <= number < len(bitmap) * 8 and bool(bitmap[number >> 3] & (128 >> (number & 7)))

    def __repr__(self) -> str:
        shown = ", ".join(map(str, self.numbers(0, 10)))
        return f"Bits({shown}{', …' if self.count() > 10 else ''})"

    def count(self) -> int:
        """How many numbers are in it."""
        return self._bits.bit_count()

    def __iter__(self) -> Iterator[int]:
        """Every number, ascending."""
        return self._from(0)

    def numbers(self, start: int = 0, limit: int | None = None) -> list[int]:
        """A page, ascending: up to ``limit`` numbers after the first ``start`` of them."""
        bitmap, at = self.bitmap(), 0
        while at < len(bitmap):
            count = int.from_bytes(bitmap[at : at + _BLOCK], "little").bit_count()
            if count > start:
                break
            start, at = start - count, at + _BLOCK
        return list(islice(self._from(at), start, None if limit is None else start + limit))

    def _from(self, at: int) -> Iterator[int]:
        bitmap = self.bitmap()
        for index in range(at, len(bitmap)):
            if byte := bitmap[index]:
                first = index * 8
                for place in _PLACES[byte]:
                    yield first + place
