"""The audience term ``clicked``: who clicked a campaign or link, ever or in the last days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta, tzinfo

from bot.audience.source import Found, Scope, Source
from bot.clock import utc
from bot.links.links import Link, Links
from bot.store.store import Store


class Clicked(Source):
    """A link is named by its campaign (all its links), its destination or its ``#number``.

    Days are those of ``zone``, in which clicks are counted; the last is today.
    """

    kind = "clicked"
    longest = 100

    def __init__(self, store: Store, links: Links, zone: tzinfo) -> None:
        self._store = store
        self._links = links
        self._zone = zone

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        keys = self._store.keys
        links = [link.number for link in self._every() if value in _names(link)]
        if days is None:
            return [keys.link_clicked(link, "all") for link in links]
        today = utc(self._store.clock.now()).astimezone(self._zone).date()
        last = [today - timedelta(days=n) for n in range(min(days, self.longest))]
        return [keys.link_today(link, day.isoformat()) for link in links for day in last]

    async def known(self, scope: Scope) -> Collection[str]:
        return {name for link in self._every() for name in _names(link)}

    def _every(self) -> list[Link]:
        return self._links.search(limit=self._links.count())


def _names(link: Link) -> tuple[str, ...]:
    return (*filter(None, [link.campaign]), link.url, f"#{link.number}")
