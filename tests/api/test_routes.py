"""Routes over the API: what there is, why a text leads where, room, and what came of it."""

from __future__ import annotations

from tests.api.conftest import Shop
from tests.console.house import people


async def test_routes_are_listed_and_a_text_is_explained(shop: Shop) -> None:
    tool = await shop.tool()
    first, second = (await tool.get("/routes"))["items"]
    assert (first["name"], first["groups"]) == ("护肤群", ["sandbox/skincare"])
    assert (second["words"], second["editable"]) == (["茶"], False)
    found = await tool.get("/routes/explanation?text=喝茶去护肤")
    assert [(one["route"], one["won"]) for one in found["reasons"]] == [
        ("护肤群", True),
        ("喝茶", False),
    ]
    assert "护肤" in found["reasons"][0]["why"]
    assert (await tool.get("/routes/explanation?text=hello"))["reasons"] == []
    assert (await tool.ask("GET", "/routes/explanation?text=x&where=tea")).at == [
        ("query", "/where")
    ]


async def test_room_and_what_came_of_a_route_are_told(shop: Shop) -> None:
    await people(shop.house, 2)  # skincare: 1 and 2 of 3 places
    stranger = shop.house.community.member("u9", "Lin")
    await stranger.says("护肤")
    tool = await shop.tool()
    (place,) = (await tool.get("/routes/places?route=护肤群"))["items"]
    assert place == {
        "group": "sandbox/skincare",
        "number": 2,
        "capacity": 3,
        "present": 2,
        "held": 1,
        "free": 0,
    }
    whole, group = (await tool.get("/routes/statistics?route=护肤群"))["items"]
    assert (whole["group"], whole["asked"], whole["invited"]) == (0, 1, 1)
    assert (group["group"], group["invited"], group["joined"]) == (2, 1, 0)
    await stranger.joins(await shop.house.community.group("skincare"))
    (place,) = (await tool.get("/routes/places?route=护肤群"))["items"]
    assert (place["present"], place["held"], place["free"]) == (3, 0, 0)
    late = await tool.get("/routes/statistics?route=护肤群&since=2099-01-01T00:00:00Z")
    assert late["items"][0]["asked"] == 0
    assert (await tool.ask("GET", "/routes/places?route=nothing")).status == 404


async def test_who_waits_for_a_place_is_told_in_their_order(shop: Shop) -> None:
    await people(shop.house, 3)
    route = {
        "name": "排队",
        "words": ["排队"],
        "groups": [{"group": "sandbox/tea", "capacity": 1}],
        "full": "wait",
    }
    await shop.house.rooms.routes.save(route, "ann")
    for ident in ("w1", "w2"):
        await shop.house.community.member(ident, ident).says("排队")
        shop.house.clock.advance(1)
    tool = await shop.tool()
    assert [one["member"] for one in (await tool.get("/routes/waiting?route=排队"))["items"]] == [
        4,
        5,
    ]
