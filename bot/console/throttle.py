"""The throttle: how often a name and an address may try to log in."""

from __future__ import annotations

from hashlib import sha256

from bot.console.operators import folded
from bot.store.store import Store

WINDOW = 900
"""Seconds in which tries are counted together."""
PER_NAME = 10
PER_ADDRESS = 30


class Throttle:
    """Counts tries before they are judged, so that trying at once gains nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def admit(self, name: str, address: str) -> int:
        """Count a try; 0 when it may be judged, else seconds until the next may."""
        keys = [self._key("name", folded(name)), self._key("address", address)]
        by_name, by_address = await self._store.run("count_tries", keys, [WINDOW])
        if by_name <= PER_NAME and by_address <= PER_ADDRESS:
            return 0
        return WINDOW - self._store.clock.now() // 1000 % WINDOW

    async def forgive(self, name: str) -> None:
        """Forget a name's tries, after the right password."""
        await self._store.call("DEL", self._key("name", folded(name)))

    def _key(self, kind: str, what: str) -> str:
        digest = sha256(f"{kind} {what}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return self._store.keys.tries(digest, self._store.clock.now() // 1000 // WINDOW)
