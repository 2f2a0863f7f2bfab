"""A community to choose from: members and groups in a real store."""

from __future__ import annotations

import pytest

from bot.audience import Algebra, Audience, Segments
from bot.audience.sources import store_sources
from bot.clock import Days
from bot.model.conversation import Account, Conversation
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store
from bot.testing.clock import TestClock


class Village:
    """Members and groups, written as events would."""

    def __init__(self, store: Store, clock: TestClock) -> None:
        self.store, self.keys, self.clock = store, store.keys, clock
        self.members, self.segments = Members(store), Segments(store)
        self.days = Days("Asia/Shanghai")
        gateways = ("sandbox", "matrix")
        sources = store_sources(store, self.members, self.days, gateways, ("opt-out",))
        self.algebra = Algebra(store, self.members, self.segments, sources)

    async def member(self, name: str, gateway: str = "sandbox") -> int:
        return await self.members.number(gateway, Account(id=name, name=name))

    async def group(self, name: str, *members: int, gateway: str = "sandbox") -> int:
        """A group, and members who come into it now."""
        where = Conversation(gateway=gateway, group=name)
        number = await self.members.group_number(where, name)
        effects = Effects(self.keys)
        for member in members:
            effects.fact(self.keys.group_present(number), member)
            effects.do("ZADD", self.keys.group_joined(number), self.clock.now(), member)
        assert await self.store.apply(effects)
        return number

    async def change(self, group: int, field: str, value: str) -> None:
        effects = Effects(self.keys)
        effects.group(group, field, value)
        assert await self.store.apply(effects)

    async def fact(self, key: str, *members: int) -> None:
        effects = Effects(self.keys)
        for member in members:
            effects.fact(key, member)
        assert await self.store.apply(effects)

    async def tag(self, tag: str, *members: int) -> None:
        await self.fact(self.keys.tag(tag), *members)
        await self.store.call("ZADD", self.keys.tag_names(), 1, tag)

    async def speak(self, *members: int) -> None:
        key = self.keys.active(self.days.of(self.clock.now()).isoformat())
        await self.fact(key, *members)
        await self.store.call("EXPIRE", key, 86_400)

    async def set(self, member: int, attribute: str, value: str) -> None:
        effects = Effects(self.keys)
        effects.attribute(member, attribute, value)
        assert await self.store.apply(effects)

    async def who(self, text: str) -> list[int]:
        return (await self.algebra.members(Audience.parse(text))).numbers()

    async def groups(self, text: str) -> list[int]:
        return await self.algebra.groups(Audience.parse(text))


@pytest.fixture
def village(store: Store, clock: TestClock) -> Village:
    return Village(store, clock)
