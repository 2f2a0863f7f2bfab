"""Full routes get one more group where the gateway makes groups: one, and with nobody forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.gateways.sandbox import Sandbox
from bot.model.conversation import Account
from bot.model.delivery import InDoubt, Refused
from bot.routes.growth import numbered
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, TestClock

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]

[[routes]]
name = "tea"
words = ["tea"]
groups = [{ group = "sandbox/tea", link = "https://join.example/tea" }]
capacity = 1
full = "create"
"""
MAKING = (
    "“tea” is full, so a new group is being made. You will be told here in a moment. To leave the"
    " line, say “stop waiting”."
)


@pytest.fixture
async def community(valkey: str, store: Store, clock: TestClock) -> AsyncIterator[Community]:
    async with community_on(valkey, store, clock) as made:
        tea = await made.group("tea", "Tea")
        await made.member("host").joins(tea)
        yield made


def community_on(valkey: str, store: Store, clock: TestClock) -> Community:
    return Community(CONFIG, clock=clock, locate=unix(valkey), workspace=store.keys.workspace)


async def heard(community: Community, who: str) -> list[str]:
    said = await community.direct(community.member(who)).hears()
    return [one.message.summary for one in said]


async def names(community: Community) -> list[str]:
    return sorted((await community.app.world.groups()).values())


async def journal(community: Community, what: str) -> list[str]:
    entries = [entry for _, entry in await community.app.journal.recent()]
    return [entry.reason for entry in entries if entry.what == what]


async def test_who_finds_all_groups_full_gets_a_place_in_a_new_one(community: Community) -> None:
    ming = community.member("ming")
    await ming.says("tea")
    assert await heard(community, "ming") == [MAKING]
    await community.passes(seconds=1)
    [said] = await heard(community, "ming")
    assert said.startswith("ming, a place in “Tea 2” is yours for 1 day.")
    assert await names(community) == ["Tea", "Tea 2"]
    await ming.joins(await community.group("tea-2"))
    await community.member("hong").says("tea")
    await community.passes(seconds=1)
    assert await names(community) == ["Tea", "Tea 2", "Tea 3"]
    assert await journal(community, "route.grown") == ["tea: Tea 3", "tea: Tea 2"]


async def test_two_who_ask_at_once_at_two_nodes_get_one_group_each_their_place(
    valkey: str, store: Store, clock: TestClock, community: Community
) -> None:
    async with community_on(valkey, store, clock) as other:
        await asyncio.gather(community.member("ming").says("tea"), other.member("hong").says("tea"))
        clock.advance(1)
        for _ in range(3):
            await asyncio.gather(community.app.rooms.routes.tick(), other.app.rooms.routes.tick())
            clock.advance(1)
        # One place each: "Tea 2" is full with the first, so there is a "Tea 3", and no more.
        assert await names(community) == ["Tea", "Tea 2", "Tea 3"]
        await community.settle()
        await other.settle()
        told = [(await heard(community, who))[-1] for who in ("ming", "hong")]
        assert sorted(said.partition("“")[2].partition("”")[0] for said in told) == [
            "Tea 2",
            "Tea 3",
        ]


async def test_a_group_whose_answer_was_lost_is_found_and_not_made_again(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Sandbox.create_group

    async def lost(self: Sandbox, name: str, like: str = "") -> str:
        await make(self, name, like)
        raise InDoubt("the connection ended")

    with monkeypatch.context() as broken:
        broken.setattr(Sandbox, "create_group", lost)
        await community.member("ming").says("tea")
        await community.passes(seconds=5)
        assert await heard(community, "ming") == [MAKING]
    await community.passes(seconds=60)
    assert await names(community) == ["Tea", "Tea 2"]
    assert "“Tea 2” is yours" in (await heard(community, "ming"))[-1]


async def test_what_the_gateway_refuses_is_told_and_tried_again_later(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: object) -> str:
        raise Refused("too many groups today")

    with monkeypatch.context() as broken:
        broken.setattr(Sandbox, "create_group", refuses)
        await community.member("ming").says("tea")
        await community.passes(seconds=30)
        assert await journal(community, "route.not_grown") == ["tea: too many groups today"]
    await community.passes(hours=1, seconds=2)
    assert await names(community) == ["Tea", "Tea 2"]


async def test_the_new_group_is_the_routes_after_a_restart_and_in_the_list(
    valkey: str, store: Store, clock: TestClock, community: Community
) -> None:
    made = {"name": "wine", "words": ["wine"], "groups": ["sandbox/wine"], "capacity": 1}
    await community.app.rooms.routes.save({**made, "full": "create"})
    await community.member("host").joins(await community.group("wine", "Wine"))
    for who, word in (("ming", "tea"), ("hong", "wine")):
        await community.member(who).says(word)
    for _ in range(2):  # one at a time
        await community.passes(seconds=1)
    async with community_on(valkey, store, clock) as other:
        routes = {one.route.name: one.route for one in await other.app.rooms.routes.routes()}
        ids = {name: [one.group.group for one in r.groups] for name, r in routes.items()}
        assert ids == {"tea": ["tea", "tea-2"], "wine": ["wine", "wine-2"]}
        [new] = routes["tea"].groups[1:]
        assert new.link is None, "the link leads into the other group"


async def test_nobody_who_cannot_get_in_has_a_group_made(community: Community) -> None:
    routes, app = community.app.rooms.routes, community.app
    made = {"name": "vip", "words": ["vip"], "groups": ["sandbox/vip"], "capacity": 1}
    await routes.save({**made, "full": "create", "when": {"attributes": {"level": "gold"}}})
    await community.member("host").joins(await community.group("vip", "VIP"))
    ming = community.member("ming")
    await ming.says("hello")
    number = await app.members.number("sandbox", Account(id="ming"))
    await app.store.call("HSET", app.store.keys.member(number), "attribute:level", "gold")
    await ming.says("vip")
    await app.store.call("HSET", app.store.keys.member(number), "attribute:level", "silver")
    await community.passes(seconds=5)
    assert "VIP 2" not in await names(community)


@pytest.mark.parametrize(
    ("name", "others", "taken", "next_one"),
    [
        ("Tea", ["Tea"], [], "Tea 2"),
        ("Tea 7", ["Tea", "Tea 7"], [], "Tea 8"),
        ("Tea", ["Tea", "Tea 4", "Wine 9"], [], "Tea 5"),
        ("Tea", ["Tea"], ["Tea 2", "Tea 3"], "Tea 4"),
        ("护肤3群", ["护肤3群"], [], "护肤3群 2"),
        ("2026", ["2026"], [], "2026 2"),
    ],
)
def test_new_groups_are_numbered(
    name: str, others: list[str], taken: list[str], next_one: str
) -> None:
    assert numbered(name, others, taken) == next_one
