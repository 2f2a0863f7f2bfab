"""Who chose or waited is judged again by the route's conditions before anything is theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.members.attributes import Attribute
from bot.model.conversation import Account
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, TestClock

CONFIG = """
language = "en"
timezone = "UTC"
handlers = ["handlers.keyword_routes"]

[sandbox.groups]
gold = "gold"
plain = "plain"
south = "south"

[[routes]]
name = "gold"
words = ["tea"]
groups = ["sandbox/gold"]
when = { attributes = { level = ["gold"] }, otherwise = "Gold members only." }

[[routes]]
name = "plain"
words = ["tea"]
groups = ["sandbox/plain"]

[[routes]]
name = "line"
words = ["line"]
groups = ["sandbox/line"]
capacity = 1
full = "wait"
when = { attributes = { level = ["gold"] } }

[[routes]]
name = "day"
words = ["day"]
groups = ["sandbox/day"]
capacity = 1
full = "wait"
when = { hours = "09:00-18:00" }

[[routes]]
name = "near"
words = ["near"]
ask = "region"
groups = [{ group = "sandbox/south", labels = ["south"] }]
when = { attributes = { level = ["gold"] } }
"""


@pytest.fixture
async def community(valkey: str, store: Store, clock: TestClock) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, clock=clock, locate=unix(valkey), workspace=workspace) as made:
        for ident in ("line", "day"):
            await made.member("full").joins(await made.group(ident, ident))
        yield made


async def level(community: Community, who: str, value: str) -> None:
    app = community.app
    number = await app.members.number("sandbox", Account(id=who))
    await app.store.call("HSET", app.store.keys.member(number), "attribute:level", value)


async def says(community: Community, who: str, text: str) -> str:
    await community.member(who).says(text)
    return (await heard(community, who))[-1]


async def heard(community: Community, who: str) -> list[str]:
    said = await community.direct(community.member(who)).hears()
    return [one.message.summary for one in said]


async def test_a_number_chosen_later_is_judged_then(community: Community) -> None:
    await level(community, "ming", "gold")
    assert "1) gold" in await says(community, "ming", "tea")
    await level(community, "ming", "silver")
    assert await says(community, "ming", "1") == "Gold members only."


async def test_an_answer_given_later_is_judged_then(community: Community) -> None:
    await level(community, "ming", "gold")
    assert "1) south" in await says(community, "ming", "near")
    await level(community, "ming", "silver")
    assert (await says(community, "ming", "1")).startswith("That is not there any more.")


async def test_who_does_not_fit_any_more_is_passed_over_and_the_next_is_told(
    community: Community,
) -> None:
    for who in ("ming", "hong"):
        await level(community, who, "gold")
        assert "in line" in await says(community, who, "line")
        await community.passes(seconds=1)
    await level(community, "ming", "silver")
    await community.member("full").leaves(await community.group("line"))
    await community.passes(seconds=1)
    assert await heard(community, "ming") == []
    assert "is yours" in (await heard(community, "hong"))[0]
    assert await community.app.rooms.routes.waiting("line") == []
    entries = [entry for _, entry in await community.app.journal.recent()]
    [passed] = [one.reason for one in entries if one.what == "route.passed_over"]
    assert passed == "line: only for members whose level is gold"


async def test_nobody_is_told_of_a_place_outside_the_routes_hours(
    community: Community, clock: TestClock
) -> None:
    clock.advance((33 * 3600 - clock.now() / 1000) % 86_400)  # 9 o'clock
    assert "in line" in await says(community, "ming", "day")
    clock.advance(12 * 3600)
    await community.member("full").leaves(await community.group("day"))
    await community.passes(hours=1)
    assert await heard(community, "ming") == []
    await community.passes(hours=11)
    assert "is yours" in (await heard(community, "ming"))[0]


async def test_values_no_member_can_have_are_told_with_where_they_are_wanted(
    community: Community,
) -> None:
    attributes, routes = community.app.rooms.attributes, community.app.rooms.routes

    async def told() -> set[tuple[str, str]]:
        return {
            (one.routes[0], str(one.message))
            for one in await routes.cautions()
            if str(one.message).startswith(("members whose", "answers that"))
        }

    assert await told() == set(), "what is not declared may be anything"
    await attributes.save(Attribute(name="level", type="choice", choices=("golden", "silver")))
    await attributes.save(Attribute(name="region", type="choice", choices=("South", "East")))
    wrong = (
        "members whose “level” is “gold”: “gold” is none of: golden, silver. Did you mean “golden”?"
    )
    assert await told() == {("gold", wrong), ("line", wrong), ("near", wrong)}
    await attributes.remove("level")
    await attributes.save(Attribute(name="levels"))
    near = "members whose “level” is “gold”: No attribute “level” is declared; “levels” is."
    assert ("gold", near) in await told()
