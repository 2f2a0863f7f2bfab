"""Wholes: facts read as one int each, so that a million members are compared at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence

from bot.store.facts import bits
from bot.store.store import Store


async def read(store: Store, keys: Sequence[str]) -> dict[str, int]:
    """Facts by their keys; the int has a bitmap's bytes, the first one lowest. Raises StoreError.

    A fact's encoding is only known by its answer, so each is asked for as a set and as a bitmap:
    the wrong one of the two is refused at once.
    """
    asked = [store.ask(command, key) for key in keys for command in ("SMEMBERS", "GET")]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    return {
        key: _whole(members, bitmap)
        for key, members, bitmap in zip(keys, answers[::2], answers[1::2], strict=True)
    }


def has(whole: int, number: int) -> bool:
    """Whether a number is in it; the server counts a byte's bits from the highest."""
    return bool(whole >> (number ^ 7) & 1)


def numbers(whole: int) -> Iterator[int]:
    """The numbers in it, ascending."""
    return bits(whole.to_bytes((whole.bit_length() + 7) // 8, "little"))


def _whole(members: object, bitmap: object) -> int:
    if isinstance(bitmap, bytes):
        return int.from_bytes(bitmap, "little")
    if isinstance(members, BaseException):
        raise members
    return _made(int(one) for one in members) if isinstance(members, Iterable) else 0


def _made(found: Iterable[int]) -> int:
    whole = bytearray()
    for number in found:
        whole.extend(bytes(max(0, (number >> 3) + 1 - len(whole))))
        whole[number >> 3] |= 128 >> (number & 7)
    return int.from_bytes(whole, "little")
