"""Expiry: tags that last for a time end, in order, where people can read it."""

from __future__ import annotations

import asyncio

from bot.delivery.journal import Entry, record
from bot.store.effects import Effects
from bot.store.store import Store

AT_ONCE = 100


class Expiry:
    """Takes tags from members whose time with them is over."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def tick(self) -> int:
        """Take what is due, the earliest first; how many. Nodes that look at once do it once."""
        taken = 0
        while due := await self._due():
            if await self._take(due):
                taken += len(due)
        return taken

    async def _due(self) -> list[tuple[int, str, int]]:
        """The next that are due: (UTC ms, tag, member)."""
        now = self._store.clock.now()
        tags = await self._store.texts("SMEMBERS", self._keys.tags_ending())
        asked = [
            self._store.table(
                *("ZRANGEBYSCORE", self._keys.tags_ends(tag), "-inf", now),
                *("WITHSCORES", "LIMIT", 0, AT_ONCE),
            )
            for tag in tags
        ]
        found = await asyncio.gather(*asked)
        rows = [
            (int(float(at)), tag, int(member))
            for tag, members in zip(tags, found, strict=True)
            for member, at in members.items()
        ]
        return sorted(rows)[:AT_ONCE]

    async def _take(self, due: list[tuple[int, str, int]]) -> bool:
        effects, now = Effects(self._keys), self._store.clock.now()
        for at, tag, member in due:
            effects.guard(at, "ZSCORE", self._keys.tags_ends(tag), member)
            effects.untag(tag, member, now, source="expiry")
            record(effects, Entry(at=now, what="tag.expired", member=member, text=tag))
        return await self._store.apply(effects)
