"""Unmatched phrases: what members said to the bot and nobody answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bot.routes.clusters import Cluster, clusters
from bot.routing.fold import fold
from bot.store.store import Store


class Unmatched:
    """The phrases that were counted, those together that say nearly the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def page(
        self, search: str, limit: int, skip: int, answered: Callable[[str], bool]
    ) -> tuple[list[Cluster], int]:
        """The clusters in one of whose phrases ``search`` is, the most often said first; and how
        many of them there are. Phrases that are ``answered`` by now are left out."""
        key, wanted = self._store.keys.unmatched(), fold(search)
        rows = await self._store.table("ZRANGE", key, 0, -1, "REV", "WITHSCORES")
        counts = [(said, int(float(n))) for said, n in rows.items() if not answered(said)]
        every = await asyncio.to_thread(clusters, counts)
        found = [one for one in every if any(wanted in said for said, _ in one.phrases)]
        return found[skip : skip + limit], len(found)

    async def dismiss(self, phrases: Sequence[str]) -> bool:
        """Forget phrases; False when none of them is there."""
        if not phrases:
            return False
        return bool(await self._store.call("ZREM", self._store.keys.unmatched(), *phrases))
