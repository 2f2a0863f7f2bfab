"""Conversions by day, step, group, link, campaign, SOP and way agree with the single ones."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from bot.clock import utc
from bot.links.codes import Code
from bot.links.conversions import Conversion, Conversions, Told
from bot.links.links import Links
from bot.links.takings import By, Period, Share, Sum
from bot.model.conversation import Account
from bot.store.address import unix
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.store.dump import dump

SHANGHAI = ZoneInfo("Asia/Shanghai")
MEMBERS = 6


@dataclass
class Room:
    """Conversions of a few members over a few links."""

    store: Store
    links: Links
    conversions: Conversions

    async def tell(self, name: str, code: Code | None = None, **more: object) -> Conversion:
        letters = self.links.codes.pack(code) if code else ""
        told = Told.model_validate({"name": name, "kind": "sale", "code": letters, **more})
        return (await self.conversions.record(told, "test"))[0]


@pytest.fixture
async def room(store: Store) -> Room:
    return await made(store)


async def made(store: Store) -> Room:
    links, members = Links(store, str), Members(store)
    await links.open()
    for number in range(MEMBERS):
        await members.number("sandbox", Account(id=f"u{number}", name=f"u{number}"))
    return Room(store, links, Conversions(store, links, members, Facts(store), SHANGHAI))


def added(rows: Iterable[Conversion]) -> tuple[Sum, ...]:
    """What the sums of these must be."""
    counts: Counter[tuple[str, str]] = Counter()
    values: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for one in rows:
        counts[one.kind, one.currency] += 1
        values[one.kind, one.currency] += one.value
    return tuple(
        Sum(kind=kind, currency=currency, count=number, value=values[kind, currency])
        for (kind, currency), number in sorted(counts.items())
    )


def day_of(one: Conversion) -> date:
    return utc(one.at).astimezone(SHANGHAI).date()


async def many(room: Room, number: int) -> list[Conversion]:
    """Random ones over two weeks and three links of two campaigns, and some without a link."""
    random, links = Random(7), room.links
    made = [("a", "spring"), ("b", "spring"), ("c", "")]
    numbers = [await links.make(f"https://shop.example/{at}", name) for at, name in made]
    steps = [0, *[await links.steps.number(f"sop/{sop}/1/x/w") for sop in ("week", "day")]]
    steps.append(await links.steps.number("sop/week/1/y/w"))
    steps.append(await links.steps.number("welcome"))
    found = []
    for n in range(number):
        member = random.randrange(MEMBERS + 1)
        place = random.choice(steps), random.randrange(3), member
        code = Code(random.choice(numbers), *place) if random.random() < 0.8 else None
        more = {
            "kind": random.choice(["sale", "sign-up"]),
            "value": Decimal(random.randrange(-(10**8), 10**8)) / 10_000,
            "currency": random.choice(["CNY", "EUR"]),
            "at": room.store.clock.now() - random.randrange(14 * 86_400_000),
        }
        if code is None:
            more["member"] = max(1, member)
        found.append(await room.tell(f"n{n}", code, **more))
    return found


async def test_every_cut_agrees_with_the_single_conversions(room: Room) -> None:
    every = await many(room, 150)
    steps = await room.links.steps.named({one.step for one in every})
    links = room.links
    names: dict[By, Callable[[Conversion], str]] = {
        "all": lambda one: "all",
        "day": lambda one: day_of(one).isoformat(),
        "step": lambda one: steps[one.step].name,
        "group": lambda one: str(one.group),
        "sop": lambda one: steps[one.step].sop,
        "link": lambda one: str(one.link),
        "campaign": lambda one: getattr(links.get(one.link), "campaign", ""),
    }
    days = sorted({day_of(one) for one in every})
    for period in (
        None,
        Period(since=days[0], until=days[-1]),
        Period(since=days[3], until=days[6]),
    ):
        within = [o for o in every if not period or period.since <= day_of(o) <= period.until]
        for link in range(4):
            mine = [one for one in within if link in (0, one.link)]
            assert (*await room.conversions.sums(link, period),) == added(mine)
            members = {one.member for one in mine} - {0}
            assert await room.conversions.members(link, period) == len(members)
            for part, name in names.items():
                rows = mine
                if part in ("link", "campaign"):
                    rows = [one for one in within if one.link]
                wanted: defaultdict[str, list[Conversion]] = defaultdict(list)
                for one in rows:
                    wanted[name(one)].append(one)
                assert await room.conversions.by(part, link, period) == [
                    Share(name=key, sums=added(those)) for key, those in sorted(wanted.items())
                ], (part, link, period)


async def test_cells_say_who_converted_in_which_step_and_group(room: Room) -> None:
    every = await many(room, 100)
    days = sorted({day_of(one) for one in every})
    for link in range(4):
        wanted: defaultdict[tuple[date, int, int], list[Conversion]] = defaultdict(list)
        for one in every:
            if link in (0, one.link):
                wanted[day_of(one), one.step, one.group].append(one)
        cells = await room.conversions.cells(link, days[0], days[-1])
        assert {(c.day, c.step, c.group): (c.sums, c.members) for c in cells} == {
            key: (added(rows), Counter(o.member for o in rows if o.member))
            for key, rows in wanted.items()
        }


async def test_another_campaign_takes_the_sums_of_its_links_along(room: Room) -> None:
    link = await room.links.make("https://shop.example/", "spring")
    await room.tell("a", Code(link), value=5, currency="CNY")
    terms = room.links.get(link)
    assert terms
    room.links._learn(terms.model_copy(update={"campaign": "summer", "version": 2}))
    assert [one.name for one in await room.conversions.by("campaign")] == ["summer"]


async def test_without_a_code_the_link_clicked_last_has_it(room: Room, clock: TestClock) -> None:
    link, heard = await room.links.make("https://shop.example/"), room.store.keys.link_heard(1)
    await room.store.call("SET", heard, f"{link} 3 2", "EX", 3600)
    clicked = await room.tell("a", member=1)
    assert (clicked.link, clicked.step, clicked.group) == (link, 3, 2)
    assert clicked.attributed == "last click"
    coded = await room.tell("b", Code(link, 1, 1, 2), member=1)
    assert (coded.step, coded.member, coded.attributed) == (1, 1, "member")
    assert (await room.tell("c", Code(link, 1, 1, 2))).attributed == "code"
    other = await room.tell("d", member=2)
    assert (other.link, other.attributed) == (0, "member")
    await room.store.call("SET", heard, f"{link} 3 2 {clock.now()}", "EX", 3600)
    earlier = await room.tell("e", member=1, at=clock.now() - 1000)
    assert (earlier.link, earlier.attributed) == (0, "member")
    await room.store.call("DEL", heard)
    assert (await room.tell("f", member=1)).link == 0


async def test_a_conversion_is_credited_to_what_was_sent_and_clicked_last(room: Room) -> None:
    keys, call = room.store.keys, room.store.call
    link = await room.links.make("https://shop.example/")
    await call("SET", keys.link_heard(1), f"{link} 0 0", "EX", 3600)
    await call("SET", keys.sop_heard("m1"), "week/1/x/w", "EX", 3600)
    for name in ("a", "a", "b"):
        await room.tell(name, member=1)
    await room.tell("c", Code(link))
    facts = Facts(room.store)
    assert await facts.numbers(keys.link_followed(link, "converted")) == [1]
    assert await facts.numbers(keys.sop_members("week/1/x/w", "converted")) == [1]


async def test_of_a_link_with_rules_it_is_known_which_way_members_went(room: Room) -> None:
    link = await room.links.make("https://shop.example/")
    for way, members in (("1.1", (1, 2, 3)), ("1.2", (4, 5))):
        for member in members:
            key = room.store.keys.link_clicked(link, f"w{way}")
            await room.store.call("SADD", key, member)
    for member in (2, 3, 5, 6):
        await room.tell(f"n{member}", Code(link, 0, 1, member))
    found = await room.conversions.ways(link, ["1.1", "1.2", "1.3"])
    assert found == {"1.1": 2, "1.2": 1, "1.3": 0}


async def test_one_told_to_two_nodes_at_once_is_one(valkey: str, room: Room) -> None:
    link = await room.links.make("https://shop.example/")
    stores = [Store(unix(valkey), room.store.keys.workspace, room.store.clock) for _ in range(2)]
    for store in stores:
        await store.open()
    nodes = [await made(store) for store in stores]
    asked = (
        node.tell(f"n{number}", Code(link, 1, 2, 3), value=number, currency="CNY")
        for number in range(40)
        for node in nodes * 3
    )
    found = await asyncio.gather(*asked)
    assert len({one.id for one in found}) == 40
    (total,) = await room.conversions.sums(link)
    assert (total.count, total.value) == (40, Decimal(sum(range(40))))
    (cell,) = await room.conversions.cells(link, *[day_of(found[0])] * 2)
    assert cell.members == {3: 40}
    for store in stores:
        await store.close()


async def test_told_again_nothing_at_all_changes(room: Room) -> None:
    link = await room.links.make("https://shop.example/")
    await room.tell("a", Code(link, 1, 2, 3), value=5, currency="CNY")
    before = await dump(room.store)
    await room.tell("a", Code(link, 1, 2, 3), value=5, currency="CNY")
    assert await dump(room.store) == before
