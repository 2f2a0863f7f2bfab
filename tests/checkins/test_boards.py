"""Leaderboards: fair among equals, alike whichever way they are counted, one's own place too."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checkins.board import period
from bot.checkins.sums import Sums
from bot.store.address import unix
from bot.store.bits import Bits
from bot.store.store import Store
from bot.testing import Chat, Community

CONFIG = """
language = "en"
[checkin.daily]
points = 2
"""
groups_of_members = st.lists(st.sets(st.integers(1, 40)), max_size=12)


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        yield made


@given(groups_of_members)
def test_sums_count_like_a_counter(days: list[set[int]]) -> None:
    sums, counter = Sums(), Counter[int]()
    for day in days:
        sums.add(Bits.of(day))
        counter.update(day)
    told = [(number, set(members)) for number, members in sums.descending()]
    numbers = sorted({*counter.values()}, reverse=True)
    assert told == [(n, {m for m, c in counter.items() if c == n}) for n in numbers]
    assert all(sums.number(member) == counter[member] for member in range(42))
    assert all(sums.above(n) == sum(c > n for c in counter.values()) for n in range(20))


@given(st.dictionaries(st.integers(1, 40), st.integers(0, 5000)), st.sets(st.integers(1, 40)))
def test_sums_can_be_made_of_numbers_and_cut_to_some(
    numbers: dict[int, int], some: set[int]
) -> None:
    sums = Sums.of(numbers).within(Bits.of(some))
    left = {member: number for member, number in numbers.items() if member in some and number}
    assert {m: n for n, members in sums.descending() for m in members} == left


def test_a_month_and_a_week_have_their_days() -> None:
    today = date(2026, 12, 31)
    assert period("month", today) == (date(2026, 12, 1), today)
    assert period("month", date(2028, 2, 3)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert period("week", today) == (date(2026, 12, 28), date(2027, 1, 3))
    assert period("week", today, starts=6) == (date(2026, 12, 27), date(2027, 1, 2))
    assert period("day", today) == (today, today)


async def history(community: Community) -> tuple[Chat, Chat]:
    """甲 and 乙 came three times, 甲 was there first; 丙 once; 丁 three times, in another group."""
    tea, run = await community.group("tea"), await community.group("run")
    one, two, three, four = (community.member(f"u{n}", n) for n in "甲乙丙丁")
    for turn in ((one,), (one, two), (one, two), (two, three)):
        for person in turn:
            await person.says("签到", tea)
        if len(turn) == 2:
            await four.says("签到", run)
        await community.passes(days=1)
    await tea.hears()
    return tea, run


async def asked(community: Community, chat: Chat, text: str, who: str = "甲") -> list[str]:
    await community.member(f"u{who}", who).says(text, chat)
    [said] = await chat.hears()
    return said.message.text.splitlines()[1:]


async def test_equals_share_a_rank_the_next_is_skipped_and_who_was_first_stands_first(
    community: Community,
) -> None:
    tea, _ = await history(community)
    assert await asked(community, tea, "排行榜 总") == ["1. 甲 · 3", "1. 乙 · 3", "3. 丙 · 1"]


async def test_the_board_of_all_groups_has_everybody(community: Community) -> None:
    tea, _ = await history(community)
    everybody = ["1. 甲 · 3", "1. 丁 · 3", "1. 乙 · 3", "4. 丙 · 1"]
    for text in ("排行榜 总 全部群", "leaderboard total all groups", "排行榜 全部群 总"):
        assert await asked(community, tea, text) == everybody
    assert (await asked(community, tea, "排行榜 积分 全部群"))[0] == "1. 甲 · 6"


async def test_a_month_is_counted_from_its_first_day(community: Community) -> None:
    tea, _ = await history(community)
    assert await asked(community, tea, "排行榜 月") == ["1. 甲 · 3", "1. 乙 · 3", "3. 丙 · 1"]
    community.clock.advance(31 * 86_400)
    await community.member("u丙", "丙").says("签到", tea)
    await tea.hears()
    assert await asked(community, tea, "排行榜 本月") == ["1. 丙 · 1"]


async def test_who_is_not_among_the_first_is_told_their_own_place(community: Community) -> None:
    tea = await community.group("tea")
    people = [community.member(f"u{n:02}", f"M{n:02}") for n in range(12)]
    for person in people:
        await person.says("签到", tea)
    await community.passes(days=1)
    for person in people[:11]:
        await person.says("签到", tea)
    await tea.hears()
    rows = await asked(community, tea, "排行榜", "zz")  # somebody who never came
    assert len(rows) == 10
    await people[11].says("排行榜", tea)
    [said] = await tea.hears()
    assert said.message.text.splitlines()[-1] == "You are no. 12, with 1."
    await people[10].says("排行榜 今日", tea)
    [said] = await tea.hears()
    assert said.message.text.splitlines()[-1] == "You are no. 11."


async def test_pages_of_a_board_join_without_a_gap(community: Community) -> None:
    tea, _ = await history(community)
    rooms = community.app.rooms
    daily = rooms.checkins.programmes[0]
    for group in (0, 1):
        whole = await rooms.boards.page(daily, "total", group, 99)
        parts = [await rooms.boards.page(daily, "total", group, 1, n) for n in range(len(whole))]
        assert [row for part in parts for row in part] == whole
        places = [await rooms.boards.place(daily, "total", row.member, group) for row in whole]
        assert [p.rank for p in places if p] == [row.rank for row in whole]
    assert await rooms.boards.place(daily, "total", 99) is None
    del tea


async def test_every_board_agrees_with_the_standings_of_its_members(community: Community) -> None:
    tea, _ = await history(community)
    rooms = community.app.rooms
    daily = rooms.checkins.programmes[0]
    await rooms.checkins.points.give(daily, 1, 7, "mei", "a quiz")
    await rooms.checkins.points.spend(daily, 2, 3, "mei", "a mug")
    for group in (0, 1):
        for board in ("total", "streak", "points"):
            for row in await rooms.boards.page(daily, board, group, 99):
                standing = await rooms.checkins.standing(daily, row.member, group)
                assert row.value == getattr(standing, board), (board, row)
    points = await rooms.boards.page(daily, "points", 1)
    assert [(row.name, row.value) for row in points] == [("甲", 13), ("乙", 3), ("丙", 2)]
    del tea
