"""Groups nobody has seen: a mistyped one is told, and nobody is led there; a right one works."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.gateways.sandbox.adapter import Sandbox
from bot.model.conversation import Conversation
from bot.model.delivery import Refused
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, TestClock

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]

[sandbox.groups]
tea = "Tea club"

[[routes]]
name = "mistyped"
words = ["wine"]
groups = ["sandbox/茶"]
full = "create"

[[routes]]
name = "both"
words = ["tea"]
groups = ["sandbox/te", "sandbox/tea"]

[[routes]]
name = "linked"
words = ["beer"]
groups = [{ group = "sandbox/beer", link = "https://join.example/beer" }]
"""
FULL = "“mistyped” is full at the moment. Please ask again another day."


@pytest.fixture
async def community(valkey: str, store: Store, clock: TestClock) -> AsyncIterator[Community]:
    async with community_on(valkey, store, clock) as made:
        yield made


def community_on(valkey: str, store: Store, clock: TestClock, config: str = CONFIG) -> Community:
    return Community(config, clock=clock, locate=unix(valkey), workspace=store.keys.workspace)


async def told(community: Community, word: str) -> str:
    person = community.member("ming")
    await person.says(word)
    return " | ".join(said.message.summary for said in await community.direct(person).hears())


async def listed(community: Community) -> list[str]:
    return [str(one.conversation.group) for one in await community.app.members.groups()]


async def test_asking_for_a_mistyped_group_makes_no_group_and_leads_nobody_there(
    community: Community,
) -> None:
    await community.passes(seconds=1)
    assert await told(community, "wine") == FULL
    await community.passes(seconds=5)
    assert await listed(community) == ["tea"]
    assert "Tea club" in await told(community, "tea")
    entries = [entry for _, entry in await community.app.journal.recent()]
    absent = [entry.reason for entry in entries if entry.what == "route.absent"]
    assert absent == ["mistyped → sandbox/茶"]


async def test_list_and_explanation_say_which_group_is_mistyped(community: Community) -> None:
    await community.passes(seconds=1)
    routes = community.app.rooms.routes
    said = {one.routes[0]: str(one.message) for one in await routes.cautions()}
    assert said.keys() == {"mistyped", "both"}
    assert said["both"].startswith("nobody is led to sandbox/te: its gateway has no such group.")
    [reason] = (await routes.explain("wine")).reasons
    assert "sandbox/茶 is passed over: its gateway has no such group" in reason.text()


async def test_when_the_group_comes_members_are_led_there_and_its_number_stays(
    community: Community,
) -> None:
    await community.passes(seconds=1)
    await told(community, "wine")
    wine = Conversation(gateway="sandbox", group="茶")
    number, seen = await community.app.members.awaited_number(wine)
    assert not seen
    await community.member("host").joins(await community.group("茶", "Wine club"))
    assert "Wine club" in await told(community, "wine")
    assert await community.app.members.group_number(wine) == number
    assert {one.routes[0] for one in await community.app.rooms.routes.cautions()} == {"both"}


async def test_a_group_the_gateway_has_works_before_anything_came_from_it(
    community: Community,
) -> None:
    await community.group("te", "Tea two")
    await community.passes(seconds=1)
    assert "“te” is the group for you" in await told(community, "tea")
    assert await listed(community) == ["tea"]


async def test_a_group_made_after_it_was_named_is_found_though_nothing_comes_from_it(
    community: Community,
) -> None:
    await community.passes(seconds=1)
    await community.group("te", "Tea two")
    await community.passes(seconds=600)
    assert "“te” is the group for you" in await told(community, "tea")


async def test_a_group_with_a_link_is_joined_by_it_though_the_gateway_has_it_not(
    community: Community,
) -> None:
    await community.passes(seconds=1)
    assert "https://join.example/beer" in await told(community, "beer")
    assert await listed(community) == ["tea"]


async def test_where_the_gateway_cannot_tell_it_is_offered_but_not_listed(
    valkey: str, store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(self: Sandbox) -> list[tuple[str, str]]:
        raise Refused("not now")

    monkeypatch.setattr(Sandbox, "groups", refused)
    async with community_on(valkey, store, clock) as community:
        await community.passes(seconds=1)
        assert "“茶” is the group for you" in await told(community, "wine")
        assert await listed(community) == ["tea"]
        assert await community.app.rooms.routes.cautions() == []


async def test_it_is_told_how_full_each_group_is(community: Community) -> None:
    await community.passes(seconds=1)
    for who in ("a", "b"):
        await community.member(who).joins(await community.group("tea"))
    await told(community, "tea")
    route = community.app.config.routes[1]
    te, tea = await community.app.rooms.routes.room(route.model_copy(update={"capacity": 5}))
    assert (te.absent, te.seen, te.present) == (True, False, 0)
    assert (tea.present, tea.held, tea.free, tea.seen) == (2, 1, 2, True)


async def test_in_a_lobby_answers_begin_with_who_asked(
    valkey: str, store: Store, clock: TestClock
) -> None:
    config = CONFIG.replace('words = ["tea"]', 'words = ["tea"]\nlobby = ["sandbox/hall"]')
    config = config.replace("[[routes]]", '[[routes]]\nper_day = 1\nlobby = ["sandbox/hall"]', 1)
    async with community_on(valkey, store, clock, config) as community:
        await community.passes(seconds=1)
        hall, ming = await community.group("hall"), community.member("ming", "小明")
        for word, answer in (("tea", "小明: “Tea club” is"), ("wine", f"小明: {FULL}")):
            await ming.says(word, hall)
            assert (await hall.expects("")).message.summary.startswith(answer)
        await ming.joins(await community.group("tea"))
        await ming.says("tea", hall)
        assert (await hall.expects("already")).message.summary.startswith("小明, you are already")
