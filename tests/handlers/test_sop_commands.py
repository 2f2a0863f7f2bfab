"""SOPs commanded from the chat, as operators do it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from bot.testing.community import Person

from .test_opt_out_topics import CONFIG, TIPS, heard, start

ASKING = TIPS.replace('text = "a tip"', 'text = "a tip"\nmissed = "ask"')


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        yield made


async def operator(community: Community, role: str = "manager") -> Person:
    """Somebody who may command the bot."""
    boss = community.member("boss", "小王")
    await community.app.roles.give("sandbox", "boss", role)
    return boss


async def state(community: Community, name: str = "tips") -> str:
    return (await community.app.rooms.sops.get(name)).state


async def test_an_sop_is_shown_in_numbers_and_with_what_comes(community: Community) -> None:
    boss = await operator(community, "viewer")
    await boss.says("hi")
    await heard(boss)
    await start(community, tips=TIPS)
    await community.passes(days=2)
    await heard(boss)
    await boss.says("/sop show tips")
    said = (await boss.expects("A tip every day · running")).message.text
    assert "For everyone" in said
    assert "Sent 2, failed 0, in doubt 0, left out 0" in said
    assert "12:00 · tips · tip · 1" in said.split("Next:")[1]
    await boss.says("/sop upcoming")
    upcoming = (await boss.expects("12:00 · tips · tip · 1")).message.text
    assert len(upcoming.splitlines()) == 7
    await boss.says("/sop show tip")
    await boss.expects("There is no SOP “tip”.")


async def test_an_sop_ends_only_when_its_end_is_confirmed_in_time(community: Community) -> None:
    boss = await operator(community)
    await start(community, tips=TIPS)
    await boss.says("/sop stop tips")
    await boss.expects("End “tips” for good?")
    assert await state(community) == "running"
    await community.passes(minutes=3)
    await boss.says("yes")
    assert await state(community) == "running"
    await boss.says("/sop stop tips")
    await heard(boss)
    await boss.says("确认")
    await boss.expects("“tips” is ended.")
    await community.passes(seconds=2)
    assert await state(community) == "stopped"
    await boss.says("/sop stop tips")
    await boss.expects("“tips” is stopped.")
    await boss.says("yes")
    assert "ended" not in "".join(await heard(boss))


async def test_missed_steps_are_sent_or_left_out_on_a_word(community: Community) -> None:
    boss = await operator(community)
    await boss.says("hi")
    await heard(boss)
    await start(community, tips=ASKING)
    await boss.says("/sop answer")
    await boss.expects("Nothing waits for a word.")
    for decision, told in (("send", "1 of “tips” go out now."), ("跳过", "1 of “tips” are left")):
        community.clock.advance(86_400)
        await community.passes(seconds=2)
        await heard(boss)
        await boss.says("/sop answer")
        await boss.expects("tips · tip · 1")
        await boss.says(f"/sop answer tips {decision}")
        await boss.expects("Say “yes” within 2 minutes.")
        await boss.says("yes")
        await community.passes(seconds=2)
        said = await heard(boss)
        assert any(told in text for text in said)
        assert ("a tip" in said) is (decision == "send")


async def test_who_has_no_role_or_too_small_a_one_commands_nothing(community: Community) -> None:
    await start(community, tips=TIPS)
    ming = community.member("u1", "小明")
    await ming.says("/sop stop tips")
    await ming.says("/sop list")
    boss = await operator(community, "viewer")
    await boss.says("/sop pause tips")
    await boss.says("/sop stop tips")
    await boss.says("yes")
    said = [*await heard(ming), *await heard(boss)]
    assert not [text for text in said if "tips" in text]
    assert await state(community) == "running"
