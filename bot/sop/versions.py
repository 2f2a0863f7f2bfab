"""Versions kept: what a SOP does and did; a version never changes."""

from __future__ import annotations

from bot.sop.record import Sop, Version
from bot.store.effects import Effects
from bot.store.store import Store


class Versions:
    """Reads and keeps versions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, int], Version] = {}

    async def get(self, sop: str, number: int) -> Version:
        """One version of a SOP."""
        known = self._known.get((sop, number))
        if known is None:
            body = await self._store.call("HGET", self._store.keys.sop_versions(sop), number)
            known = self._known[sop, number] = Version.model_validate_json(body)
        return known

    async def all(self, sop: str) -> list[Version]:
        """Every version, the newest first."""
        found = await self._store.table("HGETALL", self._store.keys.sop_versions(sop))
        versions = map(Version.model_validate_json, found.values())
        return sorted(versions, key=lambda version: version.number, reverse=True)

    def keep(self, effects: Effects, sop: Sop, version: Version) -> None:
        """Write a version at commit."""
        body = version.model_dump_json(by_alias=True)
        effects.do("HSET", self._store.keys.sop_versions(sop.id), version.number, body)
