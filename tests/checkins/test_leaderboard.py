"""Leaderboards as members ask for them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Chat, Community

CONFIG = """
language = "en"
[checkin.daily]
"""


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        yield made


async def three_days(community: Community) -> Chat:
    """甲 came on all three days, 乙 on the first two, 丙 on the last two, 丁 only listened."""
    tea = await community.group("tea")
    one, two, three, four = (community.member(f"u{n}", n) for n in "甲乙丙丁")
    await four.says("大家好", tea)
    for people in ((two, one), (one, two, three), (three, one)):
        for person in people:
            await person.says("签到", tea)
        await community.passes(days=1)
    await tea.hears()
    return tea


async def asked(community: Community, tea: Chat, text: str) -> list[str]:
    await community.member("u丁", "丁").says(text, tea)
    [said] = await tea.hears()
    return said.message.text.splitlines()[1:]


@pytest.mark.parametrize("text", ["排行榜", "leaderboard", "/top", "/排行榜", "排行榜 累计"])
async def test_the_board_ranks_equals_equally(community: Community, text: str) -> None:
    tea = await three_days(community)
    assert await asked(community, tea, text) == ["1. 甲 · 3", "2. 乙 · 2", "2. 丙 · 2"]


async def test_streaks_that_ended_are_not_on_the_board_of_streaks(community: Community) -> None:
    tea = await three_days(community)
    assert await asked(community, tea, "排行榜 连续") == ["1. 甲 · 3", "2. 丙 · 2"]


async def test_the_board_of_the_day_is_in_the_order_they_came(community: Community) -> None:
    tea = await three_days(community)
    for name in "丙乙":
        await community.member(f"u{name}", name).says("签到", tea)
    await tea.hears()
    assert await asked(community, tea, "/top today") == ["1. 丙", "2. 乙"]


async def test_the_board_of_the_week_begins_anew_on_monday(community: Community) -> None:
    tea = await three_days(community)  # a Wednesday to Friday
    assert await asked(community, tea, "排行榜本周") == ["1. 甲 · 3", "2. 乙 · 2", "2. 丙 · 2"]
    await community.passes(days=2)
    await community.member("u乙", "乙").says("签到", tea)
    await tea.hears()
    assert await asked(community, tea, "/top week") == ["1. 乙 · 1"]


async def test_who_left_the_group_is_not_on_its_board_but_on_that_of_all(
    community: Community,
) -> None:
    tea = await three_days(community)
    await community.member("u甲", "甲").leaves(tea)
    assert await asked(community, tea, "排行榜") == ["1. 乙 · 2", "1. 丙 · 2"]
    rooms = community.app.rooms
    daily = rooms.checkins.programmes[0]
    board = await rooms.boards.page(daily, "total", limit=2)
    assert [(row.rank, row.name, row.value) for row in board] == [(1, "甲", 3), (2, "乙", 2)]
    board = await rooms.boards.page(daily, "total", limit=2, skip=2)
    assert [(row.rank, row.name, row.value) for row in board] == [(2, "丙", 2)]


async def test_an_empty_board_says_how_to_begin(community: Community) -> None:
    tea = await community.group("tea")
    await community.member("u1", "小明").says("排行榜", tea)
    await tea.expects("Nobody here has checked in yet. Say “签到” to be the first.")


async def test_talk_about_boards_is_no_question_for_one(community: Community) -> None:
    tea = await community.group("tea")
    await community.member("u1", "小明").says("排行榜单真好看", tea)
    await tea.expects_nothing()
