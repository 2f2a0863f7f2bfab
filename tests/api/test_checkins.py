"""Check-ins over the API: who came, what it came to, and what staff correct."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.api.conftest import Shop
from tests.console.house import CONFIG, opened, people

APPROVED = """
[checkin.sport]
words = ["运动"]
where = "both"
evidence = { kind = "text", least = 3, approval = true }

[checkin.own]
words = ["自家"]
count = "group"

[checkin.june]
words = ["六月"]
since = 2026-06-16
until = 2026-06-16
"""


@pytest.fixture
async def gym(valkey: str) -> AsyncIterator[Shop]:
    """A bot with a programme whose check-ins are approved, and one that counts by group."""
    async with opened(valkey, "gym", f"{CONFIG}\n{APPROVED}") as house:
        yield Shop(house)


async def say(shop: Shop, text: str, *members: int, group: str = "tea") -> None:
    persons = await people(shop.house, 4)  # tea: 1, 3, 4; skincare: 1, 2, 4
    chat = await shop.house.community.group(group)
    for number in members:
        await persons[number - 1].says(text, chat)


async def test_who_came_and_who_is_missing_is_told_by_day_and_group(shop: Shop) -> None:
    await say(shop, "签到", 3, 1)
    tool = await shop.tool()
    programmes = {one["name"]: one for one in (await tool.get("/check-ins"))["items"]}
    assert programmes["daily"]["came"] == 2
    assert programmes["reading"]["came"] == 0
    today = programmes["daily"]["today"]
    days = (await tool.get("/check-ins/daily/days"))["items"]
    assert len(days) == 30
    assert days[-1] == {"day": today, "came": 2}
    path = f"/check-ins/daily/days/{today}"
    assert (await tool.get(f"{path}?group=1"))["items"] == [3, 1], "in the order they came"
    assert (await tool.get(f"{path}?group=1&which=missing"))["items"] == [4]
    first = await tool.get(f"{path}?limit=1")
    rest = await tool.get(f"{path}?limit=1&cursor={first['next']}")
    assert (first["items"] + rest["items"], rest["next"]) == ([1, 3], None)
    nobody = await tool.ask("GET", f"{path}?which=missing")
    assert nobody.at == [("query", "/group")]
    assert (await tool.ask("GET", f"{path}?group=99")).at == [("query", "/group")]
    assert (await tool.ask("GET", "/check-ins/daly/days")).status == 404
    assert (await tool.ask("GET", "/check-ins/daily/days/2026-02-30")).at == [("path", "/day")]


async def test_a_leaderboard_comes_in_pages(shop: Shop) -> None:
    await say(shop, "签到", 3, 1)
    tool = await shop.tool()
    path = "/check-ins/daily/board?board=total&limit=1"
    first = await tool.get(path)
    rest = await tool.get(f"{path}&cursor={first['next']}")
    assert [one["rank"] for one in first["items"] + rest["items"]] == [1, 1]
    assert {one["member"] for one in first["items"] + rest["items"]} == {1, 3}
    assert rest["next"] is None


async def test_a_day_is_corrected_and_the_standing_follows(shop: Shop) -> None:
    await say(shop, "签到", 1)
    tool = await shop.tool()
    one = "/check-ins/daily/members/1"
    today = (await tool.get("/check-ins"))["items"][0]["today"]
    yesterday = (await tool.get("/check-ins/daily/days"))["items"][-2]["day"]
    body = {"state": "done", "reason": "was there"}
    for _ in range(2):
        said = await tool.ask("PUT", f"{one}/days/{yesterday}", body)
        assert (said.json["streak"], said.json["total"]) == (2, 2)
    month = {day["day"]: day["state"] for day in (await tool.get(f"{one}/month"))["items"]}
    assert month[today] == "done"
    assert month[yesterday] == "done"
    taken = await tool.ask("PUT", f"{one}/days/{yesterday}", {**body, "state": "missed"})
    assert taken.json["total"] == 1
    held = await tool.ask("PUT", f"{one}/days/{yesterday}", {**body, "state": "excused"})
    assert held.status == 200
    early = await tool.ask("PUT", f"{one}/days/2999-01-01", body)
    assert early.at == [("path", "/day")]
    assert (await tool.ask("PUT", f"{one}/days/{today}", {"state": "done"})).status == 422
    assert (await tool.ask("GET", "/check-ins/daily/members/99")).status == 404
    audited = [what for who, what, _ in await shop.audited() if who == "token shop"]
    assert audited.count("checkin.corrected") == 2


async def test_points_are_given_once_though_they_are_sent_twice(shop: Shop) -> None:
    await say(shop, "签到", 1)
    tool = await shop.tool()
    path, body = "/check-ins/daily/members/1/points", {"points": 5, "reason": "helped"}
    told = [await tool.ask("POST", path, body, Idempotency_Key="p1") for _ in range(3)]
    assert [one.json["points"] for one in told] == [6, 6, 6]
    thanks = {"points": -1, "reason": "a cup"}
    sent = (tool.ask("POST", path, thanks, Idempotency_Key="p2") for _ in range(8))
    assert {one.json["points"] for one in await asyncio.gather(*sent)} == {5}
    await tool.ask("POST", path, {"points": 1, "reason": "back"})
    assert (await tool.ask("POST", path, body)).json["points"] == 11
    other = await tool.ask("POST", path, {**body, "points": 7}, Idempotency_Key="p1")
    assert other.status == 409
    poor = await tool.ask("POST", path, {"points": -99, "reason": "a cup"})
    assert poor.status == 409
    assert (await tool.ask("POST", path, {"points": -4, "reason": "a cup"})).json["points"] == 7
    assert (await tool.ask("POST", path, {"points": 0, "reason": "x"})).at == [("body", "/points")]


async def test_an_entry_of_the_ledger_is_taken_back_once(shop: Shop) -> None:
    await say(shop, "签到", 1)
    tool = await shop.tool()
    one = "/check-ins/daily/members/1"
    await tool.ask("POST", f"{one}/points", {"points": 5, "reason": "helped"})
    rows = (await tool.get(f"{one}/ledger"))["items"]
    gift = next(row for row in rows if row["what"] == "gift")
    assert (gift["points"], gift["by"], gift["reason"]) == (5, "token shop", "helped")
    back = f"{one}/ledger/{gift['id']}/reverse"
    assert (await tool.ask("POST", back, {"reason": "mistake"})).json["points"] == 1
    assert (await tool.ask("POST", back, {"reason": "mistake"})).status == 409


async def test_evidence_is_approved_or_refused_with_a_reason(gym: Shop) -> None:
    await say(gym, "运动 跑了五公里", 1, 3)
    tool = await gym.tool()
    first, second = (await tool.get("/check-in-evidence"))["items"]
    assert (first["member"], first["text"]) == (1, "跑了五公里")
    path = "/check-in-evidence/decisions"
    for _ in range(2):
        said = await tool.ask("POST", path, {"key": first["key"], "decision": "approve"})
    assert said.status == 409, "it does not wait any more"
    body = {"key": second["key"], "decision": "refuse"}
    assert (await tool.ask("POST", path, body)).at == [("body", "/reason")]
    assert (await tool.ask("POST", path, {**body, "reason": "no picture"})).status == 200
    assert (await tool.get("/check-in-evidence"))["items"] == []
    assert (await tool.get("/check-ins/sport/members/1"))["total"] == 1
    assert (await tool.get("/check-ins/sport/members/3"))["total"] == 0


async def test_where_each_group_makes_its_own_streak_the_group_must_be_said(gym: Shop) -> None:
    await say(gym, "自家", 1)
    tool = await gym.tool()
    one = "/check-ins/own/members/1"
    assert (await tool.ask("GET", one)).at == [("query", "/group")]
    assert (await tool.get(f"{one}?group=1"))["total"] == 1
    assert (await tool.get(f"{one}?group=2"))["total"] == 0
    wrong = await tool.ask("POST", f"{one}/points", {"points": 1, "reason": "x"})
    assert wrong.at == [("body", "/group")]


async def test_a_day_outside_the_campaign_is_refused_where_it_stands(gym: Shop) -> None:
    await people(gym.house, 1)
    tool = await gym.tool()
    for day in ("2026-06-15", "2026-06-17"):
        for state in ("done", "missed", "excused"):
            body = {"state": state, "reason": "was there"}
            said = await tool.ask("PUT", f"/check-ins/june/members/1/days/{day}", body)
            assert said.at == [("path", "/day")]
            assert "the programme's" in str(said.json)
