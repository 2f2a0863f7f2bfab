"""What links keep of a member, for a merge."""

from __future__ import annotations

from bot.store.handover import Handover, Item
from bot.store.store import Store


class LinkHolding:
    """The link clicked last, to which what somebody does next is put down."""

    def __init__(self, store: Store) -> None:
        self._keys = store.keys

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py."""
        return [handover.value(self._keys.link_heard)]
