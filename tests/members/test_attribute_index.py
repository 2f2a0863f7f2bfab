"""Members are found by the values of declared attributes, whatever happened before."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from bot.audience import Algebra, Audience, Segments
from bot.audience.sources import Everyone, Tagged
from bot.located import Problems
from bot.members.attribute_index import STEP, AttributeIndex
from bot.members.attribute_source import Attributed
from bot.members.attributes import Attribute, Attributes, WrongAttribute, plain_phone
from bot.members.footprint import Footprint
from bot.members.merging import Merging
from bot.model.conversation import Account
from bot.store.effects import Effects
from bot.store.erasure import Erasure
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from tests.store.dump import dump


class Town:
    """Members whose attributes are asked for."""

    def __init__(self, store: Store) -> None:
        self.store, self.members = store, Members(store)
        self.attributes, self.index = Attributes(store), AttributeIndex(store)
        sources = [Everyone(store), Tagged(store), Attributed(store, self.index)]
        self.algebra = Algebra(store, self.members, Segments(store), sources)

    async def settle(self, *people: str) -> None:
        for name in people:
            await self.members.number("sandbox", Account(id=name, name=name))

    async def set(self, member: int, name: str, value: str) -> None:
        effects = Effects(self.store.keys)
        effects.attribute(member, name, value)
        assert await self.store.apply(effects)

    async def declare(self, *declared: Attribute) -> None:
        for one in declared:
            await self.attributes.save(one)
        await self.index.tick()

    async def who(self, text: str) -> list[int]:
        return (await self.algebra.members(Audience.parse(text))).numbers()

    async def wrong(self, text: str) -> str:
        (found,) = await self.algebra.check(Audience.parse(text))
        with pytest.raises(Problems):
            await self.who(text)
        return str(found)


@pytest.fixture
async def town(store: Store) -> Town:
    made = Town(store)
    await made.settle("a", "b", "c", "d")
    return made


CITY = Attribute(name="city", type="choice", choices=("Shanghai", "New York"))


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("attribute:city=Shanghai", [1]),
        ('attribute:city="new york"', [2, 3]),
        ("attribute:city", [1, 2, 3]),
        ("not attribute:city", [4]),
        ("attribute:city and not attribute:city=Shanghai", [2, 3]),
        ("attribute:level=3", [1]),
        ("attribute:level = 3.50", [2]),
        ("attribute:level>=3", [1, 2, 3]),
        ("attribute:level>3", [2, 3]),
        ("attribute:level<3.5", [1]),
        ("attribute:level≤3.5", [1, 2]),
        ("attribute:birthday<2000-01-01", [1]),
        ("attribute:birthday>=2000/1/1", [2]),
        ("attribute:birthday=05-31", [1, 3]),
        ("attribute:birthday=1999-05-31", [1]),
        ("attribute:phone=13800138000", [1, 2]),
        ("attribute:phone=+8613800138000", [1, 2]),
        ("attribute:member=是", [1]),
        ('attribute:note="LIKES tea"', [4]),
        ("attribute:mail", [2]),
    ],
)
async def test_members_of_before_and_after_are_asked_for_by_value(
    town: Town, text: str, members: list[int]
) -> None:
    early = {
        1: {"city": "shanghai", "level": "3", "birthday": "1999-05-31", "phone": "13800138000"},
        2: {"level": "3.5", "birthday": "2000/1/2", "phone": "0086 138 0013 8000", "mail": "x"},
    }
    for member, values in early.items():
        for name, value in values.items():
            await town.set(member, name, value)
    await town.set(1, "member", "是")
    await town.declare(
        CITY,
        Attribute(name="level", type="number"),
        Attribute(name="birthday", type="date"),
        Attribute(name="phone", type="phone", indexed=True),
        Attribute(name="member", type="yes-no"),
        Attribute(name="note", indexed=True),
        Attribute(name="mail", type="email"),
    )
    for member, name, value in [
        *((2, "city", "New York"), (3, "city", "New York"), (4, "city", "New York")),
        *((3, "level", "-7"), (3, "level", "1,200"), (3, "birthday", "05-31"), (4, "city", "")),
        *((4, "note", "likes tea"), (2, "member", "no")),
    ]:
        await town.set(member, name, value)
    assert await town.who(text) == members


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("attribute:town=Oslo", "no attribute of this name is declared"),
        ("attribute:citi=Shanghai", 'did you mean "city"?'),
        ("attribute:city=Shangai", "Did you mean “Shanghai”"),
        ("attribute:city>Shanghai", "only numbers and dates"),
        ("attribute:level>=many", "is no number"),
        ("attribute:birthday<05-31", "with its year"),
        ("attribute:note=tea", "cannot be asked for by the values"),
    ],
)
async def test_what_cannot_be_asked_is_told(town: Town, text: str, said: str) -> None:
    await town.declare(
        CITY,
        Attribute(name="level", type="number"),
        Attribute(name="birthday", type="date"),
        Attribute(name="note"),
    )
    assert said in await town.wrong(text)


async def test_until_everybody_was_read_nothing_is_said_rather_than_something_wrong(
    town: Town,
) -> None:
    await town.settle(*(f"m{n}" for n in range(2 * STEP)))
    await town.set(1, "level", "3")
    await town.set(STEP + 50, "level", "5")
    await town.attributes.save(Attribute(name="level", type="number"))
    assert "ask again" in await town.wrong("attribute:level>=3")
    await town.index.begin()
    assert await town.index.step()
    assert "ask again" in await town.wrong("not attribute:level")
    assert await town.index.left() == {"level": STEP}
    other_node = AttributeIndex(town.store)
    await asyncio.gather(other_node.tick(), town.index.tick())
    assert await town.who("attribute:level>=3") == [1, STEP + 50]
    assert await town.index.left() == {}


async def test_members_no_write_put_in_are_found_after_another_look(town: Town) -> None:
    await town.declare(CITY)
    key = town.store.keys.member(3)
    await town.store.call("HSET", key, "attribute:city", "Shanghai")  # as the demo comes in
    assert await town.who("attribute:city=Shanghai") == []
    await town.index.again()
    assert "ask again" in await town.wrong("attribute:city=Shanghai")
    await town.index.tick()
    assert await town.who("attribute:city=Shanghai") == [3]


async def test_another_type_takes_the_old_index_down(town: Town, store: Store) -> None:
    for member, value in {1: "3", 2: "yes", 3: "13800138000"}.items():
        await town.set(member, "what", value)
    for type_ in ("number", "yes-no", "phone", "choice", "text", "number"):
        one = Attribute(name="what", type=type_, choices=("3", "yes"), indexed=True)
        await town.attributes.save(one)
        await town.index.begin()  # some are begun and not ended
        if type_ in ("yes-no", "text"):
            await town.index.tick()
    await town.index.tick()
    assert await town.who("attribute:what>=3") == [1, 3]
    left = [key for key in await dump(store) if "attribute:is:" in key]
    assert left == []
    await town.attributes.remove("what")
    await town.index.tick()
    for member in (1, 2, 3):
        await town.set(member, "what", "")
    assert [key for key in await dump(store) if key.startswith("attribute")] == []


async def test_a_merge_a_split_and_an_erasure_move_the_index(town: Town, store: Store) -> None:
    await town.declare(CITY, Attribute(name="level", type="number"))
    for member, name, value in [
        *((1, "city", "Shanghai"), (2, "city", "New York"), (2, "level", "4"), (3, "level", "5")),
    ]:
        await town.set(member, name, value)
    facts = Facts(store)
    merging = Merging(store, town.members, facts, Footprint(store, town.members, facts, ()))
    await merging.merge(1, 2, "ann", "", {"city": "New York"})
    assert await town.who('attribute:city="New York"') == [1]
    assert await town.who("attribute:city=Shanghai") == []
    assert await town.who("attribute:level>=4") == [1, 3]
    await merging.split(2, "ann")
    assert await town.who("attribute:city=Shanghai") == [1]
    assert await town.who('attribute:city="New York"') == [2]
    assert await town.who("attribute:level>=4") == [2, 3]
    await Erasure(store, town.members).erase_member(2, "ann")
    assert await town.who("attribute:city") == [1]
    assert await town.who("attribute:level>=4") == [3]


async def test_thousands_with_one_value_are_all_found(town: Town, store: Store) -> None:
    await town.declare(Attribute(name="level", type="number"))
    flat = [part for n in range(1, 25_001) for part in (7 if n % 5 else 8, n)]
    await store.call("ZADD", store.keys.attribute_numbers("level"), *flat)
    assert len(await town.who("attribute:level=7")) == 20_000
    assert len(await town.who("attribute:level>=7")) == 25_000


KINDS = (
    Attribute(name="x", type="number"),
    Attribute(name="x", type="choice", choices=("3", "red", "No")),
    Attribute(name="x", type="yes-no"),
    Attribute(name="x", type="phone", indexed=True),
    Attribute(name="x", type="date"),
    Attribute(name="x", indexed=True),
    Attribute(name="x"),
)
VALUES = ("3", "1,200", "-0.5", "red", "RED", "no", "是", "+86 138 0013 8000", "13800138000")
DAYS = ("2001-05-31", "2001/5/31", "05-31", "1999-12-31")


def slowly(one: Attribute, sign: str, wanted: str, value: str) -> bool:
    """Whether a member with a value is meant, by the book."""
    if not value or not sign:
        return bool(value)
    try:
        mine, asked = one.read(value), one.read(wanted)
    except WrongAttribute:
        return False
    if one.type == "number":
        a, b = float(mine), float(asked)
        return {"=": a == b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]
    if one.type == "date":
        if len(asked) < 10:
            return mine[-5:] == asked
        whole = len(mine) == 10
        return (
            whole
            and {
                "=": mine == asked,
                "<": mine < asked,
                "<=": mine <= asked,
                ">": mine > asked,
                ">=": mine >= asked,
            }[sign]
        )
    if one.type == "phone":
        return plain_phone(mine) == plain_phone(asked)
    return mine.lower() == asked.lower()


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_is_written_declared_and_merged_the_index_agrees(
    town: Town, seed: int
) -> None:
    """Writes, declarations, steps and merges in any order, against every member's value."""
    chance, kind = Random(seed), None
    facts = Facts(town.store)
    footprint = Footprint(town.store, town.members, facts, ())
    merging = Merging(town.store, town.members, facts, footprint)
    await town.settle(*(f"m{n}" for n in range(12)))
    for _ in range(60):
        match chance.randrange(9):
            case 0:
                kind = chance.choice([None, *KINDS])
                if kind:
                    await town.attributes.save(kind)
                elif await town.store.call("HEXISTS", town.store.keys.attributes(), "x"):
                    await town.attributes.remove("x")
            case 1:
                await town.index.begin()
            case 2:
                await town.index.step()
            case 3:
                one, other = sorted(chance.sample(range(1, 17), 2))
                if await town.members.member(one) and await town.members.member(other):
                    await merging.merge(one, other, "ann", "", {})
            case 4:
                led = await town.members.led()
                if led:
                    stack = town.store.keys.merge_stack(chance.choice([*led.values()]))
                    if last := await town.store.text("LINDEX", stack, -1):
                        await merging.split(int(last), "ann")
            case _:
                numbers = [n for n in range(1, 17) if await town.members.member(n)]
                value = chance.choice(("", *VALUES, *DAYS))
                await town.set(chance.choice(numbers), "x", value)
    kind = kind or KINDS[seed % len(KINDS)]
    await town.attributes.save(kind)
    await town.index.tick()
    members = await town.members.some(range(1, 17))
    values = {member.number: member.attributes.get("x", "") for member in members}
    asked = [("", "")]
    signs = ("=", "<", "<=", ">", ">=") if kind.type in ("number", "date") else ("=",)
    if kind.index != "has":
        asked += [(sign, value) for sign in signs for value in (*VALUES, *DAYS)]
    for sign, wanted in asked:
        text = f'attribute:x{sign}"{wanted}"' if sign else "attribute:x"
        expected = [n for n, value in values.items() if slowly(kind, sign, wanted, value)]
        try:
            found = await town.who(text)
        except Problems:
            try:
                asked_for = kind.read(wanted)
            except WrongAttribute:
                continue  # it cannot be read as the type
            if kind.type == "date" and len(asked_for) < 10 and sign != "=":
                continue  # no year to compare with
            raise
        assert found == expected, (text, kind.type, values)
