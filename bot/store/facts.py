"""Facts: sets of member numbers with two encodings, read as plain sets or counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.store.bits import Bits
from bot.store.line import StoreError
from bot.store.store import Store


class Facts:
    """Reads single facts; writing them is an effect (``Effects.fact``)."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def has(self, key: str, number: int) -> bool:
        """Whether the number is in the fact."""
        if await self._is_bitmap(key):
            return bool(await self.store.call("GETBIT", key, number))
        return bool(await self.store.call("SISMEMBER", key, number))

    async def count(self, key: str) -> int:
        """How many numbers are in the fact."""
        bitmap = await self._is_bitmap(key)
        return int(await self.store.call("BITCOUNT" if bitmap else "SCARD", key))

    async def numbers(self, key: str) -> list[int]:
        """The numbers in the fact, ascending; reads it whole."""
        return [*(await read(self.store, [key]))[key]]

    async def _is_bitmap(self, key: str) -> bool:
        return await self.store.text("TYPE", key) == "string"


async def read(store: Store, keys: Sequence[str]) -> dict[str, Bits]:
    """Facts by their keys, all asked for in one go; raises StoreError.

    A fact's encoding is only known by its answer, so each is asked for as a set and as a bitmap:
    the wrong one of the two is refused at once. A set may become a bitmap, never the other way.
    """
    asked = [store.ask(command, key) for key in keys for command in ("SMEMBERS", "GET")]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    return {
        key: _fact(numbers, bitmap)
        for key, numbers, bitmap in zip(keys, answers[::2], answers[1::2], strict=True)
    }


def _fact(numbers: object, bitmap: object) -> Bits:
    if isinstance(numbers, list):
        return Bits.of(map(int, numbers))
    if bitmap is None or isinstance(bitmap, bytes):
        return Bits.of_bitmap(bitmap or b"")
    raise bitmap if isinstance(bitmap, BaseException) else StoreError("not a fact")
