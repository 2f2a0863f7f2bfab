"""A town with tags: members, groups, and everything that gives and takes tags."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from bot.audience import Algebra, Segments
from bot.audience.sources import store_sources
from bot.clock import Days
from bot.model.conversation import Account, Conversation
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Group, Members
from bot.store.store import Store
from bot.tags.applications import Applications
from bot.tags.expiry import Expiry
from bot.tags.lists import Lists
from bot.tags.parts import Parting
from bot.tags.registry import Registry
from bot.tags.renaming import Renaming
from bot.tags.rosters import Rosters
from bot.tags.rules import Rules
from bot.testing.clock import TestClock


class Town:
    """The rooms of tags over a real store."""

    def __init__(self, store: Store, clock: TestClock) -> None:
        self.store, self.keys, self.clock = store, store.keys, clock
        self.members, self.segments, self.facts = Members(store), Segments(store), Facts(store)
        sources = store_sources(store, self.members, Days("Asia/Shanghai"), ("sandbox",))
        self.algebra = Algebra(store, self.members, self.segments, sources)
        self.registry = Registry(store)
        self.applications = Applications(store, self.registry)
        self.expiry = Expiry(store)
        self.rules = Rules(store, self.algebra, self.registry, {})
        self.renaming = Renaming(store, self.registry)
        self.rosters = Rosters(store, self.members)
        self.parting = Parting(
            self.algebra, self.members, self.rosters, Lists(store, ("sandbox", "wecom"))
        )

    async def member(self, name: str, gateway: str = "sandbox") -> int:
        return await self.members.number(gateway, Account(id=name, name=name))

    async def people(self, count: int) -> list[int]:
        return [await self.member(f"p{index}") for index in range(count)]

    async def group(self, name: str) -> Group:
        where = Conversation(gateway="sandbox", group=name)
        found = await self.members.group(await self.members.group_number(where, name))
        assert found
        return found

    async def comes(self, member: int, group: Group) -> None:
        """As an event would write it."""
        effects, now = Effects(self.keys), self.clock.now()
        effects.fact(self.keys.group_present(group.number), member)
        effects.do("ZADD", self.keys.group_joined(group.number), now, member)
        effects.moved(group.number, member, now, came=True)
        assert await self.store.apply(effects)

    async def leaves(self, member: int, group: Group) -> None:
        effects, now = Effects(self.keys), self.clock.now()
        effects.fact(self.keys.group_present(group.number), member, present=False)
        effects.do("ZREM", self.keys.group_joined(group.number), member)
        effects.moved(group.number, member, now, came=False)
        assert await self.store.apply(effects)

    async def give(self, tag: str, *members: int, lasts: int | None = None) -> None:
        effects = Effects(self.keys)
        for member in members:
            effects.tag(tag, member, self.clock.now(), source="by ann", lasts=lasts)
        assert await self.store.apply(effects)

    async def take(self, tag: str, *members: int) -> None:
        effects = Effects(self.keys)
        for member in members:
            effects.untag(tag, member, self.clock.now(), source="by ann")
        assert await self.store.apply(effects)

    async def who(self, tag: str) -> list[int]:
        return await self.facts.numbers(self.keys.tag(tag))

    async def tags(self, names: Iterable[str]) -> dict[str, set[int]]:
        return {name: set(await self.who(name)) for name in names}


@pytest.fixture
def town(store: Store, clock: TestClock) -> Town:
    return Town(store, clock)
