"""Welcomes over the API: scripts are kept, tried and taken away, and their numbers told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.conftest import Shop
from tests.console.house import CONFIG, opened, people

SCRIPT = {
    "title": "Tea room",
    "when": {"groups": ["sandbox/tea"]},
    "window": "0s",
    "messages": [
        {"text": "Welcome to {{ group.name }}, {{ member.name }}", "variants": ["Hi there"]},
        {"text": "In our own chat", "to": "direct", "after": "2m"},
    ],
}


@pytest.fixture
async def open_house(valkey: str) -> AsyncIterator[Shop]:
    """A bot that greets."""
    config = CONFIG.replace("enabled = false", 'window = "0s"\nmessages = ["Hi {{ member.name }}"]')
    async with opened(valkey, "greets", config) as house:
        yield Shop(house)


async def test_a_script_is_kept_changed_and_taken_away(shop: Shop) -> None:
    tool = await shop.tool()
    made = await tool.ask("PUT", "/welcomes/tea-room", {"script": SCRIPT})
    assert (made.status, made.json["id"], made.json["stored"]) == (201, "tea-room", True)
    assert await tool.get("/welcomes/tea-room") == made.json
    again = await tool.ask("PUT", "/welcomes/tea-room", {"script": made.json["script"]})
    assert (again.status, again.json) == (200, made.json), "what is read can be sent back"
    listed = {one["id"]: one["stored"] for one in (await tool.get("/welcomes"))["items"]}
    assert listed == {"tea-room": True, "settings": False}
    assert (await tool.ask("DELETE", "/welcomes/settings")).status == 409
    assert (await tool.ask("DELETE", "/welcomes/tea-room")).json["title"] == "Tea room"
    assert (await tool.ask("DELETE", "/welcomes/tea-room")).status == 404
    assert ("token shop", "welcome.made", "Tea room") in await shop.audited()


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"mesages": []}, "/script/mesages"),
        ({"messages": [{"text": "{{ member.nam }}"}]}, "/script/messages/0/text"),
        ({"window": "soon"}, "/script/window"),
        ({"when": {"kinds": ["group", "guest"]}}, "/script/when/kinds/1"),
    ],
)
async def test_what_is_wrong_with_a_script_is_told_where_it_stands(
    shop: Shop, change: dict[str, object], at: str
) -> None:
    tool = await shop.tool()
    said = await tool.ask("PUT", "/welcomes/tea", {"script": {**SCRIPT, **change}})
    assert (said.status, said.at) == (422, [("body", at)]), said.text
    tried = await tool.ask(
        "POST", "/welcome-previews", {"gateway": "sandbox", "script": {**SCRIPT, **change}}
    )
    assert tried.at == [("body", at)]


async def test_a_preview_says_what_somebody_would_get_and_why(shop: Shop) -> None:
    await people(shop.house, 1)
    tool = await shop.tool()
    who = {"gateway": "sandbox", "group": "tea", "name": "小明"}
    draft = await tool.ask("POST", "/welcome-previews", {**who, "script": SCRIPT})
    first, second = draft.json["messages"]
    assert [one["text"] for one in first["variants"]] == [
        "Welcome to 茶友会 Tea, 小明",
        "Hi there",
    ]
    assert (second["to"], second["after"]) == ("direct", 120.0)
    assert [one["script"] for one in draft.json["candidates"] if one["chosen"]] == ["draft"]
    kept = await tool.ask("POST", "/welcome-previews", who)
    assert kept.json["script"] != "draft", "a draft is not kept"


async def test_counts_say_who_was_greeted_and_why_others_were_not(open_house: Shop) -> None:
    community = open_house.house.community
    tea = await community.group("tea")
    person = community.member("u1", "Ada")
    for _ in range(2):
        await person.joins(tea)
        community.clock.advance(60)
        await community.settle()
        await person.leaves(tea)
    tool = await open_house.tool()
    (one,) = (await tool.get("/welcome-counts"))["items"]
    assert one["script"] == "settings"
    assert one["counts"].pop("greeted") == 1
    assert [*one["counts"].values()] == [1], "who comes back is not greeted again"
    assert (await tool.get("/welcome-counts?day=2026-01-01"))["items"] == []
