"""Opting out of a topic and in again, as members do it in a direct chat."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from bot.testing.community import Person

CONFIG = """
language = "en"
[delivery]
quiet_hours = "none"
daily_cap = "none"
[welcome]
enabled = false
"""
TIPS = """title = "A tip every day"
anchor = "calendar"
to = "member"
topic = "tips"
[[step]]
id = "tip"
every = "0 12 * * *"
text = "a tip"
"""
NEWS = TIPS.replace("tips", "news").replace("A tip every day", "News").replace("a tip", "news")


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        yield made


async def heard(person: Person) -> list[str]:
    """What the bot said to somebody since the test last looked."""
    return [said.message.text for said in await person.community.direct(person).hears()]


async def start(community: Community, **templates: str) -> None:
    """Start SOPs for everyone."""
    sops = community.app.rooms.sops
    for name, text in templates.items():
        await sops.shelf.add(name, text, "小王")
        await sops.start(name, "everyone", "小王")


async def test_a_topic_is_left_and_the_others_still_come(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("hi")
    await heard(ming)
    await start(community, tips=TIPS, news=NEWS)
    await ming.says("stop tips")
    await ming.expects("You will get no more about “tips”.")
    await community.passes(days=1)
    assert await heard(ming) == ["news"]
    await ming.says("Start “A tip every day”")
    await ming.expects("You will hear about “tips” again.")
    await community.passes(days=1)
    assert sorted(await heard(ming)) == ["a tip", "news"]


async def test_who_names_what_there_is_not_is_shown_what_there_is(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("退订 天气")
    await ming.expects("There is no topic “天气”.\nThere are no topics at the moment.")
    await start(community, tips=TIPS, news=NEWS)
    await ming.says("退订 tips")
    await ming.expects("no more about “tips”")
    await ming.says("topics")
    said = (await ming.expects("Say “stop” and one of them")).message.text
    assert "✕ tips (A tip every day)" in said
    assert "✓ news (News)" in said
    await ming.says("订阅号在哪里")
    assert not [text for text in await heard(ming) if "topic" in text]


async def test_all_and_one_topic_are_left_and_taken_up_each_by_its_own_word(
    community: Community,
) -> None:
    ming = community.member("u1", "小明")
    await start(community, tips=TIPS)
    await ming.says("退订 tips")
    await ming.expects("no more about “tips”")
    await ming.says("退订")
    await ming.expects("You will get no more of our broadcasts.")
    await ming.says("订阅")
    assert "Still off: tips. Say “start tips”" in (await ming.expects("Welcome back!")).message.text
    await ming.says("退订")
    await heard(ming)
    await ming.says("订阅 tips")
    await ming.expects("You will hear about “tips” again.\nBut you get no broadcasts at all")


async def test_what_is_off_stays_on_the_list_when_its_sop_has_ended(community: Community) -> None:
    ming = community.member("u1", "小明")
    await start(community, tips=TIPS, news=NEWS)
    await ming.says("stop tips")
    await heard(ming)
    for name in ("tips", "news"):
        await community.app.rooms.sops.stop(name, "小王")
    await ming.says("topics")
    said = (await ming.expects("Say “stop”")).message.text
    assert "✕ tips" in said
    assert "news" not in said
    await ming.says("start tips")
    await ming.expects("You will hear about “tips” again.")
