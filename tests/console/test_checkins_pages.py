"""Check-ins in the console: programmes, boards, rosters, and a member's days."""

from __future__ import annotations

import re
from html import unescape

from tests.console.house import House, keep_checking_in, opened, people

NAMES = re.compile(r'<bdi class="name">([^<]+)</bdi></a>')


async def test_a_group_shows_who_came_in_order_and_who_is_missing(house: House) -> None:
    persons = await people(house, 4)
    tea = await house.community.group("tea")
    for person in (persons[3], persons[0]):
        await person.says("签到", tea)
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/check-ins/daily?group=1&board=day")
    came = page.split("Today, in order")[1].split("Not yet today")
    assert NAMES.findall(came[0]) == ["Ada Lovelace", "小明"]
    assert NAMES.findall(came[1]) == ["韩梅梅"]
    assert "2 of 3" in await visitor.get("/check-ins")
    assert "2 of 3" in await visitor.get("/check-ins/daily")


async def test_the_boards_rank_by_streak_total_week_and_day(house: House) -> None:
    await people(house, 12)
    await keep_checking_in(house, 12, 20)
    checkins = house.rooms.checkins
    programme = checkins.programmes[0]
    visitor = await house.operator("ann", "viewer")
    for board in ("week", "month", "total", "streak", "points"):
        rows = await house.rooms.boards.page(programme, board, limit=99)
        page = await visitor.get(f"/check-ins/daily?board={board}")
        table = page.split('class="list board"')[1].split("</table>")[0]
        assert NAMES.findall(table) == [row.name for row in rows]
        assert re.findall(r'class="num">(\d+)', table) == [str(row.value) for row in rows]
    assert "Nobody yet" in await visitor.get("/check-ins/daily?board=day")
    page = await visitor.get("/check-ins/daily?board=total&q=ADA")
    table = page.split('class="list board"')[1].split("</table>")[0]
    assert NAMES.findall(table) == ["Ada Lovelace"]


async def test_a_long_board_is_paged(house: House) -> None:
    await people(house, 40)
    await keep_checking_in(house, 40, 15)
    visitor = await house.operator("ann", "viewer")
    path, seen = "/check-ins/daily?board=total", list[str]()
    while path:
        page = await visitor.get(path)
        seen += re.findall(r'class="who" href="/members/(\d+)"', page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = unescape(onward[1]) if onward else ""
    assert sorted(map(int, seen)) == await house.rooms.checkins.records.ever("daily")
    assert len(seen) > 25


async def test_a_members_page_shows_their_days_and_standing(house: House) -> None:
    (person, other) = await people(house, 2)
    tea = await house.community.group("tea")
    for _ in range(3):
        await person.says("签到", tea)
        house.clock.advance(86_400)
    visitor = await house.operator("ann", "viewer")
    page = re.sub(r"\s+", " ", await visitor.get("/members/1"))
    for words in ("Check-ins: Daily check-in", "<b>3</b> days in a row", "<b>3</b> in all"):
        assert words in page
    assert "Check-ins: reading" not in page
    assert "Check-ins:" not in await visitor.get("/members/2")
    assert other.name in await visitor.get("/members/2")


async def test_the_overview_counts_today_and_leads_there(house: House) -> None:
    (person, *_) = await people(house, 2)
    await person.says("签到", await house.community.group("tea"))
    page = await (await house.operator("ann", "viewer")).get("/")
    assert re.search(r'href="/check-ins"><span>Checked in today</span><b>1</b>', page)


async def test_odd_addresses_are_answered_kindly(house: House) -> None:
    visitor = await house.operator("ann", "viewer")
    assert "Nobody has checked in yet" in await visitor.get("/check-ins")
    assert (await visitor.status("/check-ins/nothing"))[0] == 404
    for query in ("group=zz&board=zz&after=-1", "q=%5B", "group=99"):
        assert (await visitor.status(f"/check-ins/daily?{query}"))[0] == 200


async def test_without_a_programme_the_page_says_how_to_make_one(valkey: str) -> None:
    async with opened(valkey, "bare", 'timezone = "Asia/Shanghai"') as bare:
        page = await (await bare.operator("ann", "manager")).get("/check-ins")
        assert "/check-ins/new" in page
