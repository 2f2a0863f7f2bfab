"""Keyword routes as members meet them: who says the word gets the right group."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from bot.delivery.journal import Entry
from bot.model.conversation import Conversation
from bot.routes.routes import Routes
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, Person

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]

[sandbox.groups]
tea-south = "tea-south"

[[routes]]
name = "护肤"
words = ["护肤"]
mode = "contains"
synonyms = { "护肤" = ["skincare"] }
groups = [{ group = "sandbox/skin-1", link = "https://join.example/1?k=a" }, "sandbox/skin-2"]
capacity = 2
lobby = ["sandbox/lobby"]

[[routes]]
name = "北方茶友"
words = ["喝茶"]
mode = "contains"
groups = ["sandbox/tea-north"]
reply = "{{ member.name }}，请进{{ target.name }}（{{ route }}）"

[[routes]]
name = "南方茶友"
words = ["喝茶"]
mode = "contains"
groups = ["sandbox/tea-south"]
capacity = 1
"""
DAY = date(2026, 6, 17)


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        for ident, name in (("skin-1", "护肤一群"), ("skin-2", "护肤二群"), ("tea-north", "北茶")):
            await made.member("host", "群主").joins(await made.group(ident, name))
        yield made


def service(community: Community) -> Routes:
    found = community.app.rooms.services[Routes]
    assert isinstance(found, Routes)
    return found


async def fill(community: Community, group: str, *people: str) -> None:
    for who in people:
        await community.member(who, who).joins(await community.group(group))


async def heard(community: Community, person: Person) -> list[str]:
    return [said.message.summary for said in await community.direct(person).hears()]


async def journal(community: Community) -> list[Entry]:
    entries = [entry for _, entry in await community.app.journal.recent()]
    return [entry for entry in entries if entry.what.startswith("route.")]


async def unmatched(community: Community, search: str = "", skip: int = 0) -> list[Any]:
    clusters, _ = await service(community).unmatched(search, skip=skip)
    return [list(one.phrases) for one in clusters]


@pytest.mark.parametrize("text", ["护肤", "我想进護膚群！", "Skincare?"])
async def test_who_says_the_word_to_the_bot_gets_the_way_in(
    community: Community, text: str
) -> None:
    ming = community.member("u1", "小明")
    await ming.says(text)
    [said] = await heard(community, ming)
    assert said.startswith("Here is the way into “护肤一群”:")
    assert "https://join.example/1?k=a" in said
    way, entry = await journal(community)
    assert (entry.what, entry.reason, entry.text) == ("route.answered", "护肤 → 护肤一群", text)
    assert (way.what, way.reason) == ("route.way", "by its link, as a card")


async def test_other_words_are_left_to_others_and_listed(community: Community) -> None:
    ming = community.member("u1", "小明")
    for text in ("护发在哪", "护发在哪？", "几点开门"):
        await ming.says(text)
    assert await heard(community, ming) == []
    assert await unmatched(community) == [[("护发在哪", 2)], [("几点开门", 1)]]
    assert await unmatched(community, "開門") == [[("几点开门", 1)]]
    assert await unmatched(community, skip=1) == [[("几点开门", 1)]]
    assert (await service(community).unmatched(limit=1))[1] == 2
    assert await service(community).dismiss(["护发在哪"])
    assert not await service(community).dismiss(["护发在哪"])
    assert not await service(community).dismiss([])
    assert await unmatched(community) == [[("几点开门", 1)]]


async def test_a_route_answers_in_its_lobby_and_in_no_other_group(community: Community) -> None:
    lobby, tea = await community.group("lobby"), await community.group("tea-north")
    ming = community.member("u1", "小明")
    await ming.says("护肤", lobby)
    await lobby.expects("“护肤一群”")
    await ming.says("护肤", tea)
    await tea.expects_nothing()
    await ming.says("喝茶", lobby)
    await lobby.expects_nothing()


async def test_a_full_group_gives_way_to_the_next_and_then_it_is_said(community: Community) -> None:
    ming = community.member("u1", "小明")
    await fill(community, "skin-1", "p1")
    await ming.says("护肤")
    assert await heard(community, ming) == [
        "“护肤二群” is the group for you: look for it by this name, or ask to be invited."
        " The place is kept for you for 1 day."
    ]
    await fill(community, "skin-2", "p2")
    await ming.says("护肤")
    assert await heard(community, ming) == [
        "“护肤” is full at the moment. Please ask again another day."
    ]
    await community.member("p1", "p1").leaves(await community.group("skin-1"))
    await ming.says("护肤")
    assert "护肤一群" in (await heard(community, ming))[0]


async def test_a_member_of_the_group_is_told_so_and_not_invited_again(community: Community) -> None:
    ming = community.member("u1", "小明")
    await fill(community, "skin-2", "u1")
    await ming.says("护肤")
    assert await heard(community, ming) == ["小明, you are already in “护肤二群”."]
    counts = await service(community).counts([DAY])
    assert counts[DAY]["护肤"] == {"asked": 1, "answered": 0, "already": 1, "full": 0}


async def test_several_routes_that_fit_are_a_numbered_choice(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("我想喝茶")
    assert await heard(community, ming) == [
        "Several groups fit. Answer with a number, or “cancel”:\n1) 北方茶友\n2) 南方茶友"
    ]
    await ming.says("３）")
    assert await heard(community, ming) == [
        "Please answer with one of these numbers, or “cancel”:\n1) 北方茶友\n2) 南方茶友"
    ]
    await ming.says("第一个")
    assert await heard(community, ming) == ["小明，请进北茶（北方茶友）"]
    await ming.says("1")
    assert await heard(community, ming) == []
    assert (await service(community).counts([DAY]))[DAY] == {
        "北方茶友": {"asked": 1, "answered": 1, "already": 0, "full": 0}
    }


async def test_a_choice_is_the_members_own_and_lasts_ten_minutes(community: Community) -> None:
    ming, hong = community.member("u1", "小明"), community.member("u2", "小红")
    await ming.says("喝茶")
    await hong.says("2")
    assert await heard(community, hong) == []
    await community.passes(seconds=599)
    await ming.says("2")
    assert "tea-south" in (await heard(community, ming))[-1]
    await ming.says("喝茶")
    await heard(community, ming)
    await community.passes(seconds=600)
    await ming.says("2")
    assert await heard(community, ming) == []


@pytest.mark.parametrize("word", ["取消", "Cancel!"])
async def test_a_choice_can_be_cancelled(community: Community, word: str) -> None:
    ming = community.member("u1", "小明")
    await ming.says(word)
    assert await heard(community, ming) == []
    await ming.says("喝茶")
    await ming.says(word)
    assert (await heard(community, ming))[-1] == "All right, cancelled."
    await ming.says("1")
    assert await heard(community, ming) == []


async def test_only_what_has_room_is_offered(community: Community) -> None:
    await fill(community, "tea-south", "p1")
    ming, host = community.member("u1", "小明"), community.member("host", "群主")
    await ming.says("喝茶")
    assert await heard(community, ming) == ["小明，请进北茶（北方茶友）"]
    await host.says("喝茶")
    assert await heard(community, host) == ["群主, you are already in “北茶”."]


async def test_a_group_that_fills_while_the_member_chooses_is_full(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("喝茶")
    await fill(community, "tea-south", "p1")
    await ming.says("2")
    assert (await heard(community, ming))[-1].startswith("“南方茶友” is full")


async def test_a_route_removed_while_the_member_chooses_is_gone(community: Community) -> None:
    await community.group("tmp", "临时")
    extra = {"name": "临时", "words": ["喝茶"], "mode": "contains", "groups": ["sandbox/tmp"]}
    await service(community).save(extra)
    ming = community.member("u1", "小明")
    await ming.says("喝茶")
    assert (await heard(community, ming))[0].endswith("3) 临时")
    await service(community).remove("临时")
    await ming.says("三")
    assert (await heard(community, ming))[0].startswith("That is not there any more.")


async def test_the_service_explains_what_it_would_do(community: Community) -> None:
    found = await service(community).explain("我想进护肤群")
    assert found.winners == ("护肤",)
    lobby = Conversation(gateway="sandbox", group="lobby")
    assert (await service(community).explain("喝茶", lobby)).winners == ()
