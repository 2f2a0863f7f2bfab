"""Places of routes: whoever asks at once and wherever, no place is promised twice."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.conversation import Conversation
from bot.routes.places import Place, Places
from bot.settings.rooms import RouteSettings
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.testing import TestClock

DAY = 86_400
CHAT = Conversation(gateway="sandbox", account="somebody")


def route(**more: object) -> RouteSettings:
    data = {"name": "茶", "words": ["茶"], "groups": ["sandbox/a", "sandbox/b"], "capacity": 2}
    return RouteSettings.model_validate({**data, **more})


@dataclass
class Node:
    store: Store
    places: Places
    members: Members
    facts: Facts

    @classmethod
    def of(cls, store: Store) -> Node:
        members = Members(store)
        return cls(store, Places(store, members), members, Facts(store))

    async def group(self, ident: str) -> int:
        return await self.members.group_number(Conversation(gateway="sandbox", group=ident))

    async def enters(self, member: int, group: int) -> None:
        """As presence commits it."""
        effects = Effects(self.store.keys)
        effects.fact(self.store.keys.group_present(group), member)
        effects.do("ZREM", self.store.keys.route_held(group), member)
        await self.store.apply(effects)

    async def leaves(self, member: int, group: int, removed: bool = False) -> None:
        effects = Effects(self.store.keys)
        effects.fact(self.store.keys.group_present(group), member, present=False)
        if removed:
            effects.fact(self.store.keys.group_removed(group), member)
        await self.store.apply(effects)

    async def taken(self, group: int) -> set[int]:
        """Who is there or has a place held."""
        keys = self.store.keys
        held = await self.store.texts(
            "ZRANGE", keys.route_held(group), f"({self.store.clock.now()}", "+inf", "BYSCORE"
        )
        return {*map(int, held), *await self.facts.numbers(keys.group_present(group))}


@pytest.fixture
def node(store: Store) -> Node:
    return Node.of(store)


async def test_the_last_place_is_one_members(node: Node) -> None:
    asked = route(groups=["sandbox/a"], capacity=200)
    group = await node.group("a")
    for member in range(1, 200):
        await node.enters(member, group)
    first, second = await asyncio.gather(
        node.places.reserve(asked, 1001), node.places.reserve(asked, 1002)
    )
    assert sorted((first.found, second.found)) == ["full", "held"]


async def test_who_asks_again_gets_the_same_place(node: Node, clock: TestClock) -> None:
    asked = route(fill="fewest")
    place = await node.places.reserve(asked, 1)
    assert place == Place("held", 1, await node.group("a"), clock.now() + DAY * 1000)
    await node.places.reserve(asked, 2)
    clock.advance(3600)
    assert await node.places.reserve(asked, 1) == place


async def test_a_place_is_kept_longer_once_a_day_while_nobody_waits(
    node: Node, clock: TestClock
) -> None:
    asked = route(groups=["sandbox/a"], capacity=1, hold="3d", full="wait")
    place = await node.places.reserve(asked, 1)
    clock.advance(DAY - 1)
    assert (await node.places.reserve(asked, 1)).until == place.until
    clock.advance(1)
    longer = await node.places.reserve(asked, 1)
    assert longer.until == place.until + DAY * 1000
    assert (await node.places.reserve(asked, 2, CHAT)).position == 1
    clock.advance(DAY)
    assert (await node.places.reserve(asked, 1)).until == longer.until


async def test_a_place_that_nobody_took_is_free_again(node: Node, clock: TestClock) -> None:
    asked = route(groups=["sandbox/a"], capacity=1)
    await node.places.reserve(asked, 1)
    assert (await node.places.reserve(asked, 2)).found == "full"
    clock.advance(DAY)
    assert (await node.places.reserve(asked, 2)).found == "held"
    assert (await node.places.reserve(asked, 1)).found == "full"


async def test_who_has_a_place_and_is_there_counts_once(node: Node) -> None:
    asked = route(groups=["sandbox/a"])
    group = await node.group("a")
    await node.places.reserve(asked, 1)
    effects = Effects(node.store.keys)
    effects.fact(node.store.keys.group_present(group), 1)  # seen there, and nobody told the join
    await node.store.apply(effects)
    assert (await node.places.reserve(asked, 2)).found == "held"
    assert (await node.places.reserve(asked, 3)).found == "full"


async def test_groups_are_filled_in_order_or_the_emptiest_first(node: Node) -> None:
    a, b = await node.group("a"), await node.group("b")
    await node.enters(100, a)
    ordered = [(await node.places.reserve(route(), m)).group for m in (1, 2, 3)]
    assert ordered == [a, b, b]
    even = route(name="酒", groups=["sandbox/c", "sandbox/d"], fill="fewest")
    c, d = await node.group("c"), await node.group("d")
    assert [(await node.places.reserve(even, m)).group for m in (1, 2, 3, 4)] == [c, d, c, d]


async def test_two_routes_to_one_group_share_its_places(node: Node) -> None:
    one, other = route(groups=["sandbox/a"]), route(name="酒", groups=["sandbox/a"])
    await node.places.reserve(one, 1)
    await node.places.reserve(other, 2)
    assert (await node.places.reserve(one, 3)).found == "full"
    assert (await node.places.reserve(other, 1)).found == "held"


async def test_who_is_in_one_group_of_the_route_is_in(node: Node) -> None:
    b = await node.group("b")
    await node.enters(1, b)
    assert await node.places.reserve(route(), 1) == Place("already", 1, b)


async def test_nobody_is_shown_back_into_a_group_they_were_removed_from(node: Node) -> None:
    a, b = await node.group("a"), await node.group("b")
    await node.leaves(1, a, removed=True)
    assert (await node.places.reserve(route(), 1)).group == b
    await node.leaves(2, a, removed=True)
    await node.leaves(2, b, removed=True)
    assert (await node.places.reserve(route(), 2)).found == "barred"
    assert (await node.places.reserve(route(readmit=True), 2)).group == a


async def test_a_group_that_ended_is_not_shown(node: Node) -> None:
    a, b = await node.group("a"), await node.group("b")
    effects = Effects(node.store.keys)
    effects.group(a, "gone", "1")
    await node.store.apply(effects)
    assert (await node.places.reserve(route(), 1)).group == b


async def test_only_the_members_groups_are_given(node: Node) -> None:
    asked = route()
    south = asked.groups[1:]
    b = await node.group("b")
    assert [(await node.places.reserve(asked, m, None, south)).group for m in (1, 2)] == [b, b]
    assert (await node.places.reserve(asked, 3, None, south)).found == "full"
    assert (await node.places.reserve(asked, 3)).found == "held"


async def test_looking_holds_nothing(node: Node) -> None:
    asked = route(groups=["sandbox/a"], capacity=1)
    assert (await node.places.look(asked, 1)).found == "held"
    assert (await node.places.reserve(asked, 2)).found == "held"
    assert (await node.places.look(asked, 1)).found == "full"


async def test_who_waits_is_before_who_asks_later(node: Node, clock: TestClock) -> None:
    asked = route(groups=["sandbox/a"], capacity=1, full="wait")
    group = await node.group("a")
    await node.enters(9, group)
    positions = []
    for member in (3, 1, 2):
        positions.append((await node.places.reserve(asked, member, CHAT)).position)
        clock.advance(1)
    assert positions == [1, 2, 3]
    assert (await node.places.reserve(asked, 1, CHAT)).position == 2
    await node.leaves(9, group)
    assert (await node.places.reserve(asked, 4, CHAT)).position == 4
    place = await node.places.next(asked)
    assert (place.found, place.member) == ("held", 3)
    assert await node.places.next(asked) == place, "asked again after a crash: the same"


async def test_who_cannot_have_what_opens_lets_others_pass(node: Node, clock: TestClock) -> None:
    asked = route(capacity=1, full="wait")
    a, b = await node.group("a"), await node.group("b")
    await node.enters(8, a)
    await node.enters(9, b)
    await node.places.reserve(asked, 1, CHAT, asked.groups[1:])
    clock.advance(1)
    await node.places.reserve(asked, 2, CHAT)
    await node.leaves(8, a)
    place = await node.places.next(asked)
    assert (place.member, place.group) == (2, a)


CAPACITIES = {"a": 3, "b": 2, "c": 4}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "invite", "untold", "join", "leave", "lapse", "next"]),
        st.integers(1, 14),
        st.integers(0, 2),
    ),
    min_size=5,
    max_size=60,
)


@dataclass
class World:
    """Several nodes on one store, and what was promised to whom."""

    nodes: list[Node]
    clock: TestClock
    route: RouteSettings
    groups: dict[int, int] = field(default_factory=dict)
    promised: dict[int, int] = field(default_factory=dict)

    async def do(self, what: str, member: int, at: int) -> None:
        node = self.nodes[at]
        if what == "ask":
            place = await node.places.reserve(self.route, member, CHAT)
            if place.found == "held":
                self.promised[member] = place.group
        elif what in ("invite", "untold"):
            await self.invite(node, member, told=what == "invite")
        elif what == "next":
            await self.serve(node)
        elif what == "leave" and member in self.promised:
            await node.leaves(member, self.promised[member])

    async def invite(self, node: Node, member: int, *, told: bool) -> None:
        """As an SOP does it: who is not told after all gives the place back, if it was new."""
        place = await node.places.reserve(self.route, member, CHAT if told else None, (), "sop x")
        if place.found == "held" and told:
            self.promised[member] = place.group
        elif place.found == "held" and place.fresh and self.promised.get(member) != place.group:
            effects = Effects(node.store.keys)
            node.places.give_back(effects, place.group, member)
            await node.store.apply(effects)

    async def serve(self, node: Node) -> bool:
        place = await node.places.next(self.route)
        if place.found == "full":
            return False
        effects = Effects(node.store.keys)
        node.places.leave(effects, self.route.name, place.member)
        await node.store.apply(effects)
        if place.found == "held":
            self.promised[place.member] = place.group
        return True

    async def join(self, member: int) -> None:
        """Who has a live place goes in."""
        node, group = self.nodes[0], self.promised.get(member)
        if group is not None:
            held = await node.store.text("ZSCORE", node.store.keys.route_held(group), member)
            if held and float(held) > self.clock.now():
                await node.enters(member, group)

    async def check(self) -> None:
        taken = {group: await self.nodes[0].taken(group) for group in self.groups}
        for group, capacity in self.groups.items():
            assert len(taken[group]) <= capacity
        everybody = [member for one in taken.values() for member in one]
        assert len(everybody) == len(set(everybody)), "somebody has two places"


@settings(max_examples=25)
@given(steps=STEPS, seed=st.integers(0, 1000), fill=st.sampled_from(["order", "fewest"]))
def test_whatever_happens_at_once_no_place_is_promised_twice_and_each_is_used(
    valkey: str, steps: list[tuple[str, int, int]], seed: int, fill: str
) -> None:
    asyncio.run(_story(valkey, steps, Random(seed), fill))


async def _story(valkey: str, steps: list[tuple[str, int, int]], random: Random, fill: str) -> None:
    clock = TestClock()
    async with AsyncExitStack() as stack:
        nodes = [Node.of(await stack.enter_async_context(Opened(valkey, clock))) for _ in "123"]
        groups = [{"group": f"sandbox/{g}", "capacity": n} for g, n in CAPACITIES.items()]
        world = World(nodes, clock, route(groups=groups, fill=fill, full="wait"))
        world.groups = {await nodes[0].group(g): n for g, n in CAPACITIES.items()}
        while steps:
            most = random.randint(1, 8)
            batch, steps = steps[:most], steps[most:]
            await asyncio.gather(*(world.do(*step) for step in batch))
            for what, member, _ in batch:
                if what == "join":
                    await world.join(member)
                elif what == "lapse":
                    clock.advance(random.choice([60, DAY // 2, DAY]))
            await world.check()
        # In the end everybody comes who has a place, and all others are told of theirs.
        await asyncio.gather(*(world.do("ask", m, m % 3) for m in range(1, 15)))
        while await world.serve(nodes[0]):
            await world.check()
        for member in range(1, 15):
            await world.join(member)
        await world.check()
        assert [len(await nodes[0].taken(g)) for g in world.groups] == [*CAPACITIES.values()]
        await nodes[0].store.call("FLUSHALL")


class Opened:
    """One more connection to the workspace of this test."""

    def __init__(self, valkey: str, clock: TestClock) -> None:
        self.store = Store(unix(valkey), "places", clock)

    async def __aenter__(self) -> Store:
        await self.store.open()
        return self.store

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()
