"""Given: who or what gave and took a member's tags lately, and when they end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.delivery.journal import Entry
from bot.store.store import Store
from bot.tags.applications import Applications


@dataclass(frozen=True, slots=True)
class Giving:
    """A tag given (or taken) at ``at`` (UTC ms) by ``source``."""

    at: int
    tag: str
    given: bool
    source: str


class Given:
    """Reads the last 16 of each member that were given or taken alone, and what was applied."""

    def __init__(self, store: Store, applications: Applications) -> None:
        self._store = store
        self._keys = store.keys
        self._applications = applications

    async def lately(self, member: int) -> list[Giving]:
        """The newest first."""
        rows = await self._store.texts("LRANGE", self._keys.tags_lately(member), 0, -1)
        found = [_giving(row) for row in rows]
        for one in await self._applications.of(member):
            source = f"application {one.id}, by {one.by}"
            found.append(Giving(one.at, one.tag, one.gives, source))
        return sorted(found, key=lambda giving: -giving.at)

    async def happened(self, member: int, before: int, most: int) -> Sequence[tuple[str, Entry]]:
        """The same for the timeline: up to ``most``, of ``before`` (UTC ms) or earlier."""
        every = await self.lately(member)
        older = [(at, one) for at, one in enumerate(reversed(every)) if one.at <= before]
        return [(f"{at:02}", _entry(member, one)) for at, one in older[::-1][:most]]

    async def ends(self, member: int) -> dict[str, int]:
        """When the member loses tags that last for a time, UTC ms."""
        tags = sorted(await self._store.texts("SMEMBERS", self._keys.tags_ending()))
        asked = (self._store.text("ZSCORE", self._keys.tags_ends(tag), member) for tag in tags)
        found = zip(tags, await asyncio.gather(*asked), strict=True)
        return {tag: int(float(at)) for tag, at in found if at}


def _giving(row: str) -> Giving:
    when, tag, source = row.split("\n", 2)
    return Giving(int(when[:-1]), tag, when[-1] == "+", source)


def _entry(member: int, one: Giving) -> Entry:
    what = "tag.given" if one.given else "tag.taken"
    return Entry(at=one.at, what=what, member=member, reason=one.source, text=one.tag)
