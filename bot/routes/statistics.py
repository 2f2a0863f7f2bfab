"""Statistics of routes: who asked, was shown the way in, joined and stayed, and by which rule."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.i18n.mark import msgid
from bot.routing.ways import STAY, of
from bot.store.store import Store

DEFINITIONS = {
    "asked": msgid("members who asked for it, counted at the last time they did"),
    "invited": msgid("members shown the way into the group, counted at the last time they were"),
    "joined": msgid("members who came into the group within 30 days of being shown the way"),
    "stayed": msgid("of those who joined, who were still there seven days later"),
}
"""What is counted, to be translated. All are numbers of people, each in a group once."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """What came of a route in one group; of all its groups together (``group`` 0) the sums.

    Only whole routes are asked for, so ``asked`` is 0 in single groups.
    """

    route: str
    group: int
    asked: int
    invited: int
    joined: int
    stayed: int


@dataclass(frozen=True, slots=True)
class Led:
    """What came of those one word, or one SOP, led to a route.

    ``kind`` is "word" or "sop", ``name`` the word, or the SOP's id. Who was led there by several
    counts with each, so these may be more than the route's.
    """

    kind: str
    name: str
    funnel: Funnel


class Statistics:
    """Counts from what is kept of each member: exact, whenever it is asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def funnel(self, route: str, since: int, until: int) -> list[Funnel]:
        """A route from ``since`` until before ``until`` (UTC ms), all of it first."""
        keys = self._store.keys
        groups = sorted(map(int, await self._store.texts("SMEMBERS", keys.route_groups(route))))
        asked = await self._count(keys.route_asked(route), since, until)
        rows = await asyncio.gather(*(self._row(route, g, since, until) for g in groups))
        whole = Funnel(
            route,
            0,
            asked,
            sum(row.invited for row in rows),
            sum(row.joined for row in rows),
            sum(row.stayed for row in rows),
        )
        return [whole, *rows]

    async def sources(self, route: str, since: int, until: int) -> list[Led]:
        """The same by what led to it, words first, without those by which nobody came."""
        found = []
        for source in await self._store.texts("SMEMBERS", self._store.keys.route_sources(route)):
            kind, _, name = source.partition(" ")
            whole, *_ = await self.funnel(of(route, source), since, until)
            if whole.asked or whole.invited or whole.joined:
                found.append(Led(kind, name, whole))
        return sorted(found, key=lambda led: (led.kind != "word", -led.funnel.asked, led.name))

    async def _row(self, route: str, group: int, since: int, until: int) -> Funnel:
        keys = self._store.keys
        # Of who joined less than a week ago nobody knows yet.
        settled = min(until, self._store.clock.now() - STAY + 1)
        invited, joined, came, quit_ = await asyncio.gather(
            self._count(keys.route_invited(group, route), since, until),
            self._count(keys.route_joined(group, route), since, until),
            self._count(keys.route_joined(group, route), since, settled),
            self._count(keys.route_quit(group, route), since, settled),
        )
        return Funnel(route, group, 0, invited, joined, came - quit_)

    async def _count(self, key: str, since: int, until: int) -> int:
        return int(await self._store.call("ZCOUNT", key, since, f"({until}"))
