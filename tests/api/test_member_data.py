"""Over the API a member's data is handed over and erased, attributes declared, doubles found."""

from __future__ import annotations

import json

from bot.tokens import SCOPES
from tests.api.conftest import Shop
from tests.console.house import people
from tests.store.dump import dump


async def test_everything_kept_of_a_member_is_handed_over_and_then_erased(shop: Shop) -> None:
    persons = await people(shop.house, 2)
    await persons[0].says("签到", await shop.house.community.group("tea"))
    tool = await shop.tool()
    await tool.ask("POST", "/members/1/notes", {"text": "likes oolong"})
    told = await tool.get("/members/1/data")
    assert told["member"]["number"] == 1
    assert "likes oolong" in json.dumps(told["kept"])
    assert ("token shop", "member.data", "member 1") in await shop.audited()
    assert (await tool.ask("DELETE", "/members/1")).json == {"number": 1}
    assert (await tool.ask("GET", "/members/1")).status == 404
    assert (await tool.ask("GET", "/members/1/data")).status == 404
    assert (await tool.ask("DELETE", "/members/1")).status == 404
    assert "likes oolong" not in str(await dump(shop.house.store))
    assert (await tool.ask("GET", "/members/2")).status == 200


async def test_who_may_change_members_may_not_therefore_erase_them(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool(*(scope for scope in SCOPES if scope != "erase:members"))
    assert (await tool.ask("GET", "/members/1/data")).status == 403
    assert (await tool.ask("DELETE", "/members/1")).status == 403
    assert (await tool.ask("GET", "/members/1")).status == 200


async def test_attributes_are_declared_and_hold_for_what_is_set(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    wanted = {"label": "Level", "type": "choice", "choices": ["gold", "silver"]}
    made = await tool.ask("PUT", "/attributes/level", wanted)
    assert (made.status, made.json["choices"]) == (200, ["gold", "silver"])
    assert (await tool.get("/attributes"))["items"] == [made.json]
    path = "/members/1/attributes"
    assert (await tool.ask("PUT", path, {"attributes": {"level": "bronze"}})).at == [
        ("body", "/attributes/level")
    ]
    said = await tool.ask("PUT", path, {"attributes": {"level": "GOLD"}})
    assert said.json["attributes"]["level"] == "gold"
    none = await tool.ask("PUT", "/attributes/level", {"type": "choice"})
    assert none.at == [("body", "/choices")]
    assert (await tool.ask("PUT", "/attributes/a,b", {})).at == [("path", "/name")]
    assert (await tool.ask("DELETE", "/attributes/level")).status == 200
    assert (await tool.ask("DELETE", "/attributes/level")).status == 404
    audited = [row[1:] for row in await shop.audited() if row[0] == "token shop"]
    assert ("attribute.declared", "level") in audited


async def test_who_may_be_the_same_person_is_named_with_the_reason(shop: Shop) -> None:
    await people(shop.house, 3)
    tool = await shop.tool()
    for number, phone in ((1, "+86 138 0013 8000"), (3, "13800138000")):
        body = {"attributes": {"phone": phone}}
        await tool.ask("PUT", f"/members/{number}/attributes", body)
    (found,) = (await tool.get("/members/1/candidates"))["items"]
    assert (found["number"], found["why"]) == (3, "the same phone number")
    assert (await tool.get("/members/2/candidates"))["items"] == []
    assert (await tool.ask("GET", "/members/9/candidates")).status == 404


async def test_the_timeline_comes_in_pages_and_by_kind(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    for number in range(55):
        await tool.ask("POST", "/members/1/notes", {"text": f"note {number}"})
    first = await tool.get("/members/1/timeline?kind=notes")
    rest = await tool.get(f"/members/1/timeline?kind=notes&cursor={first['next']}")
    texts = [one["text"] for one in first["items"] + rest["items"]]
    assert texts == [f"note {number}" for number in reversed(range(55))]
    assert rest["next"] is None
    whats = {one["what"] for one in (await tool.get("/members/1/timeline?kind=groups"))["items"]}
    assert whats == {"member.joined"}
    odd = await tool.ask("GET", "/members/1/timeline?kind=note")
    assert (odd.at, odd.json["errors"][0]["hint"]) == (
        [("query", "/kind")],
        'did you mean "notes"?',
    )
    assert (await tool.ask("GET", "/members/9/timeline")).status == 404
