"""What membership keeps of a member: accounts, groups, and whose contact they are."""

from __future__ import annotations

from bot.store.handover import Handover, Item, fact, score
from bot.store.store import Store


class MemberHolding:
    """A member's places in the lists of members, groups and contacts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py."""
        keys = self._store.keys
        found = [fact(keys.members_all()), score(keys.moment("contact"), "ours")]
        for number in handover.groups:
            found += [
                fact(keys.group_present(number)),
                fact(keys.group_ever(number)),
                fact(keys.group_removed(number)),
                score(keys.group_joined(number), "first"),
                score(keys.channel_entered(number), "first"),
            ]
        owners = sorted(await self._store.texts("SMEMBERS", keys.attribute_values("owner")))
        for gateway in handover.gateways:
            found.append(fact(keys.gateway_members(gateway)))
            for staff in owners:
                found.append(score(keys.contacts(gateway, staff), "contact"))
                found.append(score(keys.channel_came(gateway, staff), "first"))
        return found
