"""The sources that need only the store: who is where, tagged, owned, active and new."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import timedelta

from bot.audience.algebra import place_of
from bot.audience.source import Found, GroupSource, Scope, Source
from bot.clock import Days
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.members import Group, Members
from bot.store.scores import between
from bot.store.store import Store

DAY_MS = 86_400_000


def store_sources(
    store: Store,
    members: Members,
    days: Days,
    gateways: Collection[str],
    tags: Collection[str] = (),
) -> list[Source]:
    """All of them; ``tags`` are known though nobody may have them yet."""
    return [
        Everyone(store),
        AllGroups(store, members),
        InGroup(store),
        EverIn(store),
        LeftGroup(store),
        Tagged(store, tags),
        AtGateway(store, gateways),
        OwnedBy(store),
        Active(store, days),
        Joined(store, members),
    ]


class Everyone(Source):
    """Every member."""

    kind = "everyone"

    def __init__(self, store: Store) -> None:
        self._keys = store.keys

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        return [self._keys.members_all()]


class AllGroups(GroupSource):
    """Who is in any group that is still there; every such group."""

    kind = "all-groups"

    def __init__(self, store: Store, members: Members) -> None:
        self._keys = store.keys
        self._members = members

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        groups = await self._members.groups()
        return [self._keys.group_present(group.number) for group in groups if not group.gone]

    def chooses(self, group: Group, value: str) -> bool:
        return True


class Groups:
    """What expressions call groups, and their numbers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def number(self, place: str) -> int | None:
        """The number of ``gateway/id``, or None."""
        name = place.replace("/", "/g/", 1)
        found = await self._store.text("HGET", self._store.keys.group_ids(), name)
        return int(found) if found else None

    async def places(self) -> set[str]:
        """Every group that was ever heard of."""
        names = await self._store.texts("HKEYS", self._store.keys.group_ids())
        return {name.replace("/g/", "/", 1) for name in names}


class InGroup(GroupSource):
    """Who is in one group; nobody when it is gone."""

    kind = "group"

    def __init__(self, store: Store) -> None:
        self._store = store
        self._groups = Groups(store)

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        keys, number = self._store.keys, await self._groups.number(value)
        if number is None or await self._store.text("HGET", keys.group(number), "gone") == "1":
            return []
        return [keys.group_present(number)]

    async def known(self, scope: Scope) -> Collection[str]:
        return await self._groups.places()

    def chooses(self, group: Group, value: str) -> bool:
        return place_of(group) == value


class EverIn(Source):
    """Who is in a group or ever came into it, as far as that was noted; also when it is gone."""

    kind = "was-in"

    def __init__(self, store: Store) -> None:
        self._keys = store.keys
        self._groups = Groups(store)

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        number = await self._groups.number(value)
        if number is None:
            return []
        return [self._keys.group_ever(number), self._keys.group_present(number)]

    async def known(self, scope: Scope) -> Collection[str]:
        return await self._groups.places()


class LeftGroup(Source):
    """Who was in a group and is not any more, as far as that was noted."""

    kind = "left"

    def __init__(self, store: Store) -> None:
        self._store = store
        self._groups = Groups(store)

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        number = await self._groups.number(value)
        if number is None:
            return []
        ever, present = self._store.keys.group_ever(number), self._store.keys.group_present(number)
        found = await read(self._store, [ever, present])
        return found[ever] - found[present]

    async def known(self, scope: Scope) -> Collection[str]:
        return await self._groups.places()


class Tagged(Source):
    """Who has a tag."""

    kind = "tag"

    def __init__(self, store: Store, always: Collection[str] = ()) -> None:
        self._store = store
        self._always = always

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        return [self._store.keys.tag(value)]

    async def known(self, scope: Scope) -> Collection[str]:
        used = await self._store.texts("ZRANGE", self._store.keys.tag_names(), 0, -1)
        return {*used, *self._always}


class AtGateway(GroupSource):
    """Who has an account at a gateway; the groups there."""

    kind = "gateway"

    def __init__(self, store: Store, gateways: Collection[str]) -> None:
        self._keys = store.keys
        self._gateways = gateways

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        return [self._keys.gateway_members(value)]

    async def known(self, scope: Scope) -> Collection[str]:
        return self._gateways

    def chooses(self, group: Group, value: str) -> bool:
        return group.conversation.gateway == value


class OwnedBy(GroupSource):
    """Whose attribute ``owner`` is a staff member; the groups that are theirs."""

    kind = "owner"

    def __init__(self, store: Store) -> None:
        self._keys = store.keys

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        return [self._keys.owner_members(value)]

    def chooses(self, group: Group, value: str) -> bool:
        return group.owner == value


class Active(Source):
    """Who spoke in the last days, with today: days of the workspace's zone."""

    kind = "active"
    longest = 400

    def __init__(self, store: Store, days: Days) -> None:
        self._store = store
        self._days = days

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        today = self._days.of(self._store.clock.now())
        last = range(min(days or 1, self.longest))
        return [self._store.keys.active((today - timedelta(days=n)).isoformat()) for n in last]


class Joined(Source):
    """Who joined a group in the last so many times 24 hours, and is still in it."""

    kind = "joined"

    def __init__(self, store: Store, members: Members) -> None:
        self._store = store
        self._members = members

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        since = self._store.clock.now() - (days or 1) * DAY_MS
        groups = [group.number for group in await self._members.groups() if not group.gone]
        found = await asyncio.gather(*(self.since(number, since) for number in groups))
        return Bits.union(found)

    async def since(self, group: int, since: int) -> Bits:
        """Who joined a group at ``since`` (UTC ms) or later."""
        return await between(self._store, self._store.keys.group_joined(group), since, "+inf")
