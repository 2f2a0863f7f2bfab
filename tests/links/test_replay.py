"""Replay: kept hits judged again; what was counted then is what they come to now."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest

from bot.clock import SystemClock, utc
from bot.config import Config
from bot.links.clicks import Clicks
from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.links.judge import Judge
from bot.links.links import Links
from bot.links.owners import of_hit
from bot.links.replay import INCOMPLETE, Busy, Replay
from bot.links.rules import Before, Rules, Verdict
from bot.routing.writer import Reader
from bot.store.address import unix
from bot.store.facts import Facts
from bot.store.line import StoreAway
from bot.store.store import Store
from bot.store.subject import Meaning, Subject
from bot.store.sweep import Sweep
from bot.testing.clock import TestClock
from tests.links.site import PHONE
from tests.links.test_cli import Setup, muster
from tests.store.dump import dump

DAY = 86_400.0
HOUR = 3600.0
PLAYER = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) DingTalk/7.0 Player/1"


class Stricter(Rules):
    """Players are programs, and announced fetches are people's."""

    version = 99

    def judge(self, hit: Hit, before: Before | None = None) -> Verdict:
        found = super().judge(hit, before)
        if found == "prefetch":
            return "click"
        return "bot" if found == "click" and "Player" in hit.agent else found


class Room:
    """Links and hits; ``replay`` is by other rules when told so."""

    def __init__(self, store: Store, links: Links, clock: TestClock) -> None:
        self.store, self.links, self.clock = store, links, clock
        self.clicks = Clicks(store, Facts(store), links.steps, UTC)
        self._serial = count(1)

    def counter(self, rules: Rules | None = None) -> Counter:
        judge = Judge(self.links, UTC, rules=rules)
        return Counter(self.store, judge, self.links.steps, "a")

    def replay(self, rules: Rules | None = None, store: Any = None) -> Replay:
        return Replay(store or self.store, self.links, Judge(self.links, UTC, rules=rules))

    async def put(self, *hits: tuple[Code, str, float, str, str]) -> None:
        now = self.clock.now()
        block = b"\n".join(
            Hit(
                *("o", next(self._serial), now + int(after * 1000), self.links.codes.pack(code)),
                *(flags, visitor, agent),
            ).line()
            for code, visitor, after, flags, agent in hits
        )
        await self.store.call("XADD", self.store.keys.hits(), "*", "hits", block)

    async def history(self, random: Random, days: int = 4, rules: Rules | None = None) -> None:
        """Hits of all kinds on some days."""
        counter = self.counter(rules)
        for _ in range(days * 3):
            hits = []
            after = 0.0
            for _ in range(random.randrange(25)):
                after += random.choice((1, 3, 12, 600))
                code = Code(
                    *(random.choice((1, 2)), random.choice((0, 1, 2)), random.choice((0, 5, 6))),
                    random.choice((0, 0, 100, 101, 102)),
                )
                flags = random.choice(("", "", "", "", "p", "h", "x")) + random.choice(
                    ("", "3.1", "3.2")
                )
                agent = random.choice((PHONE, PHONE, PLAYER, "curl/8"))
                hits.append((code, random.choice("uvw"), after, flags, agent))
            if hits:
                await self.put(*hits)
                await counter.drain()
            self.clock.advance(8 * HOUR)


async def made(store: Store, clock: TestClock) -> Room:
    """Two links in two steps; codes are the same in every workspace."""
    await store.call("HSET", store.keys.secrets(), "links", "07" * 32)
    links = Links(store, str)
    await links.open()
    for step in ("sop/a/1/x/1", "sop/a/1/y/1"):
        for name in ("one", "two"):
            await links.link(Reader(step), f"https://shop.example/{name}", name)
    return Room(store, links, clock)


@pytest.fixture
async def room(store: Store, clock: TestClock) -> Room:
    return await made(store, clock)


@pytest.fixture
async def other(valkey: str, store: Store) -> AsyncIterator[Room]:
    """The same in another workspace, with a clock of its own."""
    clock = TestClock()
    opened = Store(unix(valkey), "other", clock)
    await opened.open()
    yield await made(opened, clock)
    await opened.close()


def sums(everything: dict[str, Any]) -> dict[str, Any]:
    """What a dump says, without what says nothing and what only counting knows."""
    found = {}
    for name, value in everything.items():
        if name.startswith(("hits:recent", "link:heard", "link:visitors", "fence", "applied")):
            continue
        if name == "hits:kept":
            value = [fields for _, fields in value]
        elif isinstance(value, dict):
            value = {k: v for k, v in value.items() if v != b"0"}
        if value:
            found[name] = value
    return found


async def visitors(store: Store) -> dict[str, Any]:
    """Of the days of which they are known one by one."""
    return {k: v for k, v in (await dump(store)).items() if k.startswith("link:visitors")}


def same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name in wanted.keys() | found.keys():
        assert found.get(name) == wanted.get(name), name


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_same_rules_change_nothing(room: Room, seed: int) -> None:
    await room.history(Random(seed))
    before = await dump(room.store)
    found = await room.replay().apply()
    same(await dump(room.store), before)
    assert [one.changed for one in found] == [False, False]
    assert all(one.days and not one.left for one in found)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
async def test_other_rules_come_to_what_they_had_counted_at_once(
    room: Room, other: Room, seed: int
) -> None:
    await other.history(Random(seed), rules=Stricter())
    await room.history(Random(seed))
    looked = await room.replay(Stricter()).look()
    assert any(one.changed for one in looked)
    assert await room.replay(Stricter()).apply() == looked
    after = await dump(room.store)
    same(sums(after), sums(await dump(other.store)))
    assert await visitors(room.store) == await visitors(other.store)
    await room.replay(Stricter()).apply()
    same(await dump(room.store), after)
    await room.replay().apply()
    await other.replay().apply()
    same(sums(await dump(room.store)), sums(await dump(other.store)))


class Dying:
    """A store whose process dies at its n-th step, before or after the server took it."""

    def __init__(self, store: Store, step: int, late: bool) -> None:
        self._store, self._step, self._late = store, step, late

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def run(self, *words: Any) -> Any:
        self._step -= 1
        if self._step < 0 and not self._late:
            raise StoreAway("killed")
        answer = await self._store.run(*words)
        if self._step < 0:
            raise StoreAway("killed")
        return answer


@pytest.mark.parametrize("late", [False, True])
async def test_broken_off_anywhere_and_done_again_it_ends_the_same(
    room: Room, other: Room, late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.links.replay.PAGE", 7)
    for one in (other, room):
        await one.history(Random(7))
    await other.replay(Stricter()).apply()
    for step in count():
        # By turns one way and back, so that there is something to do at each step.
        broken = room.replay(Stricter(), Dying(room.store, step, late))
        try:
            await broken.apply()
        except StoreAway:
            with pytest.raises(Busy):
                await room.replay(Stricter()).apply()
            await room.store.call("DEL", room.store.keys.hits_replayer())  # half a minute later
            if step % 3 == 2:  # what was written by other rules is mended too
                await room.replay().apply()
        else:
            break
        await room.replay(Stricter()).apply()
        same(sums(await dump(room.store)), sums(await dump(other.store)))
        await room.replay().apply()
    assert step > 5


async def test_counting_may_go_on_meanwhile(room: Room, other: Room) -> None:
    for one in (room, other):
        await one.history(Random(9))
    counters = room.counter(Stricter()), other.counter(Stricter())

    class Busily:
        """Counts a hit before each step."""

        def __getattr__(self, name: str) -> Any:
            return getattr(room.store, name)

        async def run(self, name: str, *words: Any) -> Any:
            if left:
                number = left.pop()
                for one, counter in zip((room, other), counters, strict=True):
                    await one.put((Code(1, 1, 5, 100), f"n{number}", number, "", PHONE))
                    await counter.drain()
            return await room.store.run(name, *words)

    left = list(range(6))
    await room.replay(Stricter(), Busily()).apply()
    assert not left
    await other.replay(Stricter()).apply()
    same(sums(await dump(room.store)), sums(await dump(other.store)))


async def test_two_replays_at_once_are_refused(room: Room) -> None:
    await room.history(Random(3))
    answers = await asyncio.gather(
        room.replay(Stricter()).apply(), room.replay(Stricter()).apply(), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Busy", "list"]


async def test_a_day_whose_hits_are_not_all_kept_stays(room: Room) -> None:
    now = room.clock.now()
    await room.put((Code(1), "a", 0, "", PLAYER), (Code(1), "b", 60, "", PHONE))
    await room.put((Code(1), "c", DAY, "", PLAYER))
    await room.counter().drain()
    key = room.store.keys.hits_kept()
    [(first, _), *_] = await room.store.call("XRANGE", key, "-", "+")
    await room.store.call("XDEL", key, first)
    (found,) = await room.replay(Stricter()).apply()
    (left,) = found.left
    day = utc(now).date()
    assert (left.day, left.kept, left.counted, left.why) == (day, 1, 2, INCOMPLETE)
    assert found.days == (day + timedelta(days=1),)
    assert (found.before, found.after, found.clicks) == ({"click": 1}, {"bot": 1}, (3, 2))
    verdicts = [hit.verdict for _, hit in await room.clicks.hits()]
    assert verdicts == ["bot", "click"]
    assert (await room.clicks.hits())[0][1].rules == 99
    assert (await room.clicks.book.rules(1))[day] == Rules.version
    assert (await room.clicks.book.rules(1))[day + timedelta(days=1)] == 99


async def test_a_repeat_of_what_is_not_kept_stays_one(room: Room) -> None:
    midnight = DAY - 2
    await room.put((Code(1), "a", midnight, "", PHONE), (Code(1), "a", midnight + 4, "", PHONE))
    await room.counter().drain()
    key = room.store.keys.hits_kept()
    [(first, _), _] = await room.store.call("XRANGE", key, "-", "+")
    await room.store.call("XDEL", key, first)
    before = await dump(room.store)
    (found,) = await room.replay().apply()
    assert (len(found.days), len(found.left)) == (1, 1)
    same(await dump(room.store), before)


async def test_members_lose_their_last_click_but_not_those_of_other_days(room: Room) -> None:
    for member, after in ((100, 0), (101, 0), (101, DAY), (102, DAY)):
        await room.put((Code(1, 1, 5, member), "v", after, "", PLAYER))
        await room.counter().drain()
    since = utc(room.clock.now()).date() + timedelta(days=1)
    facts, keys = Facts(room.store), room.store.keys
    await room.replay(Stricter()).apply(since)
    for link, scope in ((1, "all"), (1, "s1"), (1, "g5"), (0, "s1")):
        assert await facts.numbers(keys.link_clicked(link, scope)) == [100, 101], scope
    found = await room.clicks.sums(1)
    assert (found.clicks, found.members, found.hits) == (2, 2, 4)
    # What is too old to be known in detail is nobody's loss.
    await room.store.call("DEL", keys.link_people(1, (since - timedelta(days=1)).isoformat()))
    await room.store.call("DEL", keys.hits_kept())
    await room.replay(Stricter()).apply()
    assert await facts.numbers(keys.link_clicked(1, "all")) == [100, 101]


async def test_who_was_erased_does_not_come_back(room: Room) -> None:
    await room.put((Code(1, 1, 5, 100), "v", 0, "", PLAYER), (Code(1), "w", 0, "", PLAYER))
    await room.counter().drain()
    subject = Subject(members=frozenset({100}))
    replay = room.replay(Stricter())
    await replay.look()  # it has read the hits by now
    await Sweep(room.store, Meaning(subject), of_hit(room.links)).run()
    (found,) = await replay.apply()
    assert [one.why for one in found.left] == [INCOMPLETE]
    for name, fact in (await dump(room.store)).items():
        assert not name.startswith("link:clicked") or not fact, name
    key = room.store.keys.link_people(1, utc(room.clock.now()).date().isoformat())
    assert await room.store.texts("HKEYS", key) == ["0/0/0"]
    assert (await room.clicks.sums(1)).clicks == 2


async def test_the_command_looks_first_and_changes_when_told(
    valkey: str, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = Setup(valkey, room.store.keys.workspace)
    setup.config = Config(timezone="UTC")
    room.clock.advance((SystemClock().now() - room.clock.now()) / 1000)
    await room.put((Code(1), "a", 0, "", PLAYER), (Code(1), "b", 0, "", PHONE))
    await room.counter().drain()
    monkeypatch.setattr("bot.links.judge.Rules", Stricter)
    looked = await muster(setup, "replay")
    assert looked.output.splitlines()[:2] == [
        "#1 one",
        "  clicks 2 → 1, of 2 hits judged again:",
    ]
    assert "    bot       0 → 1" in looked.output
    assert "1 of 1 links would change; --apply changes them" in looked.output
    assert (await room.clicks.sums(1)).clicks == 2
    assert "1 of 1 links changed" in (await muster(setup, "replay", "--apply")).output
    assert (await room.clicks.sums(1)).clicks == 1
    [row] = json.loads((await muster(setup, "replay", "--json")).output)
    assert (row["before"], row["after"]) == ({"bot": 1, "click": 1}, {"bot": 1, "click": 1})
    await room.store.call("XTRIM", room.store.keys.hits_kept(), "MAXLEN", 1)
    left = (await muster(setup, "replay")).output
    assert "(1 of 2 hits kept) stays as counted: not all of its hits are kept" in left
    await room.store.call("SET", room.store.keys.hits_replayer(), "another", "EX", 30)
    assert "another replay is under way" in (await muster(setup, "replay", "--apply")).output
