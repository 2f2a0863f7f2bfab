"""People: whose members and groups are, and how members came."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.members import Members
from bot.store.store import Store

NOBODY = Bits()


class People:
    """What is known of some members and of all groups; '' is nobody's, and no channel."""

    def __init__(
        self,
        owners: Mapping[int, str],
        staff: Mapping[int, str],
        channels: Mapping[int, str],
        owned: Mapping[str, Bits],
        came: Mapping[str, Bits],
    ) -> None:
        self._owners = owners
        self._staff = staff
        self._channels = channels
        self._owned = owned
        self._came = came

    @classmethod
    async def of(cls, store: Store, members: Members, numbers: Collection[int]) -> People:
        """Read it for these members; raises StoreError."""
        owners = {group.number: group.owner for group in await members.groups()}
        keys = store.keys
        asked = (
            store.ask("HMGET", keys.member(n), "attribute:owner", "attribute:channel")
            for n in numbers
        )
        known = dict(zip(numbers, await asyncio.gather(*asked), strict=True))
        names = {
            name: await store.texts("SMEMBERS", keys.attribute_values(name))
            for name in ("owner", "channel")
        }
        owned = await read(store, [keys.owner_members(one) for one in names["owner"]])
        came = await read(store, [keys.channel_members(one) for one in names["channel"]])
        return cls(
            owners,
            {n: _text(found[0]) for n, found in known.items()},
            {n: _text(found[1]) for n, found in known.items()},
            {one: owned[keys.owner_members(one)] for one in names["owner"]},
            {one: came[keys.channel_members(one)] for one in names["channel"]},
        )

    def staff(self, group: int, member: int) -> str:
        """Whose the member is; else, and of those nobody knows, whose the group is."""
        return self._staff.get(member, "") or self._owners.get(group, "")

    def channel(self, member: int) -> str:
        """How a member came."""
        return self._channels.get(member, "")

    def by_staff(self, group: int, members: Bits) -> dict[str, Bits]:
        """Members a message reached, by whose they are, or the group is."""
        found = _parted(self._owned, members)
        if (rest := found.pop("", None)) is not None:
            owner = self._owners.get(group, "")
            found[owner] = found.get(owner, NOBODY) | rest
        return found

    def by_channel(self, members: Bits) -> dict[str, Bits]:
        """Members by how they came."""
        return _parted(self._came, members)


def _parted(parts: Mapping[str, Bits], members: Bits) -> dict[str, Bits]:
    found = {name: members & part for name, part in parts.items()}
    found[""] = members - Bits.union(found.values())
    return {name: part for name, part in found.items() if part}


def _text(value: bytes | None) -> str:
    return value.decode() if value else ""
