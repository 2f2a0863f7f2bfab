"""A drawer: rows that operators make at run time, the same on every node within a second."""

from __future__ import annotations

from bot.store.effects import Effects
from bot.store.store import Store

FRESH = 1_000
"""How long, in ms, another node's changes may go unseen."""


class Drawer:
    """A hash of texts and a counter of its changes; it is read again when that has moved."""

    def __init__(self, store: Store, rows: str, changes: str) -> None:
        self.rows: dict[str, str] = {}
        self._store = store
        self._key = rows
        self._changes = changes
        self._seen = ""
        self._looked: int | None = None

    async def fresh(self) -> bool:
        """See to it that the rows are at most a second old; whether they are others now."""
        now = self._store.clock.now()
        if self._looked is not None and abs(now - self._looked) < FRESH:
            return False
        changed = await self.read()
        self._looked = now
        return changed

    async def read(self) -> bool:
        """Read what changed; whether the rows are others now. Raises StoreError."""
        seen = await self._store.text("GET", self._changes) or ""
        if seen == self._seen:
            return False
        rows = await self._store.table("HGETALL", self._key)
        self.rows, self._seen = dict(sorted(rows.items())), seen
        return True

    async def put(self, ident: str, row: str, effects: Effects) -> bool:
        """Keep a row together with ``effects``; False, and nothing is done, when another
        operator changed it since it was read here."""
        effects.guard(self.rows.get(ident, ""), "HGET", self._key, ident)
        effects.do("HSET", self._key, ident, row)
        effects.do("INCR", self._changes)
        return await self._store.apply(effects)
