"""What is said about tags, and what exclusive groups and ends do whatever gives them."""

from __future__ import annotations

import pytest

from bot.located import Problems
from bot.routing.context import Speaker
from bot.store.effects import Effects
from bot.tags.given import Given
from bot.tags.tag import Tag, TagGroup
from tests.tags.conftest import Town

DAY = 86_400


async def ranks(town: Town) -> None:
    for name in ("gold", "silver"):
        await town.registry.save(Tag(name=name, group="rank"), "ann", exclusive=True)


async def test_a_tag_nobody_described_is_usable_and_listed(town: Town) -> None:
    one = await town.member("a")
    await town.give("vip", one)
    assert await town.registry.all() == [Tag(name="vip")]
    assert await town.registry.counts(["vip"]) == {"vip": 1}
    await town.registry.save(Tag(name="vip", colour="blue", description="good"), "ann")
    (kept,) = await town.registry.all()
    assert (kept.colour, kept.description) == ("blue", "good")


@pytest.mark.parametrize("by", ["hand", "handler", "sop", "rule", "application", "quiet"])
async def test_giving_one_of_an_exclusive_group_takes_the_others(town: Town, by: str) -> None:
    await ranks(town)
    one = await town.member("a")
    await town.give("gold", one)
    now, effects = town.clock.now(), Effects(town.keys)
    match by:
        case "hand":
            effects.tag("silver", one, now, source="by ann")
        case "handler":
            Speaker(one, "a", "a", effects, town.facts, now).tag("silver")
        case "sop":
            effects.tag("silver", one, now, "sop", source="sop tips")
        case "quiet":
            effects.tag("silver", one, now, "quiet", source="WeCom")
        case "rule":
            await town.rules.add("tag:gold", "silver", "ann")
            await town.rules.tick()
        case "application":
            everyone = await town.algebra.fact(town.keys.members_all())
            await town.applications.finish(
                (await town.applications.begin("silver", everyone, "ann")).id
            )
    assert await town.store.apply(effects)
    assert await town.tags(["gold", "silver"]) == {"gold": set(), "silver": {one}}


async def test_a_group_is_not_made_exclusive_while_somebody_has_two_of_it(town: Town) -> None:
    one = await town.member("a")
    await town.give("gold", one)
    await town.give("silver", one)
    for name in ("gold", "silver"):
        await town.registry.save(Tag(name=name, group="rank"), "ann")
    with pytest.raises(Problems, match="1 members have more than one tag of rank"):
        await town.registry.save_group(TagGroup(name="rank", exclusive=True), "ann")
    await town.take("gold", one)
    await town.registry.save_group(TagGroup(name="rank", exclusive=True), "ann")
    assert await town.registry.rivals("gold") == ["silver"]


async def test_a_tag_that_lasts_ends_in_order_and_the_timeline_says_so(town: Town) -> None:
    await town.registry.save(Tag(name="new", lasts=30 * DAY), "ann")
    one, two = await town.people(2)
    await town.give("new", one)
    town.clock.advance(DAY)
    await town.give("new", two)
    await town.give("trial", two, lasts=DAY * 1000)
    town.clock.advance(29 * DAY - 1)
    assert await town.expiry.tick() == 1  # the trial
    town.clock.advance(1)
    assert await town.expiry.tick() == 1
    assert await town.who("new") == [two]
    town.clock.advance(DAY)
    assert await town.expiry.tick() == 1
    assert await town.who("new") == []
    rows = await town.store.call("XRANGE", town.keys.timeline(two), "-", "+")
    told = b"".join(fields[1] for _, fields in rows)
    assert told.index(b'"trial"') < told.index(b'"new"')
    assert b"tag.expired" in told


async def test_getting_it_again_moves_the_end_later_never_sooner(town: Town) -> None:
    await town.registry.save(Tag(name="new", lasts=10 * DAY), "ann")
    one, given = await town.member("a"), Given(town.store, town.applications)
    began = town.clock.now()
    await town.give("new", one, lasts=20 * DAY * 1000)
    await town.give("new", one)
    assert await given.ends(one) == {"new": began + 20 * DAY * 1000}
    town.clock.advance(15 * DAY)
    await town.give("new", one)
    assert await given.ends(one) == {"new": began + 25 * DAY * 1000}
    await town.give("new", one, lasts=0)
    assert await given.ends(one) == {}


async def test_who_gave_and_took_a_tag_is_known_for_the_last_sixteen(town: Town) -> None:
    one = await town.member("a")
    for _ in range(10):
        await town.give("vip", one)
        await town.take("vip", one)
        town.clock.advance(1)
    lately = await Given(town.store, town.applications).lately(one)
    assert len(lately) == 16
    assert [(g.tag, g.given, g.source) for g in lately[:2]] == [
        ("vip", False, "by ann"),
        ("vip", True, "by ann"),
    ]


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        (Tag(name="two words"), "without spaces"),
        (Tag(name="x" * 61), "1 to 60 characters"),
        (Tag(name="a", description="x" * 301), "at most 300"),
        (Tag(name="a", lasts=10**10), "ten years"),
    ],
)
async def test_what_cannot_be_a_tag_is_told(town: Town, tag: Tag, said: str) -> None:
    with pytest.raises(Problems, match=said):
        await town.registry.save(tag, "ann")
    assert await town.registry.all() == []


async def test_two_nodes_that_end_a_tag_at_once_write_it_once(town: Town) -> None:
    one = await town.member("a")
    await town.give("trial", one, lasts=1)
    town.clock.advance(1)
    due = await town.expiry._due()
    assert await town.expiry._take(due)
    assert not await town.expiry._take(due)
    assert await town.store.call("XLEN", town.keys.timeline(one)) == 1
