"""A member's record over the API."""

from __future__ import annotations

from bot.members.attributes import Attribute
from tests.api.conftest import Shop
from tests.console.house import people


async def test_attributes_are_checked_and_set_all_or_none(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    await shop.house.rooms.attributes.save(Attribute(name="phone", type="phone"))
    path = "/members/1/attributes"
    said = await tool.ask("PUT", path, {"attributes": {"phone": "138 0013 8000", "city": "SH"}})
    assert said.json == {"attributes": {"phone": "13800138000", "city": "SH"}}
    wrong = await tool.ask("PUT", path, {"attributes": {"phone": "call me", "city": "BJ"}})
    assert wrong.status == 422
    assert wrong.at == [("body", "/attributes/phone")]
    assert (await tool.get("/members/1"))["attributes"]["city"] == "SH"
    assert (
        await tool.ask("PUT", "/members/7/attributes", {"attributes": {"a": "b"}})
    ).status == 404


async def test_notes_are_written_and_read(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    made = await tool.ask("POST", "/members/1/notes", {"text": "likes tea"})
    assert (made.status, made.json["by"]) == (201, "token shop")
    assert [one["text"] for one in (await tool.get("/members/1/notes"))["items"]] == ["likes tea"]


async def test_members_are_merged_and_split(shop: Shop) -> None:
    await people(shop.house, 2)
    tool = await shop.tool()
    merged = await tool.ask("POST", "/members/2/merge", {"other": 1, "why": "the same phone"})
    assert merged.json == {"survivor": 1, "former": 2}
    again = await tool.ask("POST", "/members/2/merge", {"other": 1})
    assert again.status == 404
    assert (await tool.ask("POST", "/members/1/split")).status == 409
    assert (await tool.ask("POST", "/members/2/split")).json == {"survivor": 1, "former": 2}
    assert (await tool.ask("POST", "/members/1/merge", {"other": 9})).status == 409
    assert ("token shop", "member.merged", "member 1") in await shop.audited()
