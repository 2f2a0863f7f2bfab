"""Visitors: who fetched a link, as a keyed hash that is another every day."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from secrets import token_bytes

from bot.store.store import Store

DAY = 86_400_000
LIFETIME = 2 * 86_400


class Visitors:
    """Hashes address and user agent with the day's key.

    The key is random, shared through the store and gone with its day, so that nobody can find
    the addresses again, not even by trying all. Days are UTC.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: Mapping[int, bytes] = {}
        self._today = -1

    def hash(self, at: int, address: str, agent: str) -> str:
        """The visitor of a hit at ``at`` (UTC ms)."""
        day = at // DAY
        key = self._keys.get(day)
        if key is None:
            # The store was away when the day began: a key of our own till it is back.
            key = token_bytes(32)
            self._keys = {**self._keys, day: key}
        text = f"{address}\n{agent}".encode("utf-8", "replace")
        return blake2b(text, digest_size=8, key=key).hexdigest()

    async def refresh(self) -> None:
        """Get today's and tomorrow's keys when a day began, to be called every second or so.

        Raises StoreError.
        """
        today = self._store.clock.now() // DAY
        if today == self._today:
            return
        self._keys = {day: await self._key(day) for day in (today, today + 1)}
        self._today = today

    async def _key(self, day: int) -> bytes:
        name = self._store.keys.link_salt(day)
        await self._store.call("SET", name, token_bytes(32).hex(), "NX", "EX", LIFETIME)
        return bytes.fromhex(await self._store.text("GET", name) or "") or token_bytes(32)
