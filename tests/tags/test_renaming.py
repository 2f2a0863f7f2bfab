"""Renaming and merging tags, with all that names them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.located import Problems
from bot.store.bits import Bits
from bot.tags.configured import configured
from bot.tags.renaming import Renaming
from bot.tags.tag import Tag
from tests.tags.conftest import Town


async def test_everybody_has_the_new_name_and_what_names_it_does_too(town: Town) -> None:
    one, two, three = await town.people(3)
    await town.registry.save(Tag(name="vip", colour="red", lasts=60), "ann")
    await town.give("vip", one, two)
    await town.segments.save("best", "tag:vip and not tag:opt-out", "ann")
    await town.rules.add("tag:vip", "known", "ann")
    await town.renaming.rename("vip", "regular", "ann")
    assert await town.tags(["vip", "regular"]) == {"vip": set(), "regular": {one, two}}
    assert await town.registry.get("vip") is None
    kept = await town.registry.get("regular")
    assert kept
    assert (kept.colour, kept.lasts) == ("red", 60)
    (segment,) = await town.segments.all()
    assert str(segment.audience) == "tag:regular and not tag:opt-out"
    assert [rule.audience for rule in await town.rules.all()] == ["tag:regular"]
    town.clock.advance(60)
    assert await town.expiry.tick() == 2
    assert three not in await town.who("regular")


async def test_merging_keeps_the_later_end_and_for_ever_wins(town: Town) -> None:
    people = await town.people(4)
    await town.give("old", people[0], people[1], lasts=1000)
    await town.give("old", people[2])
    await town.give("new", people[0], people[2], lasts=5000)
    await town.give("new", people[1])
    await town.give("old", people[3], lasts=9000)
    await town.renaming.merge("old", "new", "ann")
    now = town.clock.now()
    ends = await town.store.table("ZRANGE", town.keys.tags_ends("new"), 0, -1, "WITHSCORES")
    assert {int(m): int(float(at)) - now for m, at in ends.items()} == {
        people[0]: 5000,
        people[3]: 9000,
    }
    assert await town.tags(["old", "new"]) == {"old": set(), "new": set(people)}


async def test_merging_into_one_of_an_exclusive_group_leaves_nobody_with_two(town: Town) -> None:
    one, two = await town.people(2)
    for name in ("gold", "silver"):
        await town.registry.save(Tag(name=name, group="rank"), "ann", exclusive=True)
    await town.give("golden", one)
    await town.give("silver", one, two)
    await town.renaming.merge("golden", "gold", "ann")
    assert await town.tags(["gold", "silver"]) == {"gold": {one}, "silver": {two}}


async def test_what_runs_by_a_fixed_text_is_listed_and_nothing_changes(town: Town) -> None:
    one = await town.member("a")
    await town.give("vip", one)

    async def named(tag: str) -> Sequence[str]:
        return ["SOP tips"] if tag == "vip" else []

    renaming = Renaming(town.store, town.registry, named)
    with pytest.raises(Problems, match="it is named by SOP tips; change or end these first"):
        await renaming.rename("vip", "regular", "ann")
    assert await town.who("vip") == [one]


@pytest.mark.parametrize(
    ("old", "new", "merging", "said"),
    [
        ("nobody", "x", False, "there is none of this name"),
        ("vip", "known", False, "merge the two"),
        ("vip", "nobody", True, "there is none of this name"),
        ("vip", "two words", False, "without spaces"),
        ("vip", "vip", True, "another name"),
    ],
)
async def test_what_cannot_be_renamed_is_told(
    town: Town, old: str, new: str, merging: bool, said: str
) -> None:
    one = await town.member("a")
    await town.give("vip", one)
    await town.give("known", one)
    with pytest.raises(Problems, match=said):
        await (town.renaming.merge if merging else town.renaming.rename)(old, new, "ann")


async def test_what_was_applied_with_a_merged_tag_cannot_be_undone(town: Town) -> None:
    one, two = await town.people(2)
    applied = await town.applications.begin("old", Bits.of([one]), "ann")
    await town.applications.finish(applied.id)
    await town.give("new", two)
    await town.renaming.merge("old", "new", "ann")
    with pytest.raises(Problems, match="merged or renamed"):
        await town.applications.undo(applied.id, "ann")


async def test_a_tag_somebody_has_or_something_names_is_not_deleted(town: Town) -> None:
    one = await town.member("a")
    await town.give("vip", one)
    with pytest.raises(Problems, match="1 members still have"):
        await town.renaming.delete("vip", "ann")
    await town.take("vip", one)
    await town.segments.save("best", "tag:vip", "ann")
    with pytest.raises(Problems, match="segment best"):
        await town.renaming.delete("vip", "ann")
    await town.segments.delete("best", "ann")
    assert await town.renaming.delete("vip", "ann")
    assert not await town.renaming.delete("vip", "ann")
    assert await town.registry.all() == []


def test_the_places_in_the_configuration_that_name_a_tag_are_found() -> None:
    settings = {
        "welcome": {"tags": ("vip", "new"), "text": "vip"},
        "routes": [{"when": "tag:vip and not active:7d"}, {"when": "tag:vipper"}],
        "gateways": {"shop": {"tags": {"vip": "levels/VIP"}}},
    }
    assert configured(settings, "vip") == [
        "welcome.tags[0]",
        "routes[0].when",
        "gateways.shop.tags.vip",
    ]
