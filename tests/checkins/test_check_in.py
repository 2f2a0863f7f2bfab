"""Check-ins as members meet them: once a day, with streak, total, place and points."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.checkins.checkins import CheckIns
from bot.checkins.programme import Programme
from bot.clock import millis
from bot.model.conversation import Account
from bot.model.event import MessageReceived
from bot.model.message import Message
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, TestClock

CONFIG = """
language = "en"
[checkin.daily]
points = 5
[checkin.books]
words = ["读书"]
groups = ["sandbox/readers"]
timezone = "America/New_York"
"""
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        yield made


def service(community: Community) -> CheckIns:
    found = community.app.rooms.services[CheckIns]
    assert isinstance(found, CheckIns)
    return found


def programme(community: Community, name: str = "daily") -> Programme:
    found = service(community).programme(name)
    assert found is not None
    return found


def message(ident: str, account: str, group: str, at: int, text: str = "签到") -> MessageReceived:
    return MessageReceived(
        id=ident,
        gateway="sandbox",
        at=at,
        account=Account(id=account, name=account),
        group=group,
        message=Message.of(text),
    )


def at(clock: TestClock, moment: str) -> None:
    """Set the clock to a time in Shanghai."""
    there = millis(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI))
    clock.advance((there - clock.now()) / 1000)


async def test_a_check_in_answers_with_streak_total_place_and_points(community: Community) -> None:
    tea, ming = await community.group("tea"), community.member("u1", "小明")
    await ming.says("签到", tea)
    said = await tea.expects("小明, you are checked in!")
    assert "Streak 1 · total 1 · no. 1 here today · 5 points" in said.message.text
    await community.member("u2", "小红").says("打卡", tea)
    said = await tea.expects("小红, you are checked in!")
    assert "Streak 1 · total 1 · no. 2 here today · 5 points" in said.message.text


@pytest.mark.parametrize("text", ["签到", " 簽到！", "打卡。", "Check In", "ＣＨＥＣＫ　ＩＮ"])
async def test_the_word_may_be_written_in_any_way(community: Community, text: str) -> None:
    tea = await community.group("tea")
    await community.member("u1", "小明").says(text, tea)
    await tea.expects("you are checked in!")


@pytest.mark.parametrize("text", ["签到表在哪", "我要签到", "读书", "签"])
async def test_other_talk_is_no_check_in(community: Community, text: str) -> None:
    tea = await community.group("tea")
    await community.member("u1", "小明").says(text, tea)
    await tea.expects_nothing()


async def test_the_second_time_on_a_day_is_answered_kindly_with_the_same_numbers(
    community: Community,
) -> None:
    tea, ming = await community.group("tea"), community.member("u1", "小明")
    await ming.says("签到", tea)
    first = await tea.expects("you are checked in!")
    await community.member("u2", "小红").says("签到", tea)
    await tea.hears()
    await ming.says("打卡", tea)
    again = await tea.expects("小明, you have already checked in today")
    assert again.message.text.splitlines()[1] == first.message.text.splitlines()[1]


async def test_days_in_a_row_make_a_streak_and_a_missed_day_ends_it(community: Community) -> None:
    tea, ming = await community.group("tea"), community.member("u1", "小明")
    for expected in ("Streak 1 · total 1", "Streak 2 · total 2", "Streak 3 · total 3"):
        await ming.says("签到", tea)
        await tea.expects(expected)
        await community.passes(days=1)
    await community.passes(days=1)
    await ming.says("签到", tea)
    await tea.expects("Streak 1 · total 4 · no. 1 here today · 20 points")
    standing = await service(community).standing(programme(community), 1)
    assert (standing.longest, standing.last) == (3, date(2026, 6, 21))


async def test_each_group_has_its_own_order_and_each_member_one_record(
    community: Community,
) -> None:
    tea, coffee = await community.group("tea"), await community.group("coffee")
    ming, hong = community.member("u1", "小明"), community.member("u2", "小红")
    await ming.says("签到", tea)
    await hong.says("签到", coffee)
    await coffee.expects("no. 1 here today")
    await ming.says("签到", coffee)
    said = await coffee.expects("小明, you have already checked in today")
    assert "no." not in said.message.text
    daily = programme(community)
    assert await service(community).counts(daily, date(2026, 6, 17), date(2026, 6, 17)) == {
        date(2026, 6, 17): 2
    }


async def test_a_direct_chat_is_told_where_to_check_in(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("签到")
    await ming.expects("Check in in your group: say “签到” there.")
    await ming.says("读书")
    await ming.expects("say “读书” there")


async def test_a_programme_counts_only_in_its_groups_and_in_its_zone(community: Community) -> None:
    readers, ming = await community.group("readers"), community.member("u1", "小明")
    at(community.clock, "2026-07-01T11:59:59")
    await ming.says("读书", readers)
    await readers.expects("Streak 1 · total 1")
    await community.passes(seconds=1)
    await ming.says("读书", readers)
    await readers.expects("Streak 2 · total 2")
    books = programme(community, "books")
    assert await service(community).calendar(books, 1, 2026, 6) == [date(2026, 6, 30)]
    assert await service(community).calendar(books, 1, 2026, 7) == [date(2026, 7, 1)]


async def test_the_day_is_that_of_the_event_even_when_it_is_handled_after_midnight(
    community: Community,
) -> None:
    tea, clock = await community.group("tea"), community.clock
    at(clock, "2026-12-31T23:59:59")
    said_at = clock.now()
    at(clock, "2027-01-01T00:00:30")
    await community.accept(message("late", "u1", "tea", said_at))
    await tea.expects("Streak 1 · total 1")
    await community.accept(message("new", "u1", "tea", clock.now()))
    await tea.expects("Streak 2 · total 2")
    daily = programme(community)
    assert await service(community).calendar(daily, 1, 2026, 12) == [date(2026, 12, 31)]
    assert await service(community).calendar(daily, 1, 2027, 1) == [date(2027, 1, 1)]


@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=-2), timedelta(days=900)])
async def test_a_time_that_cannot_be_right_is_not_believed(
    community: Community, ahead: timedelta
) -> None:
    at(community.clock, "2026-06-17T23:30:00")
    when = community.clock.now() + int(ahead.total_seconds() * 1000)
    await community.accept(message("odd", "u1", "tea", when))
    days = await service(community).records.days("daily", 1)
    assert list(days) == [date(2026, 6, 17)]


async def test_the_same_event_told_twice_is_one_check_in(community: Community) -> None:
    tea = await community.group("tea")
    for _ in range(2):
        await community.accept(message("same", "u1", "tea", community.clock.now()))
    assert len(await tea.hears()) == 1


async def test_two_groups_and_two_nodes_at_once_give_one_record(valkey: str, store: Store) -> None:
    people, workspace = [f"u{n}" for n in range(30)], store.keys.workspace
    async with AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(
                Community(CONFIG, locate=unix(valkey), workspace=workspace)
            )
            for _ in range(2)
        ]
        groups = [await nodes[0].group(name) for name in ("tea", "coffee")]
        now = nodes[0].clock.now()
        events = [message(f"{g}{who}", who, g, now) for who in people for g in ("tea", "coffee")]
        await asyncio.gather(*(nodes[n % 2].app.accept(e) for n, e in enumerate(events)))
        for node in (*nodes, *nodes):
            await node.settle()
        said = [await group.hears() for group in groups]
        texts = [one.message.text for heard in said for one in heard]
        assert sum("you are checked in!" in text for text in texts) == len(people)
        assert sum("already checked in" in text for text in texts) == len(people)
        for heard in said:
            new = [one.message.text for one in heard if "you are checked" in one.message.text]
            for place, text in enumerate(new, 1):
                assert f"no. {place} here today" in text
        daily, day = programme(nodes[0]), date(2026, 6, 17)
        assert await service(nodes[0]).counts(daily, day, day) == {day: len(people)}
        board = await nodes[0].app.rooms.boards.page(daily, "total", limit=100)
        assert [row.value for row in board] == [1] * len(people)


async def test_the_roster_tells_who_has_not_checked_in(community: Community) -> None:
    tea, coffee = await community.group("tea"), await community.group("coffee")
    people = [community.member(f"u{n}", f"人{n}") for n in range(1, 5)]
    for person in people:
        await person.joins(tea)
    await people[2].says("签到", tea)
    await people[0].says("签到", tea)
    await people[3].says("签到", coffee)
    roster = await service(community).roster(programme(community), 1)
    assert roster.done == (3, 1)
    assert roster.missing == (2,)


async def test_a_zone_changed_later_leaves_the_records_and_their_streak(
    valkey: str, store: Store
) -> None:
    clock, workspace = TestClock(), store.keys.workspace
    for zone, expected in (("Asia/Shanghai", "Streak 1"), ("Pacific/Auckland", "Streak 2")):
        config = f'language = "en"\ntimezone = "{zone}"\n[checkin.daily]\n'
        community = Community(config, clock=clock, locate=unix(valkey), workspace=workspace)
        async with community:
            tea = await community.group("tea")
            await tea.hears()
            await community.member("u1", "小明").says("签到", tea)
            await tea.expects(expected)
            await community.passes(days=1)
