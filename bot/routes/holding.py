"""What keyword routes keep of a member, for a merge."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.clock import utc
from bot.routing import ways
from bot.store.handover import Handover, Item, field, score, tally
from bot.store.store import Store

DAY = 86_400_000


class RouteHolding:
    """Places held and waited for, the ways somebody was shown, and how often today."""

    def __init__(self, store: Store, configured: Iterable[str]) -> None:
        """``configured``: the names of the configuration's routes."""
        self._store = store
        self._configured = frozenset(configured)

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py."""
        keys, texts = self._store.keys, self._store.texts
        stored, waited = await asyncio.gather(
            texts("HKEYS", keys.routes()), texts("SMEMBERS", keys.route_waited())
        )
        names = sorted(self._configured | {*stored} | {*waited})
        sources = await asyncio.gather(
            *(texts("SMEMBERS", keys.route_sources(one)) for one in names)
        )
        names += [
            ways.of(one, source)
            for one, its in zip([*names], sources, strict=True)
            for source in its
        ]
        led = await asyncio.gather(*(texts("SMEMBERS", keys.route_groups(one)) for one in names))
        groups = {*map(str, handover.groups)}.union(*led)
        found = [handover.table(keys.route_ways)]
        found += [score(keys.route_held(group), "last") for group in sorted(groups)]
        for route, its in zip(names, led, strict=True):
            found += self._asked(route)
            for group in its:
                found.append(score(keys.route_invited(group, route), "last"))
                found.append(score(keys.route_joined(group, route), "last"))
                found.append(score(keys.route_quit(group, route), "last"))
        return found

    def _asked(self, route: str) -> list[Item]:
        keys, now = self._store.keys, self._store.clock.now()
        days = [utc(now + n * DAY).date() for n in (-1, 0, 1)]  # today in any zone
        return [
            score(keys.route_waiting(route), "first"),
            field(keys.route_waiters(route)),
            score(keys.route_asked(route), "last"),
            *(tally(keys.route_asks(day, route)) for day in days),
        ]
