"""In all, in some, in none: now, at a time, and of lists."""

from __future__ import annotations

import pytest

from bot.located import Problems
from bot.store.effects import Effects
from bot.tags.parts import Choice
from tests.tags.conftest import Town

DAY = 86_400
TEA, RUN = "group:sandbox/tea", "group:sandbox/run"


async def parts(town: Town, *chosen: str, at: int | None = None, listed: str = "",
                within: str = "everyone") -> tuple[list[int], list[int], list[int]]:  # fmt: skip
    found = await town.parting.of(Choice(chosen, listed, at, within))
    return found.all.numbers(), found.some.numbers(), found.none.numbers()


async def test_a_member_of_both_is_not_out_of_one_and_who_is_in_none_is_found(town: Town) -> None:
    both, only, neither = await town.people(3)
    tea, run = await town.group("tea"), await town.group("run")
    for member, group in ((both, tea), (both, run), (only, run)):
        await town.comes(member, group)
    assert await parts(town, TEA, RUN) == ([both], [only], [neither])
    assert await parts(town, TEA) == ([both], [], [only, neither])


async def test_only_members_within_an_audience_are_looked_at(town: Town) -> None:
    one, two = await town.people(2)
    await town.comes(one, await town.group("tea"))
    await town.give("vip", two)
    assert await parts(town, TEA, within="tag:vip") == ([], [], [two])


async def test_who_was_in_a_group_at_a_time_is_told_from_who_came_and_went(town: Town) -> None:
    stayed, left, came, back, never = await town.people(5)
    await town.rosters.begin()
    tea = await town.group("tea")
    town.clock.advance(DAY)
    for member in (stayed, left, back):
        await town.comes(member, tea)
    town.clock.advance(DAY)
    then = town.clock.now()
    town.clock.advance(DAY)
    await town.leaves(left, tea)
    await town.leaves(back, tea)
    await town.comes(came, tea)
    town.clock.advance(DAY)
    await town.comes(back, tea)
    assert await parts(town, TEA, at=then) == ([stayed, left, back], [], [came, never])
    assert await parts(town, TEA) == ([stayed, came, back], [], [left, never])
    before = await town.rosters.at(tea, then - 2 * DAY * 1000)
    assert not before.members
    found = await town.parting.of(Choice((TEA,), at=then))
    assert found.exact_from <= then


async def test_before_comings_were_kept_it_says_since_when_it_is_exact(town: Town) -> None:
    one = await town.member("a")
    tea = await town.group("tea")
    effects = Effects(town.keys)  # as it was written before
    effects.fact(town.keys.group_present(tea.number), one)
    effects.do("ZADD", town.keys.group_joined(tea.number), town.clock.now(), one)
    assert await town.store.apply(effects)
    earlier = town.clock.now() - 1
    town.clock.advance(DAY)
    await town.rosters.begin()
    roster = await town.rosters.at(tea, earlier)
    assert not roster.members
    assert roster.exact_from == town.clock.now()


async def test_a_list_is_read_by_account_number_and_phone(town: Town) -> None:
    people = await town.people(5)
    effects = Effects(town.keys)
    effects.attribute(people[3], "phone", "138 0013 8000")
    assert await town.store.apply(effects)
    text = "account,name\np0,Ann\nsandbox/p1,Bo\n#3,\n+86-13800138000\nnobody,x\n99999999\n"
    found = await town.parting.of(Choice(listed=text))
    assert found.all.numbers() == people[:4]
    assert found.none.numbers() == people[4:]
    assert found.listed
    assert found.listed.unknown == ((6, "nobody"), (7, "99999999"))


async def test_a_list_and_a_group_together(town: Town) -> None:
    one, two, three = await town.people(3)
    tea = await town.group("tea")
    await town.comes(one, tea)
    await town.comes(two, tea)
    assert await parts(town, TEA, listed="p0\np2") == ([one], [two, three], [])


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Choice(), "choose at least one group, or paste a list"),
        (Choice(("group:sandbox/tee",)), 'did you mean "sandbox/tea"'),
        (Choice(("tag:vip",), at=1), "only of groups"),
        (Choice((TEA,), within="tag:"), "not complete"),
        (Choice(listed="a\0b"), "expected text"),
    ],
)
async def test_mistakes_are_told(town: Town, choice: Choice, said: str) -> None:
    await town.group("tea")
    await town.give("vip", await town.member("a"))
    with pytest.raises(Problems, match=said):
        await town.parting.of(choice)


async def test_who_was_in_one_and_never_in_another_can_be_asked_for(town: Town) -> None:
    one, two, three = await town.people(3)
    tea, run = await town.group("tea"), await town.group("run")
    for member in (one, two):
        await town.comes(member, tea)
    await town.leaves(one, tea)
    await town.comes(two, run)
    await town.leaves(two, run)
    await town.rules.add("was-in:sandbox/tea and not was-in:sandbox/run", "tea-only", "ann")
    await town.rules.add("left:sandbox/tea", "was-here", "ann")
    await town.rules.tick()
    assert await town.tags(["tea-only", "was-here"]) == {"tea-only": {one}, "was-here": {one}}
    assert three not in await town.who("tea-only")
