"""Applying to many, undoing, and rules."""

from __future__ import annotations

import asyncio

import pytest

from bot.located import Problems
from bot.store.bits import Bits
from bot.store.erasure import Erasure
from bot.tags import applications
from bot.tags.applications import KEPT, Applications
from tests.tags.conftest import Town


async def apply(town: Town, tag: str, members: list[int], *, gives: bool = True) -> str:
    one = await town.applications.begin(tag, Bits.of(members), "ann", gives=gives)
    await town.applications.finish(one.id)
    return one.id


async def undo(town: Town, ident: str) -> None:
    await town.applications.undo(ident, "ann")
    await town.applications.finish(ident)


async def test_undo_changes_back_exactly_those_nobody_changed_since(town: Town) -> None:
    people = await town.people(5)
    await town.give("vip", people[0])
    ident = await apply(town, "vip", people)
    one = await town.applications.get(ident)
    assert one
    progress = await town.applications.progress(one)
    assert (progress.changed, progress.open, progress.total) == (4, 4, 5)
    await town.take("vip", people[1])
    await town.take("vip", people[2])
    await town.give("vip", people[2])  # somebody wants them to have it
    await undo(town, ident)
    assert await town.who("vip") == [people[0], people[2]]
    with pytest.raises(Problems, match="can be undone, and once"):
        await town.applications.undo(ident, "ann")


async def test_taking_from_many_is_undone_with_the_ends_they_had(town: Town) -> None:
    people = await town.people(3)
    await town.give("vip", people[0])
    await town.give("vip", people[1], lasts=10_000)
    await town.give("vip", people[2], lasts=1_000)
    ident = await apply(town, "vip", people, gives=False)
    assert await town.who("vip") == []
    town.clock.advance(2)
    await undo(town, ident)
    assert await town.who("vip") == people[:2]  # the third would have lost it by now
    town.clock.advance(8)
    await town.expiry.tick()
    assert await town.who("vip") == people[:1]


async def test_two_nodes_apply_together_and_each_member_is_changed_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applications, "AT_ONCE", 3)
    people = await town.people(40)
    one = await town.applications.begin("vip", Bits.of(people), "ann")
    other = Applications(town.store, town.registry)
    await asyncio.gather(town.applications.finish(one.id), other.finish(one.id))
    assert await town.who("vip") == people
    progress = await town.applications.progress(one)
    assert (progress.looked, progress.changed) == (40, 40)


async def test_an_application_that_was_broken_off_goes_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applications, "AT_ONCE", 3)
    monkeypatch.setattr(applications, "IN_A_LOOK", 2)
    people = await town.people(10)
    one = await town.applications.begin("vip", Bits.of(people), "ann")
    assert await town.applications.tick() == 6
    again = Applications(town.store, town.registry)  # after a restart
    assert await again.tick() == 4
    assert await again.tick() == 0
    done = await again.get(one.id)
    assert done
    assert done.state == "done"
    assert await town.who("vip") == people


async def test_only_the_last_are_remembered_and_nothing_is_left_of_the_others(town: Town) -> None:
    one = await town.member("a")
    for _ in range(KEPT + 2):
        await apply(town, "vip", [one])
    every = await town.applications.all()
    assert [one.id for one in every] == [str(n) for n in range(KEPT + 2, 2, -1)]
    assert not await town.store.call(
        "EXISTS", town.keys.tags_progress(1), town.keys.tags_changed(1)
    )
    assert await town.store.call("SCARD", town.keys.tags_open("vip")) == KEPT


async def test_nobody_and_no_name_are_refused(town: Town) -> None:
    with pytest.raises(Problems, match="nobody is in it"):
        await town.applications.begin("vip", Bits(), "ann")
    with pytest.raises(Problems, match="without spaces"):
        await town.applications.begin("two words", Bits.of([1]), "ann")
    with pytest.raises(Problems, match="none of this number"):
        await town.applications.undo("7", "ann")


async def test_nothing_of_an_erased_member_is_left(town: Town) -> None:
    one, two = await town.people(2)
    await town.comes(one, await town.group("tea"))
    await town.give("trial", one, lasts=1_000)
    ident = await apply(town, "vip", [one, two])
    await apply(town, "trial", [one, two], gives=False)
    begun = await town.applications.begin("late", Bits.of([one, two]), "ann")
    await town.rules.add("tag:vip", "ruled", "ann")
    await town.rules.tick()
    assert await Erasure(town.store, town.members).erase_member(one, "ann")
    await town.applications.finish(begun.id)
    for tag in ("vip", "late", "ruled", "trial"):
        assert one not in await town.who(tag)
    assert await town.facts.numbers(town.keys.tags_changed(ident)) == [two]
    assert not await town.store.call("EXISTS", town.keys.tags_lately(one))
    assert not await town.store.call("XLEN", town.keys.group_moves(1))
    assert await town.facts.numbers(town.keys.group_ever(1)) == []


async def test_a_rule_gives_its_tag_once_however_often_and_wherever_it_looks(town: Town) -> None:
    one, two = await town.people(2)
    await town.give("vip", one)
    rule = await town.rules.add("tag:vip", "known", "ann")
    await asyncio.gather(*(town.rules.tick() for _ in range(4)))
    assert await town.who("known") == [one]
    await town.take("known", one)
    await town.give("vip", two)
    await town.rules.tick()
    assert await town.who("known") == [two]  # who lost it does not get it again
    assert await town.rules.given(rule.id) == 2
    assert await town.rules.remove(rule.id, "ann")
    assert not await town.rules.remove(rule.id, "ann")
    assert await town.who("known") == [two]


async def test_a_rule_that_cannot_be_is_told(town: Town) -> None:
    with pytest.raises(Problems, match="there is none of this name"):
        await town.rules.add("tag:vip", "known", "ann")
    with pytest.raises(Problems, match="without spaces"):
        await town.rules.add("everyone", "two words", "ann")
