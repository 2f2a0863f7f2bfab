"""Statistics of routes: who asked, was shown the way in, joined, and stayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.model.conversation import Account
from bot.model.event import MemberJoined
from bot.routes.statistics import Funnel
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, TestClock

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]

[sandbox.groups]
tea = "tea"
tea-2 = "tea-2"

[[routes]]
name = "tea"
words = ["tea"]
groups = ["sandbox/tea", "sandbox/tea-2"]
capacity = 2
"""


@pytest.fixture
async def community(valkey: str, store: Store, clock: TestClock) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, clock=clock, locate=unix(valkey), workspace=workspace) as made:
        yield made


async def funnel(community: Community, since: int = 0, until: int = 2**52) -> list[Funnel]:
    return await community.app.rooms.route_statistics.funnel("tea", since, until)


async def group(community: Community, ident: str) -> int:
    places = {g.conversation.group: g.number for g in await community.app.members.groups()}
    return places[ident]


async def test_each_step_is_counted_by_member_and_group(community: Community) -> None:
    tea = await community.group("tea")
    for who in ("a", "b", "c", "a"):
        await community.member(who).says("tea")
    await community.member("a").joins(tea)
    await community.member("stranger").joins(await community.group("tea-2"))
    one, two = await group(community, "tea"), await group(community, "tea-2")
    assert await funnel(community) == [
        Funnel("tea", 0, asked=3, invited=3, joined=1, stayed=0),
        Funnel("tea", one, asked=0, invited=2, joined=1, stayed=0),
        Funnel("tea", two, asked=0, invited=1, joined=0, stayed=0),
    ]


async def test_who_is_there_after_a_week_has_stayed(community: Community) -> None:
    tea = await community.group("tea")
    for who in ("a", "b"):
        await community.member(who).says("tea")
        await community.member(who).joins(tea)
    community.clock.advance(timedelta(days=3).total_seconds())
    await community.member("b").leaves(tea)
    community.clock.advance(timedelta(days=4).total_seconds())
    [whole, _] = await funnel(community)
    assert (whole.joined, whole.stayed) == (2, 1)
    await community.member("a").leaves(tea)
    [whole, _] = await funnel(community)
    assert (whole.joined, whole.stayed) == (2, 1)


async def test_who_comes_back_within_thirty_days_counts_once_from_then(
    community: Community,
) -> None:
    tea, ming = await community.group("tea"), community.member("a")
    await ming.says("tea")
    await ming.joins(tea)
    await ming.leaves(tea)
    community.clock.advance(timedelta(days=29).total_seconds())
    await ming.joins(tea)
    [whole, _] = await funnel(community)
    assert (whole.joined, whole.stayed) == (1, 0)
    community.clock.advance(timedelta(days=7).total_seconds())
    [whole, _] = await funnel(community)
    assert (whole.joined, whole.stayed) == (1, 1)


async def test_a_join_after_thirty_days_is_not_the_routes(community: Community) -> None:
    tea, ming = await community.group("tea"), community.member("a")
    await ming.says("tea")
    community.clock.advance(timedelta(days=30, seconds=1).total_seconds())
    await ming.joins(tea)
    [whole, _] = await funnel(community)
    assert (whole.invited, whole.joined) == (1, 0)


async def test_a_join_told_twice_or_from_a_list_counts_once(community: Community) -> None:
    tea, ming = await community.group("tea"), community.member("a")
    await ming.says("tea")
    community.clock.advance(timedelta(minutes=1).total_seconds())
    joined = community.clock.now()
    await ming.joins(tea)
    community.clock.advance(timedelta(days=1).total_seconds())
    for number in (1, 2):
        event = MemberJoined(
            id=f"list-{number}",
            gateway="sandbox",
            at=joined,
            account=Account(id="a"),
            group="tea",
            past=True,
        )
        await community.accept(event)
    [whole, _] = await funnel(community, joined, joined + 1)
    assert whole.joined == 1


async def test_a_period_has_what_was_in_it(community: Community, clock: TestClock) -> None:
    start = clock.now()
    await community.member("a").says("tea")
    community.clock.advance(timedelta(days=1).total_seconds())
    await community.member("b").says("tea")
    day = 86_400_000
    assert [
        (await funnel(community, start + n * day, start + (n + 1) * day))[0].asked for n in range(3)
    ] == [1, 1, 0]
