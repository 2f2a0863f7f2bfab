"""An audience chooses the members and groups its terms are true of."""

from __future__ import annotations

from random import Random
from typing import Literal

import pytest

from bot.audience import And, Audience, Expression, Not, Or, Term
from bot.located import Problem, Problems
from tests.audience.conftest import Village
from tests.audience.expressions import slowly

DAY = 86_400.0


@pytest.fixture
async def four(village: Village) -> list[int]:
    """One at matrix, three at the sandbox; 1 and 2 drink tea, 2 and 3 read books."""
    a, b, c = [await village.member(name) for name in "abc"]
    d = await village.member("d", gateway="matrix")
    await village.group("tea", a, b)
    await village.group("books", b, c)
    return [a, b, c, d]


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("everyone", [1, 2, 3, 4]),
        ("not everyone", []),
        ("all-groups", [1, 2, 3]),
        ("not all-groups", [4]),
        ("group:sandbox/tea", [1, 2]),
        ("group:sandbox/tea, group:sandbox/books", [1, 2, 3]),
        ("group:sandbox/tea and group:sandbox/books", [2]),
        ("group:sandbox/tea and not group:sandbox/books", [1]),
        ("not group:sandbox/nowhere", [1, 2, 3, 4]),
        ("gateway:matrix", [4]),
        ("gateway:matrix or group:sandbox/tea", [1, 2, 4]),
        ("tag:never", []),
        ("not (group:sandbox/tea or gateway:matrix)", [3]),
    ],
)
async def test_a_text_chooses_members(
    village: Village, four: list[int], text: str, members: list[int]
) -> None:
    assert await village.who(text) == members
    assert await village.algebra.count(Audience.parse(text)) == len(members)


async def test_tags_owners_and_activity_choose(village: Village, four: list[int]) -> None:
    await village.tag("vip", 1, 3)
    await village.set(2, "owner", "ann")
    await village.speak(1)
    village.clock.advance(6 * DAY)
    await village.speak(4)
    assert await village.who("tag:vip and not active:6d") == [1, 3]
    assert await village.who("tag:vip and active:7d") == [1]
    assert await village.who("active:1d") == [4]
    assert await village.who("owner:ann") == [2]


async def test_who_joined_lately_is_still_there(village: Village, four: list[int]) -> None:
    village.clock.advance(8 * DAY)
    await village.group("tea", 4)
    assert await village.who("joined:7d") == [4]
    assert await village.who("joined:9d") == [1, 2, 3, 4]


async def test_thousands_joined_in_one_moment_are_all_found(village: Village) -> None:
    group = await village.group("tea")
    moment, rows = village.clock.now(), list[int]()
    for member in range(1, 25_001):
        rows += [moment + (member > 21_000), member]
    await village.store.call("ZADD", village.keys.group_joined(group), *rows)
    assert await village.algebra.count(Audience.parse("joined:1d")) == 25_000


async def test_a_group_that_is_gone_has_nobody(village: Village, four: list[int]) -> None:
    await village.change(1, "gone", "1")
    assert await village.who("group:sandbox/tea") == []
    assert await village.who("all-groups") == [2, 3]
    assert await village.groups("all-groups") == [2]


async def test_groups_are_chosen_by_place_gateway_and_owner(village: Village) -> None:
    await village.group("tea")
    await village.group("books")
    await village.group("hall", gateway="matrix")
    await village.change(2, "owner", "ann")
    assert await village.groups("all-groups") == [1, 2, 3]
    assert await village.groups("group:sandbox/tea, group:sandbox/books") == [1, 2]
    assert await village.groups("gateway:matrix or owner:ann") == [2, 3]
    assert await village.groups("all-groups and not gateway:matrix") == [1, 2]
    with pytest.raises(Problems):
        await village.groups("tag:vip")


async def test_the_home_of_an_audience_is_the_groups_it_asks_for(village: Village) -> None:
    await village.group("tea")
    await village.group("books")
    await village.group("hall")
    await village.segments.save("readers", "not not group:sandbox/books", "ann")
    for text, groups in {
        "group:sandbox/tea and tag:vip": [1],
        "tag:vip and not group:sandbox/tea": [1, 2, 3],
        "everyone": [1, 2, 3],
        "not (tag:vip or not group:sandbox/hall)": [3],
        "segment:readers": [2],
        "not segment:readers": [1, 2, 3],
    }.items():
        assert await village.algebra.home(Audience.parse(text)) == groups, text


async def problems(village: Village, text: str, to: str = "member") -> list[Problem]:
    target: Literal["member", "group"] = "group" if to == "group" else "member"
    return await village.algebra.check(Audience.parse(text), target, where="week.toml")


async def test_unknown_names_are_located_with_the_nearest(
    village: Village, four: list[int]
) -> None:
    await village.tag("vip", 1)
    first, second, third = await problems(
        village, "tag:vpi and group:sandbox/taa or gateway:matriks"
    )
    assert (first.place.file, first.place.line, first.place.column) == ("week.toml", 1, 1)
    assert (first.key, first.hint) == ("tag:vpi", 'did you mean "vip"?')
    assert (second.place.column, second.hint) == (13, 'did you mean "sandbox/tea"?')
    assert (third.place.column, third.hint) == (34, 'did you mean "matrix"?')


@pytest.mark.parametrize(
    ("text", "to", "message"),
    [
        ("tag:opt-out and not everyone and owner:anybody", "member", ""),
        ("all-groups and gateway:sandbox", "group", ""),
        ("active:401d", "member", "this is not kept for so many days"),
        ("everyone", "group", "this chooses members; expected groups, such as all-groups"),
        ("step:tips/sent", "member", "only a SOP can ask what its own steps did"),
        ("checked-in:daily/3d", "member", "nothing here can tell this"),
        ("segment:none", "member", "there is none of this name"),
    ],
)
async def test_what_an_audience_cannot_ask(
    village: Village, text: str, to: str, message: str
) -> None:
    found = await problems(village, text, to)
    assert [one.message.startswith(message) for one in found] == [True] * bool(message)


async def test_what_is_wrong_within_a_segment_is_found(village: Village) -> None:
    await village.segments.save("keen", "tag:keen", "ann")
    (found,) = await problems(village, "everyone and segment:keen")
    assert (found.key, found.place.column) == ("segment:keen", 14)
    assert found.hint == "see tag:keen in segment keen"


async def test_who_cannot_be_told_is_no_one_s_guess(village: Village, four: list[int]) -> None:
    for text in ("not segment:gone", "not checked-in:daily/3d"):
        with pytest.raises(Problems):
            await village.who(text)


@pytest.mark.parametrize("seed", range(8))
async def test_bits_agree_with_sets(village: Village, seed: int) -> None:
    chance = Random(seed)
    size = chance.choice([40, 3000, 20_000])
    everyone = set(chance.sample(range(1, size), size // 2))
    facts = {
        f"t{n}": set(chance.sample([*everyone], chance.randrange(len(everyone)))) for n in range(6)
    }
    for key, members in [
        (village.keys.members_all(), everyone),
        *((village.keys.tag(tag), members) for tag, members in facts.items()),
    ]:
        await keep(village, key, members, as_bitmap=chance.random() < 0.5)

    def leaf(term: Term) -> set[int]:
        return everyone if term.kind == "everyone" else facts.get(term.value, set())

    for _ in range(30):
        expression = grown(chance, 4)
        found = await village.algebra.members(Audience(expression))
        assert set(found) == slowly(expression, leaf, everyone), str(expression)


async def keep(village: Village, key: str, members: set[int], *, as_bitmap: bool) -> None:
    if not as_bitmap and members:
        await village.store.call("SADD", key, *members)
    for member in members if as_bitmap else ():
        village.store.ask("SETBIT", key, member, 1)
    await village.store.call("PERSIST", key)


def grown(chance: Random, depth: int) -> Expression:
    """A random expression."""
    kind = chance.choice(["term", "not", "and", "or", "or"]) if depth else "term"
    if kind == "term":
        return chance.choice([Term("everyone"), *(Term("tag", f"t{n}") for n in range(7))])
    if kind == "not":
        return Not(grown(chance, depth - 1))
    parts = tuple(grown(chance, depth - 1) for _ in range(chance.randint(2, 3)))
    return And(parts) if kind == "and" else Or(parts)


async def test_a_fact_may_become_a_bitmap_meanwhile(village: Village) -> None:
    members = [await village.member(f"m{n}") for n in range(600)]
    await village.tag("vip", *members[:500])
    assert await village.store.text("TYPE", village.keys.tag("vip")) == "set"
    assert len(await village.who("tag:vip")) == 500
    assert await village.store.text("TYPE", village.keys.members_all()) == "set"
    await village.fact(village.keys.members_all(), *range(601, 1300))
    assert await village.store.text("TYPE", village.keys.members_all()) == "string"
    assert len(await village.who("everyone and not tag:vip")) == 1299 - 500
