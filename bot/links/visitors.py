"""Visitors: who fetched a link, as a keyed hash that is another every day."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from hmac import compare_digest
from secrets import token_bytes

from bot.store.store import Store

DAY = 86_400_000
LIFETIME = 2 * 86_400
SEAL = 27
"""Letters of a seal."""


class Visitors:
    """Hashes address and user agent with the day's key.

    The key is random, shared through the store and gone with its day, so that nobody can find
    the addresses again, not even by trying all. Days are UTC.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: Mapping[int, bytes] = {}
        self._hashes: Mapping[int, blake2b] = {}
        self._today = -1

    def hash(self, at: int, address: str, agent: str) -> str:
        """The visitor of a hit at ``at`` (UTC ms)."""
        text = f"{address}\n{agent}".encode("utf-8", "replace")
        keyed = self._hash_of(at // DAY).copy()  # cheaper than taking in the key again
        keyed.update(text)
        return keyed.hexdigest()

    def seal(self, text: str, until: int) -> str:
        """SEAL letters and digits that only we can make and prove ``text`` until that UTC ms.

        ``until`` may be hours ahead, not days.
        """
        key = self._key_of(until // DAY)
        tag = blake2b(f"{until}\n{text}".encode(), digest_size=8, key=key, person=b"seal")
        return f"{until:011x}{tag.hexdigest()}"

    def sealed(self, text: str, seal: str, at: int) -> bool:
        """Whether a seal proves a text at ``at`` (UTC ms)."""
        try:
            until = int(seal[:11], 16)
        except ValueError:
            return False
        return at <= until < at + 2 * DAY and compare_digest(
            self.seal(text, until).encode(), seal.encode("utf-8", "replace")
        )

    def _key_of(self, day: int) -> bytes:
        key = self._keys.get(day)
        if key is None:
            # The store was away when the day began: a key of our own till it is back.
            key = token_bytes(32)
            self._keys = {**self._keys, day: key}
        return key

    def _hash_of(self, day: int) -> blake2b:
        found = self._hashes.get(day)
        if found is None:
            found = blake2b(digest_size=8, key=self._key_of(day))
            self._hashes = {day: found}
        return found

    async def refresh(self) -> None:
        """Get today's and tomorrow's keys when a day began, to be called every second or so.

        Raises StoreError.
        """
        today = self._store.clock.now() // DAY
        if today == self._today:
            return
        self._keys = {day: await self._key(day) for day in (today, today + 1)}
        self._hashes = {}
        self._today = today

    async def _key(self, day: int) -> bytes:
        name = self._store.keys.link_salt(day)
        await self._store.call("SET", name, token_bytes(32).hex(), "NX", "EX", LIFETIME)
        return bytes.fromhex(await self._store.text("GET", name) or "") or token_bytes(32)
