"""Tags over the API: three parts, applying, undoing."""

from __future__ import annotations

from tests.api.conftest import Shop
from tests.console.house import people


async def test_a_tag_is_given_to_a_part_and_taken_back(shop: Shop) -> None:
    await people(shop.house, 4)  # tea: 1, 3, 4; skincare: 1, 2, 4
    tool, rooms = await shop.tool(), shop.house.rooms
    choice = {"chosen": ["group:sandbox/tea", "group:sandbox/skincare"]}
    counted = await tool.ask("POST", "/tag-parts", {**choice, "listed": ["u0", "nobody"]})
    assert counted.json == {"all": 1, "some": 3, "none": 0, "exact_from": None, "unknown": [2]}
    body = {**choice, "tag": "both", "part": "all"}
    made = await tool.ask("POST", "/tag-applications", body)
    assert (made.status, made.json["state"], made.json["total"]) == (201, "doing", 2)
    early = await tool.ask("POST", "/tag-applications/1/undo")
    assert early.status == 409
    await rooms.tags.tick()
    shown = await tool.get("/tag-applications/1")
    assert (shown["state"], shown["changed"], shown["open"]) == ("done", 2, 2)
    (tag,) = (await tool.get("/tags"))["items"]
    assert (tag["name"], tag["members"]) == ("both", 2)
    await tool.ask("DELETE", "/members/1/tags/both")
    undone = await tool.ask("POST", "/tag-applications/1/undo")
    assert (undone.status, undone.json["state"]) == (200, "undoing")
    await rooms.tags.tick()
    (one,) = (await tool.get("/tag-applications"))["items"]
    assert (one["state"], one["undone"], one["open"]) == ("undone", 1, None)
    assert ("token shop", "tag.undone", "both") in await shop.audited()


async def test_what_cannot_be_is_told_where_it_stands(shop: Shop) -> None:
    await people(shop.house, 2)
    tool = await shop.tool()
    body = {"chosen": ["group:sandbox/tee"], "tag": "x", "part": "all"}
    for change, at in (
        ({}, "/chosen"),
        ({"chosen": []}, "/chosen"),
        ({"chosen": ["tag:"]}, "/chosen"),
        ({"chosen": ["everyone"], "within": "tag:nobody"}, "/within"),
        ({"chosen": ["everyone"], "at": "2026-06-01T00:00:00Z"}, "/at"),
        ({"chosen": ["everyone"], "part": "none"}, "/part"),
        ({"chosen": ["everyone"], "tag": "two words"}, "/tag"),
        ({"chosen": ["everyone"], "listed": ["a\0b"]}, "/listed"),
    ):
        said = await tool.ask("POST", "/tag-applications", {**body, **change})
        assert said.status == 422, change
        assert ("body", at) in said.at, said.at
    assert (await tool.ask("GET", "/tag-applications/7")).status == 404


async def test_a_list_may_be_as_long_as_in_the_console(shop: Shop) -> None:
    await people(shop.house, 4)
    tool = await shop.tool()
    listed = ["u0", "u2", *(f"nobody-{n}" for n in range(20_000))]
    counted = await tool.ask("POST", "/tag-parts", {"listed": listed})
    assert (counted.json["all"], len(counted.json["unknown"])) == (2, 20_000)
    huge = await tool.ask("POST", "/tag-parts", {"listed": ["x" * 60] * 100_000})
    assert huge.status == 413
    long = await tool.ask("POST", "/tag-parts", {"listed": ["x"] * 200_001})
    assert (long.status, long.at) == (422, [("body", "/listed")])
