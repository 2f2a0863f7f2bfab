"""Routes that ask: the group of a member's region is found by asking for it once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.located import Problems
from bot.routes.routes import Routes
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, Person

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]

[sandbox.groups]
south = "south"
east = "east"
east-2 = "east-2"
skin = "skin"
sh = "sh"
run = "run"

[[routes]]
name = "同城"
words = ["同城群"]
mode = "contains"
ask = "region"
groups = [
  { group = "sandbox/south", labels = ["华南", "广东", "广西"] },
  { group = "sandbox/east", labels = ["华东", "上海"] },
  { group = "sandbox/east-2", labels = ["华东"] },
]
capacity = 1
lobby = ["sandbox/lobby"]

[[routes]]
name = "护肤"
words = ["护肤"]
mode = "contains"
groups = ["sandbox/skin"]

[[routes]]
name = "朋友"
words = ["护肤"]
mode = "contains"
ask = "city"
question = "{{ member.name }}，你在哪个城市？"
groups = [{ group = "sandbox/sh", labels = ["上海"] }]

[[routes]]
name = "跑步"
words = ["跑步"]
groups = ["sandbox/run"]
"""
ASK = "Which of these is yours? Answer with a number or a word, or “cancel”:\n1) 华南\n2) 华东"
AGAIN = "Please answer with one of these, or “cancel”:\n1) 华南\n2) 华东"


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with Community(CONFIG, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def asked(community: Community, person: Person, text: str) -> str:
    await community.direct(person).hears()
    await person.says(text)
    return " | ".join(one.message.summary for one in await community.direct(person).hears())


def routes(community: Community) -> Routes:
    return community.app.rooms.routes


@pytest.mark.parametrize(
    ("answer", "group", "kept"),
    [
        ("1", "south", "华南"),
        ("第二个", "east", "华东"),
        ("我在广东呀", "south", "华南"),
        ("guangdong", "south", "华南"),
        ("華東", "east", "华东"),
        ("Shanghai!", "east", "华东"),
    ],
)
async def test_the_answer_leads_to_the_group_and_is_kept(
    community: Community, answer: str, group: str, kept: str
) -> None:
    ming = community.member("u1", "小明")
    assert await asked(community, ming, "想进同城群") == ASK
    assert f"“{group}”" in await asked(community, ming, answer)
    member = await community.app.members.member(1)
    assert member is not None
    assert member.attributes["region"] == kept
    assert f"“{group}”" in await asked(community, ming, "同城群")


async def test_of_a_label_the_first_group_with_room_is_taken(community: Community) -> None:
    other = community.member("u2", "other")
    await other.joins(await community.group("east"))
    ming = community.member("u1", "小明")
    await ming.says("同城群")
    assert "“east-2”" in await asked(community, ming, "上海")


async def test_a_wrong_answer_is_asked_again_twice_and_then_left(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("同城群")
    assert await asked(community, ming, "火星") == AGAIN
    assert await asked(community, ming, "3") == AGAIN
    assert (await asked(community, ming, "广东还是上海")).startswith("Let us leave it.")
    assert await asked(community, ming, "广东") == ""


async def test_it_is_cancelled_and_it_times_out(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("同城群")
    assert await asked(community, ming, "算了") == "All right, cancelled."
    assert await asked(community, ming, "1") == ""
    await ming.says("同城群")
    await community.passes(minutes=11)
    assert await asked(community, ming, "1") == ""


async def test_another_wish_takes_the_place_of_the_question(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("同城群")
    assert (await asked(community, ming, "护肤")).startswith("Several groups fit.")
    assert "“skin”" in await asked(community, ming, "1")
    assert await asked(community, ming, "2") == ""


async def test_words_that_lead_straight_in_end_the_question(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("同城群")
    assert "“run”" in await asked(community, ming, "跑步")
    assert await asked(community, ming, "1") == ""


async def test_a_choice_can_lead_to_a_question_of_its_own_words(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("护肤")
    assert await asked(community, ming, "2") == "小明，你在哪个城市？\n1) 上海"
    assert "“sh”" in await asked(community, ming, "1")


async def test_questions_are_of_one_member_in_one_conversation(community: Community) -> None:
    ming, hong = community.member("u1", "小明"), community.member("u2", "小红")
    lobby = await community.group("lobby")
    await ming.says("同城群", lobby)
    await lobby.expects("Which of these is yours?")
    assert await asked(community, ming, "1") == ""
    await hong.says("1", lobby)
    await lobby.expects_nothing()
    await ming.says("大家好", lobby)
    await lobby.expects_nothing()
    await ming.says("1", lobby)
    await lobby.expects("“south”")


async def test_a_route_removed_while_it_asks_is_gone(community: Community) -> None:
    group = {"group": "sandbox/skin", "labels": ["a", "b"]}
    data = {"name": "x", "words": ["绿茶"], "groups": [group], "ask": "taste"}
    await routes(community).save(data)
    ming = community.member("u1", "小明")
    assert (await asked(community, ming, "绿茶")).endswith("1) a")
    await routes(community).remove("x")
    assert (await asked(community, ming, "b")).startswith("That is not there any more.")


@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"ask": "region"}, "groups[0]"),
        ({"groups": [{"group": "sandbox/skin", "labels": ["a"]}]}, "groups[0].labels"),
        ({"question": "Where?"}, "question"),
        (
            {
                "ask": "x",
                "groups": [{"group": "sandbox/skin", "labels": ["a"]}],
                "question": "{{ target.name }}",
            },
            "question",
        ),
    ],
)
async def test_what_asks_nothing_or_leads_nowhere_is_told(
    community: Community, more: dict[str, object], at: str
) -> None:
    data = {"name": "x", "words": ["x"], "groups": ["sandbox/skin"], **more}
    with pytest.raises(Problems) as wrong:
        routes(community).read(data)
    assert [problem.key for problem in wrong.value.problems] == [at]
