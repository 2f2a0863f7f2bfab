"""Rules for what somebody says, and how soon rules for an audience give their tag."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.located import Problems
from bot.model.conversation import Account
from bot.model.event import MessageReceived
from bot.model.message import Message
from bot.routing.context import Context, Speaker
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.store import Store
from bot.tags.hearing import Hearing
from bot.tags.rule import Said
from bot.tags.rules import Rules
from bot.testing import Community
from tests.tags.conftest import Town

CONFIG = """
synonyms = { "价格" = ["多少钱"] }

[[routes]]
name = "tea"
words = ["tea"]
groups = ["sandbox/tea"]
"""


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with Community(CONFIG, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def rule(community: Community, *words: str, tag: str = "asked", **how: Any) -> str:
    tags = community.app.rooms.tags
    said = Said.model_validate({"words": words, **how})
    made = await tags.rules.add_said(said, tag, "ann")
    await tags.hearing.refresh()
    return made.id


async def who(community: Community, tag: str = "asked") -> list[int]:
    app = community.app
    return await Facts(app.store).numbers(app.store.keys.tag(tag))


async def test_who_says_it_has_the_tag_with_the_message_once(community: Community) -> None:
    await rule(community, "开门", "opening hours")
    tea = await community.group("tea")
    ann, ben, cai = (community.member(name) for name in ("ann", "ben", "cai"))
    await ann.says("你们几点开门？")
    await ben.says("OPENING  HOURS please", tea)
    await cai.says("hello", tea)
    assert await who(community) == [1, 2]
    store, now = community.app.store, community.clock.now()
    effects = Effects(store.keys)
    effects.untag("asked", 1, now, source="by ann")
    assert await store.apply(effects)
    await ann.says("开门")
    assert await who(community) == [2]


async def test_it_is_given_whatever_else_answers_the_message(community: Community) -> None:
    await rule(community, "tea")
    await community.group("tea")
    ann = community.member("ann")
    await ann.says("tea")
    assert await community.direct(ann).hears()
    assert await who(community) == [1]


@pytest.mark.parametrize(
    ("how", "text", "given"),
    [
        ({"mode": "exact"}, "价格", True),
        ({"mode": "exact"}, "问一下价格", False),
        ({"mode": "contains"}, "问一下多少钱", True),
        ({"mode": "contains", "pinyin": True}, "jiage", True),
        ({"mode": "contains"}, "jiage", False),
    ],
)
async def test_words_are_read_as_those_of_routes(
    community: Community, how: dict[str, Any], text: str, given: bool
) -> None:
    await rule(community, "价格", **how)
    await community.member("ann").says(text)
    assert await who(community) == ([1] if given else [])


async def test_only_what_is_said_in_the_chosen_places_counts(community: Community) -> None:
    tea, run = await community.group("tea"), await community.group("run")
    ann, ben, cai = (community.member(name) for name in ("ann", "ben", "cai"))
    await ann.joins(run)
    await ben.joins(tea)
    await rule(community, "hi", places=("sandbox/tea",))
    await rule(community, "hi", tag="anywhere-there", places=("sandbox",))
    await ann.says("hi", run)
    await ben.says("hi", tea)
    await cai.says("hi")
    assert await who(community) == [2]
    assert await who(community, "anywhere-there") == [1, 2, 3]


async def test_a_removed_rule_gives_no_more_and_takes_nothing(community: Community) -> None:
    tags = community.app.rooms.tags
    ident = await rule(community, "hi")
    await community.member("ann").says("hi")
    assert await tags.rules.remove(ident, "ann")
    await community.member("ben").says("hi")  # before this node has learnt of it
    await tags.hearing.refresh()
    await community.member("cai").says("hi")
    assert await who(community) == [1]


async def test_a_rule_renamed_or_removed_while_a_message_is_handled_holds_it_up(
    town: Town,
) -> None:
    hearing = Hearing(town.store, town.rules, {})
    await town.give("old", await town.member("a"))
    await town.rules.add_said(Said(words=("hi",)), "old", "ann")
    await hearing.refresh()
    first = heard(town, "hi", await town.member("b"))
    await hearing.hear(first)
    await town.renaming.rename("old", "new", "ann")
    assert not await town.store.apply(first.effects)
    again = heard(town, "hi", await town.member("b"))
    await hearing.hear(again)
    assert await town.store.apply(again.effects)
    assert await town.tags(["old", "new"]) == {"old": set(), "new": {1, 2}}
    late = heard(town, "hi", await town.member("c"))
    await hearing.hear(late)
    assert await town.rules.remove("1", "ann")
    assert not await town.store.apply(late.effects)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said(words=()), "at least one word"),
        (Said(words=("a(",), mode="regex"), "not a regular expression"),
        (Said(words=("a",), mode="regex", typos=True), "only as it stands"),
        (Said(words=("!",), mode="contains"), "only punctuation"),
        (Said(words=("a",) * 51), "at most 50 words"),
        (Said(words=("a",), places=("sandbox/te",)), 'did you mean "sandbox/tea"'),
    ],
)
async def test_words_that_cannot_be_are_told(town: Town, said: Said, told: str) -> None:
    await town.group("tea")
    with pytest.raises(Problems, match=told):
        await town.rules.add_said(said, "x", "ann")
    assert await town.rules.all() == []


async def test_a_rule_the_synonyms_have_outgrown_is_left_out_alone(town: Town) -> None:
    for word in ("much", "hi"):
        await town.rules.add_said(Said(words=(word,)), word, "ann")
    hearing = Hearing(town.store, town.rules, {"much": tuple(f"m{n}" for n in range(200))})
    await hearing.refresh()
    ctx = heard(town, "hi much", await town.member("a"))
    await hearing.hear(ctx)
    assert await town.store.apply(ctx.effects)
    assert await town.tags(["hi", "much"]) == {"hi": {1}, "much": set()}


# rules for an audience


async def test_a_rule_kept_by_an_older_version_goes_on(town: Town) -> None:
    one = await town.member("a")
    await town.give("vip", one)
    body = json.dumps({"id": "1", "audience": "tag:vip", "tag": "gold", "by": "ann", "at": 5})
    await town.store.call("HSET", town.keys.tags_rules(), "1", body)
    assert await town.rules.tick() == 1
    assert await town.who("gold") == [one]


async def test_rules_are_looked_at_again_after_a_rest_of_twenty_looks(town: Town) -> None:
    times = iter([100.0, 100.5, 110.4, 110.5, 110.6, 119.9, 124.9, 154.8, 154.9, 154.95])
    rules = Rules(town.store, town.algebra, town.registry, {}, lambda: next(times))
    await town.rules.add("everyone", "here", "ann")
    looks = []
    for name in ("a", "b", "c", "d", "e"):
        await town.member(name)
        looks.append(await rules.look())
    # 0.5 s, so till 110.5; it was too early at 110.4; 0.1 s, so till 112.6; 5 s, so till 154.9
    assert looks == [1, 0, 2, 1, 0]
    assert await rules.look() == 1


def heard(town: Town, text: str, member: int) -> Context:
    """A message of a member, as a dispatcher would hand it over."""
    effects, now = Effects(town.keys), town.clock.now()
    event = MessageReceived(
        id="e", gateway="sandbox", at=now, account=Account(id="a"), message=Message.of(text)
    )
    made = Context.__new__(Context)
    made.event, made.conversation, made.now = event, event.conversation, now
    made.member = Speaker(member, "a", "a", effects, town.facts, now)
    made.effects, made.store = effects, town.store
    return made
