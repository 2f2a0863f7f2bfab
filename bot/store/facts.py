"""Facts: sets of member numbers with two encodings, read as plain sets or counted."""

from __future__ import annotations

from collections.abc import Iterator

from bot.store.store import Store


class Facts:
    """Reads facts; writing them is an effect (``Effects.fact``)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def has(self, key: str, number: int) -> bool:
        """Whether the number is in the fact."""
        if await self._is_bitmap(key):
            return bool(await self._store.call("GETBIT", key, number))
        return bool(await self._store.call("SISMEMBER", key, number))

    async def count(self, key: str) -> int:
        """How many numbers are in the fact."""
        bitmap = await self._is_bitmap(key)
        return int(await self._store.call("BITCOUNT" if bitmap else "SCARD", key))

    async def numbers(self, key: str) -> list[int]:
        """The numbers in the fact, ascending; reads it whole."""
        if await self._is_bitmap(key):
            return list(bits(await self._store.call("GET", key) or b""))
        return sorted(int(n) for n in await self._store.call("SMEMBERS", key))

    async def _is_bitmap(self, key: str) -> bool:
        return await self._store.text("TYPE", key) == "string"


def bits(bitmap: bytes) -> Iterator[int]:
    """The positions of the set bits, in the server's order (most significant first)."""
    for index, byte in enumerate(bitmap):
        if byte:
            for bit in range(8):
                if byte & (128 >> bit):
                    yield index * 8 + bit
