"""What deliveries keep of a member, for a merge: what was counted against caps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from bot.clock import utc
from bot.store.handover import Handover, Item
from bot.store.store import Store

DAY = 86_400_000
WEEK = 7
"""Days the longest cap but a month's looks back."""

Topics = Callable[[], Awaitable[Iterable[str]]]


class CapHolding:
    """How many messages somebody was sent, of all, by topic, and by each gateway."""

    def __init__(self, store: Store, capped: Iterable[str], topics: Topics) -> None:
        """``capped``: topics that have a cap; ``topics``: those messages are about."""
        self._store = store
        self._capped = frozenset(capped)
        self._topics = topics

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py; the names are those of bot/sop/times/window.py."""
        now = self._store.clock.now()
        days = [utc(now - n * DAY).date() for n in range(-1, WEEK + 1)]  # today in any zone
        months = sorted({f"{day:%Y-%m}" for day in days})
        gateways = handover.gateways
        names = {*self._capped, *await self._topics(), *gateways}
        about = ["", *(f":{one}" for one in sorted(names))]
        dates = [(one, str(day)) for one in about for day in days]
        dates += [(f":{gateway}", month) for gateway in gateways for month in months]
        return [self._counter(handover, *one) for one in dates]

    def _counter(self, handover: Handover, about: str, date: str) -> Item:
        return handover.counter(lambda number: self._store.keys.cap(f"m{number}{about}", date))
