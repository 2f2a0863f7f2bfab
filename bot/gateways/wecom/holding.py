"""What WeCom gateways keep of a member, for a merge: also those that are no more configured."""

from __future__ import annotations

import asyncio

from bot.store.handover import Handover, Item, fact, score
from bot.store.store import Store


class WeComHolding:
    """Of whose staff somebody is a contact, and which of the company's tags they have."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py."""
        held = await asyncio.gather(*(self._at(gateway) for gateway in handover.gateways))
        return [item for some in held for item in some]

    async def _at(self, gateway: str) -> list[Item]:
        keys, texts = self._store.keys, self._store.texts
        staff, tags = await asyncio.gather(
            texts("SMEMBERS", keys.wecom_staff(gateway)),
            texts("HVALS", keys.wecom_tags(gateway)),
        )
        found = [fact(keys.wecom_customers(gateway))]
        found += [fact(keys.wecom_tagged(gateway, tag)) for tag in tags]
        for one in sorted(staff):
            found.append(score(keys.contacts(gateway, one), "contact"))
            found.append(score(keys.channel_came(gateway, one), "first"))
        return found
