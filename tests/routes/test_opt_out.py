"""Opting out of broadcasts, and in again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community('language = "en"', locate=unix(valkey), workspace=workspace) as made:
        yield made


async def opted_out(community: Community) -> bool:
    app = community.app
    return await app.facts.has(app.store.keys.tag("opt-out"), 1)


@pytest.mark.parametrize(("leave", "back"), [("退订", "恢复订阅"), ("STOP", "Start!")])
async def test_a_word_opts_out_and_another_in_again(
    community: Community, leave: str, back: str
) -> None:
    ming = community.member("u1", "小明")
    await ming.says(back)
    await ming.expects("You are subscribed.")
    assert not await opted_out(community)
    await ming.says(leave)
    await ming.expects("You will get no more of our broadcasts.")
    assert await opted_out(community)
    await ming.says(leave)
    await ming.expects("You are unsubscribed already.")
    await ming.says(back)
    await ming.expects("Welcome back!")
    assert not await opted_out(community)


async def test_in_a_group_the_word_means_nothing(community: Community) -> None:
    tea, ming = await community.group("tea"), community.member("u1", "小明")
    await ming.says("stop", tea)
    await tea.expects_nothing()
    assert not await opted_out(community)
