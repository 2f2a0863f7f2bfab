"""One person with several accounts becomes one member, and two again when it was a mistake."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from bot.audience.audience import Audience
from bot.checkins.holding import CheckInHolding
from bot.checkins.programme import programmes_of
from bot.clock import utc
from bot.delivery.holding import CapHolding
from bot.links.holding import LinkHolding
from bot.links.owners import of_hit
from bot.members.footprint import Footprint, Holding
from bot.members.holding import MemberHolding
from bot.members.merging import CannotMerge, Merging
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Cap, Delivery
from bot.model.message import Message
from bot.routes.holding import RouteHolding
from bot.routing import beside
from bot.settings.checkins import CheckInSettings
from bot.store.address import unix
from bot.store.bits import Bits
from bot.store.effects import Effects
from bot.store.erasure import Erasure
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.tags.holding import TagHolding
from bot.testing import Community
from tests.store.dump import dump

TAGS = ["vip", "new", "gold", "silver"]
"""The last two exclude each other."""
AT = 1_789_000_000_123
Deed = Callable[[Random, int, "One"], Coroutine[Any, Any, None]]
CONFIG = """
[checkin.daily]
points = 5
"""
WRITTEN = ("journal", "timeline:", "applied:", "merge:version", "member:grams:", "nodes")
"""What a merge and a split leave behind them when both are done."""


def merging_of(store: Store, *others: Holding) -> Merging:
    members, facts = Members(store), Facts(store)
    programmes = programmes_of({"daily": CheckInSettings()}, "UTC")
    holdings = [
        *others,
        MemberHolding(store),
        TagHolding(store),
        CheckInHolding(store, lambda: programmes),
        RouteHolding(store, ["books"]),
        CapHolding(store, ["news"], nothing),
    ]
    return Merging(store, members, facts, Footprint(store, members, facts, holdings))


async def nothing() -> set[str]:
    """The topics of SOPs there are not."""
    return set()


async def alike(store: Store) -> dict[str, Any]:
    found = {k: v for k, v in (await dump(store)).items() if not k.startswith(WRITTEN)}
    return {k: v for k, v in found.items() if v}


# a model of it all


@dataclass
class One:
    accounts: set[str]
    tags: set[str] = field(default_factory=set)
    days: set[int] = field(default_factory=set)
    points: set[str] = field(default_factory=set)
    city: str = ""
    sent: int = 0
    asked: int = 0


@dataclass
class Brought:
    into: int
    theirs: One
    ours: One
    city: str


def copied(one: One) -> One:
    sets = set(one.accounts), set(one.tags), set(one.days), set(one.points)
    return One(*sets, one.city, one.sent, one.asked)


class Model:
    """What a community should be like, in plain sets."""

    def __init__(self) -> None:
        self.people: dict[int, One] = {}
        self.inside: set[tuple[str, int]] = set()
        self.stack: dict[int, list[int]] = {}
        self.brought: dict[int, Brought] = {}

    def merge(self, a: int, b: int) -> None:
        ours, theirs = self.people[a], self.people.pop(b)
        held = {t for t, r in (("gold", "silver"), ("silver", "gold")) if r in ours.tags}
        city = ours.city or theirs.city
        self.brought[b] = Brought(a, theirs, copied(ours), city)
        self.stack.setdefault(a, []).append(b)
        ours.accounts |= theirs.accounts
        ours.tags |= theirs.tags - held
        ours.days |= theirs.days
        ours.points |= theirs.points
        ours.city = city
        ours.sent += theirs.sent
        ours.asked += theirs.asked

    def split(self, a: int) -> int:
        b = self.stack[a].pop()
        was = self.brought.pop(b)
        ours, theirs = self.people[a], was.theirs
        held = {
            t
            for t, r in (("gold", "silver"), ("silver", "gold"))
            if t in theirs.tags and r in was.ours.tags
        }
        self.people[b] = One(
            theirs.accounts,
            {t for t in theirs.tags if t in ours.tags or t in held},
            theirs.days & ours.days,
            theirs.points & ours.points,
            theirs.city,
            theirs.sent,
            theirs.asked,
        )
        ours.sent = max(0, ours.sent - theirs.sent)
        ours.asked -= theirs.asked
        ours.accounts -= theirs.accounts
        ours.tags -= theirs.tags - was.ours.tags - held
        ours.days -= theirs.days - was.ours.days
        ours.points -= theirs.points - was.ours.points
        if ours.city == was.city:
            ours.city = was.ours.city
        return b


class Town:
    """The real store, done to as the model is."""

    def __init__(self, store: Store) -> None:
        self.store, self.keys = store, store.keys
        self.members, self.facts = Members(store), Facts(store)
        self.merging = merging_of(store)
        self.model = Model()
        self.labels = 0
        self.today = f"{utc(store.clock.now()):%Y-%m-%d}"

    async def settle(self) -> None:
        for n in range(6):
            number = await self.members.number("sandbox", Account(id=f"u{n}", name=f"N{n}"))
            self.model.people[number] = One({f"u{n}"})
        for n in range(1, 4):
            await self.members.group_number(Conversation.parse(f"sandbox/g/p{n}"), f"G{n}")
        rivals = {"gold": "silver", "silver": "gold"}
        for tag, other in rivals.items():
            await self.store.call("HSET", self.keys.tags_rivals(), tag, other)

    def effects(self) -> Effects:
        return Effects(self.keys)

    async def tag(self, random: Random, n: int, one: One) -> None:
        tag, effects = random.choice(TAGS), self.effects()
        if tag in one.tags:
            effects.untag(tag, n, 5)
            one.tags.discard(tag)
        else:
            effects.tag(tag, n, 5)
            one.tags -= {"gold", "silver"} if tag in ("gold", "silver") else set()
            one.tags.add(tag)
        assert await self.store.apply(effects)

    async def day(self, random: Random, n: int, one: One) -> None:
        day = random.randrange(900, 930)
        await self.store.call(
            "SETBIT", self.keys.checkin_days("daily", n), day, int(day not in one.days)
        )
        one.days ^= {day}
        await self.store.call("SADD", self.keys.checkin_members("daily"), n)

    async def points(self, random: Random, n: int, one: One) -> None:
        self.labels += 1
        reason = f"r{self.labels}"
        ledger = self.keys.checkin_ledger("daily", 0, n)
        known = [json.loads(body)["id"] for body in await self.store.texts("LRANGE", ledger, 0, -1)]
        entry = {
            "what": "gift",
            "points": 3,
            "at": AT,
            "reason": reason,
            "id": max([0, *known]) + 1,
        }
        await self.store.call("RPUSH", ledger, json.dumps(entry))
        one.points.add(reason)

    async def city(self, random: Random, n: int, one: One) -> None:
        one.city = random.choice(["", "SH", "BJ", "2001-05-31"])
        effects = self.effects()
        effects.attribute(n, "city", one.city)
        assert await self.store.apply(effects)

    async def sent(self, random: Random, n: int, one: One) -> None:
        """A message is counted against a cap, or one that did not arrive is given back."""
        key = self.keys.cap(f"m{n}:news", self.today)
        back = one.sent > 0 and random.random() < 0.4
        one.sent += -1 if back else 1
        await self.store.call("DECR" if back else "INCR", key)
        await self.store.call("PEXPIRE", key, 86_400_000)

    async def asked(self, random: Random, n: int, one: One) -> None:
        key = self.keys.route_asks(self.today, "books")
        await self.store.call("HINCRBY", key, n, 1)
        await self.store.call("EXPIRE", key, 86_400)
        one.asked += 1

    async def moves(self, random: Random, n: int, one: One) -> None:
        """An account comes into a group, or leaves it."""
        account, group = random.choice(sorted(one.accounts)), random.randrange(1, 4)
        effects = self.effects()
        event = SimpleNamespace(account=Account(id=account, name=account), gateway="sandbox")
        ctx: Any = SimpleNamespace(
            effects=effects,
            store=self.store,
            event=event,
            note=lambda *a, **k: None,
            member=SimpleNamespace(number=n),
        )
        present = self.keys.group_present(group)
        if (account, group) in self.model.inside:
            if not await beside.left(ctx, group):
                effects.fact(present, n, present=False)
        else:
            effects.enter(group, n, "sandbox", account)
        self.model.inside ^= {(account, group)}
        assert await self.store.apply(effects)

    async def merge(self, random: Random, n: int, _: One) -> None:
        other = random.choice(sorted(self.model.people))
        if other != n:
            await self.merging.merge(n, other, "ann")
            self.model.merge(min(n, other), max(n, other))

    async def split(self, random: Random, n: int, _: One) -> None:
        if self.model.stack.get(n):
            former = self.model.split(n)
            assert await self.merging.split(former, "ann") == n

    async def compare(self) -> None:
        keys, facts, store = self.keys, self.facts, self.store
        people = self.model.people
        assert await facts.numbers(keys.members_all()) == sorted(people)
        accounts = await store.table("HGETALL", keys.member_accounts("sandbox"))
        assert accounts == {a: str(n) for n, one in people.items() for a in one.accounts}
        for tag in TAGS:
            having = {n for n, one in people.items() if tag in one.tags}
            assert set(await facts.numbers(keys.tag(tag))) == having, tag
        for group in range(1, 4):
            inside = {a for a, g in self.model.inside if g == group}
            there = {n for n, one in people.items() if one.accounts & inside}
            assert set(await facts.numbers(keys.group_present(group))) == there
        for n, one in people.items():
            member = await self.members.member(n)
            assert member is not None
            assert {i for _, i in member.every} == one.accounts
            assert member.attributes.get("city", "") == one.city
            bitmap = await store.call("GET", keys.checkin_days("daily", n)) or b""
            assert {
                i for i in range(len(bitmap) * 8) if bitmap[i // 8] & (128 >> i % 8)
            } == one.days
            ledger = await store.texts("LRANGE", keys.checkin_ledger("daily", 0, n), 0, -1)
            entries = [json.loads(body) for body in ledger]
            assert sorted(e["reason"] for e in entries) == sorted(one.points)
            assert len({e["id"] for e in entries}) == len(entries)
            assert all(e["at"] == AT for e in entries)
            assert int(await store.text("GET", keys.cap(f"m{n}:news", self.today)) or 0) == one.sent
            asked = keys.route_asks(self.today, "books")
            assert int(await store.text("HGET", asked, n) or 0) == one.asked
            born = await store.text("ZSCORE", keys.member_dates("city"), n)
            assert (born is not None) == (one.city == "2001-05-31")


@pytest.mark.parametrize("seed", range(12))
async def test_after_any_merges_and_splits_everybody_has_what_a_plain_model_says(
    store: Store, seed: int
) -> None:
    town, random = Town(store), Random(seed)
    await town.settle()
    deeds: list[Deed] = []
    for deed, often in (
        (town.tag, 4),
        (town.day, 4),
        (town.points, 2),
        (town.city, 3),
        (town.sent, 3),
        (town.asked, 2),
        (town.moves, 5),
        (town.merge, 3),
        (town.split, 3),
    ):
        deeds += [deed] * often
    for _ in range(120):
        n = random.choice(sorted(town.model.people))
        await random.choice(deeds)(random, n, town.model.people[n])
        await town.compare()
    while any(town.model.stack.values()):
        for n in sorted(town.model.people):
            await town.split(random, n, town.model.people[n])
        await town.compare()
    assert len(town.model.people) == 6


# whole lives


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with Community(CONFIG, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def lives(community: Community) -> None:
    """#1 and #2, with a bit of everything each; both were in one group."""
    tea, book = await community.group("tea", "茶友会"), await community.group("book", "读书会")
    for ident, name, groups in (("u1", "小明", [tea]), ("u2", "明明", [tea, book])):
        person = community.member(ident, name)
        for group in groups:
            await person.joins(group)
        await community.passes(seconds=10)
        await person.says("签到", groups[-1])
        await person.says("退订" if ident == "u2" else "你好")
        await person.says("生日 05-31")
    await community.settle()


def of(community: Community) -> Merging:
    return community.app.rooms.merging


async def test_a_merge_that_is_split_at_once_leaves_everything_as_it_was(
    community: Community,
) -> None:
    await lives(community)
    before = await alike(community.app.store)
    merging = of(community)
    await merging.merge(2, 1, "ann", "same phone")
    assert await alike(community.app.store) != before
    await merging.split(2, "ann")
    after = await alike(community.app.store)
    for key in sorted({*before, *after}):
        assert after.get(key) == before.get(key), key


async def test_whoever_opted_out_with_one_account_gets_nothing_at_any_other(
    community: Community,
) -> None:
    await lives(community)
    app, keys = community.app, community.app.store.keys
    await of(community).merge(1, 2, "ann")
    assert await app.facts.numbers(keys.tag("opt-out")) == [1]


async def test_what_an_account_does_after_a_merge_is_the_survivors(community: Community) -> None:
    await lives(community)
    app, keys = community.app, community.app.store.keys
    other_node = Members(app.store)
    footprint = app.rooms.footprint
    await Merging(app.store, other_node, app.facts, footprint).merge(1, 2, "ann")
    # This node still remembers whose account it was.
    await community.member("u2", "明明").says("恢复订阅")
    assert await app.facts.numbers(keys.tag("opt-out")) == []
    assert await app.store.call("EXISTS", keys.member(2)) == 0
    timeline = await app.journal.timeline(1)
    assert "member.opted_in" in [entry.what for entry in timeline]


async def test_the_survivor_keeps_their_name_whichever_account_speaks(
    community: Community,
) -> None:
    await lives(community)
    await of(community).merge(1, 2, "ann")
    for ident, name in (("u2", "明明"), ("u1", "小明")):
        await community.member(ident, name).says("你好")
        survivor = await community.app.members.member(1)
        assert survivor is not None
        assert survivor.name == "小明"


async def test_who_leaves_a_group_with_one_account_is_there_with_the_other(
    community: Community,
) -> None:
    await lives(community)
    app, keys = community.app, community.app.store.keys
    await of(community).merge(1, 2, "ann")
    tea = await community.group("tea", "茶友会")
    await community.member("u2", "明明").leaves(tea)
    assert await app.facts.numbers(keys.group_present(1)) == [1]
    await community.member("u1", "小明").leaves(tea)
    assert await app.facts.numbers(keys.group_present(1)) == []


async def test_what_still_comes_to_the_former_number_is_gathered(community: Community) -> None:
    await lives(community)
    app, keys, merging = community.app, community.app.store.keys, of(community)
    await merging.merge(1, 2, "ann")
    late = Effects(keys)
    late.tag("vip", 2, 5)
    late.attribute(2, "city", "SH")
    late.fact(keys.group_present(2), 2)
    await app.store.apply(late)
    await app.store.call("SETBIT", keys.checkin_days("daily", 2), 907, 1)
    await merging.gather()
    assert await app.facts.numbers(keys.tag("vip")) == [1]
    assert await app.facts.numbers(keys.group_present(2)) == [1]
    assert await app.store.call("GETBIT", keys.checkin_days("daily", 1), 907) == 1
    assert await app.store.call("EXISTS", keys.member(2)) == 0
    survivor = await app.members.member(1)
    assert survivor is not None
    assert survivor.attributes["city"] == "SH"


async def test_the_operator_chooses_between_two_values(community: Community) -> None:
    app, keys = community.app, community.app.store.keys
    await lives(community)
    for number, city in ((1, "SH"), (2, "BJ")):
        effects = Effects(keys)
        effects.attribute(number, "city", city)
        await app.store.apply(effects)
    merging = of(community)
    preview = await merging.preview(2, 1)
    assert [(c.name, c.ours, c.theirs) for c in preview.conflicts] == [("city", "SH", "BJ")]
    assert preview.survivor.number == 1
    assert preview.tags == ["opt-out"]
    assert [group.name for group in preview.groups] == ["读书会"]
    with pytest.raises(CannotMerge, match="SH"):
        await merging.merge(1, 2, "ann", chosen={"city": "GZ"})
    await merging.merge(1, 2, "ann", chosen={"city": "BJ"})
    survivor = await app.members.member(1)
    assert survivor is not None
    assert survivor.attributes["city"] == "BJ"
    await merging.split(2, "ann")
    both = await app.members.some([1, 2])
    assert [one.attributes["city"] for one in both] == ["SH", "BJ"]


async def test_merges_are_split_the_last_first_and_numbers_lead_through(store: Store) -> None:
    town = Town(store)
    await town.settle()
    merging = town.merging
    await merging.merge(2, 3, "ann")
    await merging.merge(1, 2, "ann")
    await merging.merge(1, 4, "ann")
    assert await town.members.survivors([3, 2, 4, 5]) == {3: 1, 2: 1, 4: 1}
    assert sorted(await town.members.former(1)) == [2, 3, 4]
    with pytest.raises(CannotMerge, match="4"):
        await merging.split(2, "ann")
    with pytest.raises(CannotMerge):
        await merging.merge(3, 5, "ann")
    await merging.split(4, "ann")
    await merging.split(2, "ann")
    assert await town.members.survivors([3, 2, 4]) == {3: 2}


async def test_erasing_a_merged_member_leaves_nothing_of_any_account(community: Community) -> None:
    await lives(community)
    app, store = community.app, community.app.store
    await of(community).merge(1, 2, "ann")
    assert await Erasure(store, app.members, app.node, of_hit(app.rooms.links)).erase_member(
        1, "ann"
    )
    for key, content in (await dump(store)).items():
        said = f"{key} {content!r}"
        assert "明明" not in said, key
        assert "\\'u2\\'" not in said, key
        assert not key.startswith("merge:") or key == "merge:version", key
    assert await store.call("HGETALL", store.keys.member_accounts("sandbox")) == []


async def test_what_somebody_did_before_a_merge_counts_for_the_survivor(
    community: Community,
) -> None:
    await lives(community)
    algebra = community.app.rooms.algebra
    assert (await algebra.members(Audience.parse("active:7d"))).numbers() == [1, 2]
    await of(community).merge(1, 2, "ann")
    assert (await algebra.members(Audience.parse("active:7d"))).numbers() == [1]
    assert (await algebra.members(Audience.parse("not active:7d"))).numbers() == []
    await of(community).split(2, "ann")
    assert (await algebra.members(Audience.parse("active:7d"))).numbers() == [1, 2]


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_lost_when_they_talk_while_being_merged_and_split(
    community: Community, seed: int
) -> None:
    await lives(community)
    app, keys, merging = community.app, community.app.store.keys, of(community)
    random = Random(seed)
    tea = await community.group("tea", "茶友会")
    people = [community.member("u1", "小明"), community.member("u2", "明明")]

    async def talk(person: Any, number: int) -> None:
        for n in range(number):
            await person.says(f"生日 05-{10 + n}", tea if random.random() < 0.5 else None)
            await person.says("签到", tea)

    async def marry() -> None:
        for _ in range(3):
            await merging.merge(1, 2, "ann")
            await merging.split(2, "ann")
        await merging.merge(1, 2, "ann")

    await asyncio.gather(talk(people[0], 6), talk(people[1], 6), marry())
    await community.settle()
    await merging.gather()
    assert await app.inbox.dead_letters() == []
    assert await app.facts.numbers(keys.members_all()) == [1]
    assert await app.store.call("EXISTS", keys.member(2)) == 0
    assert await app.facts.numbers(keys.group_present(1)) == [1]
    days = await app.store.call("BITCOUNT", keys.checkin_days("daily", 1))
    assert days == 1
    for key in (
        keys.checkin_members("daily"),
        keys.tag("opt-out"),
        keys.gateway_members("sandbox"),
    ):
        assert 2 not in await app.facts.numbers(key)


# caps, credit and undoing


def capped(community: Community, account: str, number: int) -> Delivery:
    """A broadcast for tonight, of which a member may get two today."""
    now = community.clock.now()
    today = f"{utc(now):%Y-%m-%d}"
    cap = Cap(keys=(f"m{number}:{today}",), limit=2, ends=now + 86_400_000)
    to = Conversation(gateway="sandbox", account=account)
    text = Message.of(f"to {account}")
    return Delivery(to=to, message=text, priority="broadcast", due=now + 60_000, caps=(cap,))


async def broadcast(community: Community, *numbers: int) -> None:
    effects = Effects(community.app.store.keys)
    for number in numbers:
        effects.deliver(capped(community, f"u{number}", number))
    await community.app.store.apply(effects)


async def heard(community: Community) -> int:
    people = (community.member("u1", "小明"), community.member("u2", "明明"))
    said = [await community.direct(one).hears() for one in people]
    return sum(one.message.summary.startswith("to ") for some in said for one in some)


async def test_one_person_gets_no_more_messages_than_one_person_may(community: Community) -> None:
    await lives(community)
    await heard(community)
    await broadcast(community, 1, 2)
    await community.passes(minutes=2)
    assert await heard(community) == 2
    merging = of(community)
    await broadcast(community, 2)  # still waits when they become one
    await merging.merge(1, 2, "ann")
    await community.passes(minutes=2)
    assert await heard(community) == 0
    await merging.split(2, "ann")
    await broadcast(community, 1, 2, 1, 2)
    await community.passes(minutes=2)
    assert await heard(community) == 2


async def test_what_waited_for_one_account_counts_for_the_person(community: Community) -> None:
    await lives(community)
    await heard(community)
    await broadcast(community, 2, 2)
    await of(community).merge(1, 2, "ann")
    await community.passes(minutes=2)
    assert await heard(community) == 2
    await broadcast(community, 1)
    await community.passes(minutes=2)
    assert await heard(community) == 0


async def test_an_answer_is_put_down_to_what_was_sent_last_to_either(store: Store) -> None:
    town = Town(store)
    await town.settle()
    merging = merging_of(store, LinkHolding(store))
    heard = store.keys.link_heard
    await store.call("SET", heard(1), "1 0 0", "EX", 1000)
    await store.call("SET", heard(2), "2 0 0", "EX", 2000)
    ends = await store.call("PEXPIRETIME", heard(1))
    await merging.merge(1, 2, "ann")
    assert await store.text("GET", heard(1)) == "2 0 0"
    await merging.split(2, "ann")
    assert await store.text("GET", heard(1)) == "1 0 0"
    assert await store.call("PEXPIRETIME", heard(1)) == ends


@pytest.mark.parametrize("split", [False, True])
async def test_what_was_given_to_many_can_be_taken_back_from_whoever_has_it(
    community: Community, split: bool
) -> None:
    await lives(community)
    app, keys = community.app, community.app.store.keys
    applications = app.rooms.tags.applications
    given = await applications.begin("vip", Bits.of([2]), "ann")
    await applications.finish(given.id)
    await of(community).merge(1, 2, "ann")
    assert await app.facts.numbers(keys.tag("vip")) == [1]
    if split:
        await of(community).split(2, "ann")
    await applications.undo(given.id, "ann")
    await applications.finish(given.id)
    assert await app.facts.numbers(keys.tag("vip")) == []
    if not split:
        await of(community).split(2, "ann")
        assert await app.facts.numbers(keys.tag("vip")) == []


async def test_what_was_taken_from_many_is_given_back_to_the_survivor(community: Community) -> None:
    await lives(community)
    app, keys = community.app, community.app.store.keys
    applications = app.rooms.tags.applications
    taken = await applications.begin("opt-out", Bits.of([2]), "ann", gives=False)
    await applications.finish(taken.id)
    await of(community).merge(1, 2, "ann")
    await applications.undo(taken.id, "ann")
    await applications.finish(taken.id)
    assert await app.facts.numbers(keys.tag("opt-out")) == [1]
