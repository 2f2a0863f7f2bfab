"""Conversions are recorded once, put down to whom they belong, and added up exactly."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from bot.links.codes import Code
from bot.store.erasure import Erasure
from tests.api.conftest import Shop
from tests.console.house import people


async def code_of(shop: Shop, member: int = 1, group: int = 2) -> tuple[int, str]:
    links = shop.house.rooms.links
    sale = await links.make("https://shop.example/spring", "spring-sale")
    step = await links.steps.number("sop/weekly_tips/1/wednesday/w")
    return sale, links.codes.pack(Code(sale, step, group, member))


SALE = {"kind": "sale", "value": "19.90", "currency": "CNY"}


async def test_a_conversion_is_put_down_to_the_code_it_came_from(shop: Shop) -> None:
    await people(shop.house, 2)
    link, code = await code_of(shop)
    tool = await shop.tool()
    for given in (code, f"https://go.example/l/{code}?utm_source=x"):
        said = await tool.ask("POST", "/conversions", {**SALE, "id": given[:20], "code": given})
        assert said.status == 201, said.text
        found = said.json
        assert (found["member"], found["link"], found["group"]) == (1, link, 2)
        assert (found["value"], found["currency"], found["by"]) == ("19.90", "CNY", "token shop")
        assert await tool.get(f"/conversions/{found['id']}") == found
    await shop.house.rooms.link_desk.give_word(link, "ann", "spring")
    await shop.house.rooms.links.refresh()
    worded = await tool.ask("POST", "/conversions", {**SALE, "id": "w", "code": "spring"})
    assert (worded.json["member"], worded.json["link"]) == (None, link)
    by = (await tool.get(f"/conversions/sums?link={link}&by=step"))["by"]
    assert [(one["name"], one["sums"][0]["value"]) for one in by] == [
        ("", "19.9000"),
        ("sop/weekly_tips/1/wednesday/w", "39.8000"),
    ]
    stats = await tool.get(f"/links/{link}/stats")
    assert stats["converted_members"] == 1
    assert stats["conversions"][0]["count"] == 3


async def test_the_member_told_goes_before_the_codes_own(shop: Shop) -> None:
    await people(shop.house, 2)
    link, code = await code_of(shop, member=1)
    tool = await shop.tool()
    for ident, member in (("a", 2), ("b", "sandbox/u1")):
        body = {**SALE, "id": ident, "member": member, "code": code}
        said = await tool.ask("POST", "/conversions", body)
        assert (said.json["member"], said.json["link"]) == (2, link)
    alone = await tool.ask("POST", "/conversions", {**SALE, "id": "c", "member": 1})
    assert (alone.json["member"], alone.json["link"], alone.json["group"]) == (1, None, None)


async def test_told_again_it_is_answered_as_it_was_and_counted_once(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    body = {**SALE, "id": "order-1", "member": 1}
    first = await tool.ask("POST", "/conversions", body)
    shop.house.clock.advance(3600)
    again = [await tool.ask("POST", "/conversions", body) for _ in range(3)]
    assert [first.status, *(one.status for one in again)] == [201, 200, 200, 200]
    assert {one.text for one in again} == {first.text}
    (total,) = (await tool.get("/conversions/sums"))["total"]
    assert (total["count"], total["value"]) == (1, "19.9000")
    other = await tool.ask("POST", "/conversions", {**body, "value": "20"})
    assert (other.status, other.at) == (409, [("body", "/id")])


async def test_the_header_is_as_good_a_name_as_the_id(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    body = {**SALE, "member": 1}
    nameless = await tool.ask("POST", "/conversions", body)
    assert (nameless.status, nameless.at) == (422, [("body", "/id")])
    told = [await tool.ask("POST", "/conversions", body, Idempotency_Key="k-1") for _ in range(2)]
    assert [one.status for one in told] == [201, 200]
    other = await tool.ask("POST", "/conversions", {**body, "kind": "x"}, Idempotency_Key="k-1")
    assert (other.status, other.at) == (409, [("header", "/Idempotency-Key")])


async def test_many_at_once_under_one_name_are_one(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    body = {**SALE, "id": "order-1", "member": 1}
    told = await asyncio.gather(*(tool.ask("POST", "/conversions", body) for _ in range(20)))
    assert Counter(one.status for one in told) == {201: 1, 200: 19}
    assert len((await tool.get("/conversions"))["items"]) == 1


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"member": 99}, "/member"),
        ({"member": "sandbox/nobody"}, "/member"),
        ({"member": None}, "/member"),
        ({"code": "nonsense", "member": None}, "/code"),
        ({"currency": ""}, "/currency"),
        ({"currency": "Yuan"}, "/currency"),
        ({"value": "0.00001"}, "/value"),
        ({"value": 1e300}, "/value"),
        ({"kind": "a:b"}, "/kind"),
        ({"at": "2026-06-17T00:00:00"}, "/at"),
        ({"at": "1970-01-01T00:00:00Z"}, "/at"),
        ({"at": "2026-07-17T00:00:00Z"}, "/at"),
    ],
)
async def test_what_is_wrong_with_a_conversion_is_named_and_nothing_is_recorded(
    shop: Shop, change: dict[str, Any], where: str
) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    said = await tool.ask("POST", "/conversions", {**SALE, "id": "a", "member": 1, **change})
    assert said.status == 422, said.text
    assert said.at == [("body", where)]
    assert (await tool.get("/conversions"))["items"] == []


async def test_sums_agree_with_the_single_conversions(shop: Shop) -> None:
    await people(shop.house, 6)
    random, tool, links = Random(11), await shop.tool(days=30), shop.house.rooms.links
    sales = [await links.make(f"https://shop.example/{n}") for n in range(2)]
    for n in range(60):
        code = Code(random.choice(sales), 0, random.randrange(3), random.randrange(7))
        body = {
            "id": f"o{n}",
            "kind": random.choice(["sale", "refund"]),
            "value": str(Decimal(random.randrange(-(10**7), 10**7)) / 100),
            "currency": random.choice(["CNY", "EUR"]),
            "code": links.codes.pack(code),
        }
        assert (await tool.ask("POST", "/conversions", body)).status == 201
        shop.house.clock.advance(random.randrange(20_000))
    every, path = [], "/conversions?limit=7"
    while path:
        page = await tool.get(path)
        every += page["items"]
        path = f"/conversions?limit=7&cursor={page['next']}" if page["next"] else ""
    assert len({one["id"] for one in every}) == 60
    for link in (0, *sales):
        mine = [one for one in every if link in (0, one["link"])]
        found = await tool.get(f"/conversions/sums?link={link}&by=group")
        assert found["members"] == len({one["member"] for one in mine} - {None})
        for told, rows in [
            (found["total"], mine),
            *(
                (share["sums"], [o for o in mine if str(o["group"] or 0) == share["name"]])
                for share in found["by"]
            ),
        ]:
            for one in told:
                same = [
                    Decimal(o["value"])
                    for o in rows
                    if (o["kind"], o["currency"]) == (one["kind"], one["currency"])
                ]
                assert (one["count"], Decimal(one["value"])) == (len(same), sum(same))
            assert sum(one["count"] for one in told) == len(rows)
        days = (await tool.get(f"/conversions/sums?link={link}"))["by"]
        assert sum(one["count"] for day in days for one in day["sums"]) == len(mine)
        assert len(days) > 2


async def test_of_an_erased_member_no_conversion_is_left_and_sums_stay(shop: Shop) -> None:
    await people(shop.house, 2)
    tool, store = await shop.tool(), shop.house.store
    for ident, member in (("a", 1), ("b", 2)):
        await tool.ask("POST", "/conversions", {**SALE, "id": ident, "member": member})
    await Erasure(store, shop.house.members, shop.house.community.app.node).erase_member(1, "ann")
    assert [one["member"] for one in (await tool.get("/conversions"))["items"]] == [2]
    sums = await tool.get("/conversions/sums")
    assert (sums["members"], sums["total"][0]["count"]) == (1, 2)
    again = await tool.ask("POST", "/conversions", {**SALE, "id": "a", "member": 1})
    assert again.status == 422  # there is no such member


async def test_sums_are_given_by_link_campaign_and_sop_and_for_some_days(shop: Shop) -> None:
    await people(shop.house, 1)
    link, code = await code_of(shop)
    tool = await shop.tool(days=30)
    told = await tool.ask("POST", "/conversions", {**SALE, "id": "a", "code": code})
    assert told.json["attributed"] == "code"
    first = shop.house.rooms.conversions.today()
    shop.house.clock.advance(86_400)
    await tool.ask("POST", "/conversions", {**SALE, "id": "b", "code": code})
    for by, name in (("link", str(link)), ("campaign", "spring-sale"), ("sop", "weekly_tips")):
        for period, value in (("", "39.8000"), (f"&since={first}&until={first}", "19.9000")):
            found = await tool.get(f"/conversions/sums?by={by}{period}")
            (share,) = found["by"]
            assert (share["name"], share["sums"][0]["value"]) == (name, value)
            assert (found["total"][0]["value"], found["members"]) == (value, 1)
    days = (await tool.get(f"/conversions/sums?since={first}"))["by"]
    assert [one["sums"][0]["count"] for one in days] == [1, 1]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("by=link&link=1", "/by"),
        ("until=2026-06-17", "/since"),
        ("since=2026-13-01", "/since"),
        ("since=17.6.2026", "/since"),
        ("since=2026-06-17&until=2026-06-16", "/until"),
        ("since=2020-06-17&until=2026-06-16", "/until"),
    ],
)
async def test_a_period_that_is_none_is_refused(shop: Shop, query: str, where: str) -> None:
    said = await (await shop.tool()).ask("GET", f"/conversions/sums?{query}")
    assert (said.status, said.at) == (422, [("query", where)])
