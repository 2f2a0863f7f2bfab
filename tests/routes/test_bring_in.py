"""Gateways that can bring people into groups do so, once; where they refuse, the way is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.gateways.sandbox import Sandbox
from bot.model.delivery import InDoubt, Refused
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, TestClock

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]

[[routes]]
name = "tea"
words = ["tea"]
groups = [{ group = "sandbox/tea", link = "https://join.example/tea" }]
capacity = 2
full = "wait"

[[routes]]
name = "wine"
words = ["wine"]
groups = ["sandbox/wine"]
reply = "Wine is at {{ target.name }}"
"""


@pytest.fixture
async def community(valkey: str, store: Store, clock: TestClock) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, clock=clock, locate=unix(valkey), workspace=workspace) as made:
        for ident in ("tea", "wine"):
            await made.member("host").joins(await made.group(ident, f"{ident} club"))
        adapter = made.app.adapters()["sandbox"]
        assert isinstance(adapter, Sandbox)
        adapter.settings = adapter.settings.model_copy(update={"invite": True})
        yield made


async def heard(community: Community, who: str) -> list[str]:
    said = await community.direct(community.member(who)).hears()
    return [one.message.summary for one in said]


async def says(community: Community, who: str, text: str) -> list[str]:
    await community.member(who).says(text)
    await community.settle()
    return await heard(community, who)


async def test_who_asks_is_brought_in_and_told_so(community: Community) -> None:
    assert await says(community, "ming", "tea") == ["You were invited into “tea club”."]
    assert await community.app.world.members("tea") == ["host", "ming"]
    [whole, _] = await community.app.rooms.route_statistics.funnel("tea", 0, 2**52)
    assert (whole.invited, whole.joined) == (1, 1)
    assert "you are already in" in (await says(community, "ming", "tea"))[0]
    assert await says(community, "ming", "wine") == ["Wine is at wine club"]


async def test_who_cannot_be_brought_in_is_shown_the_next_way(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: object) -> None:
        raise Refused("they take no invitations")

    monkeypatch.setattr(Sandbox, "invite", refuses)
    [said] = await says(community, "ming", "tea")
    assert said.startswith("Here is the way into “tea club”:")
    assert "https://join.example/tea" in said
    [said] = await says(community, "ming", "wine")
    assert said.startswith("“wine club” is the group for you")
    entries = [entry for _, entry in await community.app.journal.recent()]
    refused = [one.reason for one in entries if one.what == "delivery.invite_failed"]
    assert refused == ["they take no invitations"] * 2


async def test_an_invitation_whose_answer_was_lost_is_told_once(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite, calls = Sandbox.invite, []

    async def lost(self: Sandbox, group: str, account: str) -> None:
        calls.append(account)
        await invite(self, group, account)
        if len(calls) == 1:
            raise InDoubt("the connection ended")

    monkeypatch.setattr(Sandbox, "invite", lost)
    await community.member("ming").says("tea")
    await community.passes(seconds=5)
    assert calls == ["ming", "ming"]
    assert await heard(community, "ming") == ["You were invited into “tea club”."]
    joined = [one for _, one in await community.app.world.feed() if one.what == "joined"]
    assert len(joined) == 1


async def test_who_waited_is_brought_in_when_a_place_opens(community: Community) -> None:
    tea = await community.group("tea")
    await community.member("full").joins(tea)
    assert "in line" in (await says(community, "ming", "tea"))[0]
    await community.member("full").leaves(tea)
    await community.passes(seconds=1)
    assert await heard(community, "ming") == ["You were invited into “tea club”."]
    assert "ming" in await community.app.world.members("tea")
