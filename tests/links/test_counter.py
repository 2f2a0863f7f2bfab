"""What is counted, and that it is counted once."""

from __future__ import annotations

import asyncio
from datetime import date
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from bot.links.clicks import Clicks, spark
from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.links.judge import Judge
from bot.links.links import Links
from bot.routing.writer import Reader
from bot.store.facts import Facts
from bot.store.store import Store
from bot.testing.clock import TestClock

SHANGHAI = ZoneInfo("Asia/Shanghai")
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.40"


class Room:
    """Links, a counter, and hits written as a redirect writes them."""

    def __init__(self, store: Store, links: Links) -> None:
        self.store, self.links = store, links
        self.counter = Counter(store, Judge(links, SHANGHAI), links.steps, "a")
        self.clicks = Clicks(store, Facts(store), links.steps, SHANGHAI)
        self._serial = count(1)

    def hit(self, code: Code, visitor: str = "v", after: float = 0, flags: str = "") -> Hit:
        at = self.store.clock.now() + int(after * 1000)
        letters = self.links.codes.pack(code)
        return Hit("origin", next(self._serial), at, letters, flags, visitor, PHONE)

    async def put(self, *hits: Hit) -> None:
        block = b"\n".join(hit.line() for hit in hits)
        await self.store.call("XADD", self.store.keys.hits(), "*", "hits", block)


@pytest.fixture
async def room(store: Store) -> Room:
    links = Links(store, str)
    await links.open()
    await links.make("https://shop.example/one", "one")
    await links.make("https://shop.example/two", "two")
    return Room(store, links)


async def test_clicks_are_counted_per_link_step_group_member_and_day(room: Room) -> None:
    await room.links.link(Reader("week/tips"), "https://shop.example/one", "one")
    a, b = Code(1, 1, 5, 100), Code(1, 1, 6, 101)
    await room.put(room.hit(a), room.hit(a, after=20), room.hit(b), room.hit(b, flags="h"))
    await room.put(room.hit(Code(2)))
    await room.counter.drain()
    sums = await room.clicks.sums(1)
    assert (sums.hits, sums.clicks, sums.members, sums.visitors) == (4, 3, 2, 0)
    assert sums.verdicts == {"click": 3, "head": 1}
    assert sums.apps == {"wechat": 3}
    assert sums.last - sums.first == 20_000
    [step] = await room.clicks.steps(1)
    assert (step.name, step.hits, step.clicks, step.members) == ("week/tips", 4, 3, 2)
    groups = await room.clicks.groups(1)
    assert [(g.number, g.clicks, g.members) for g in groups] == [(5, 2, 1), (6, 1, 1)]
    [member] = await room.clicks.members(1, 5)
    assert (member.member, member.clicks) == (100, 2)
    day = (await room.clicks.days(1, 7))[-1]
    assert (day.day, day.hits, day.clicks, day.members) == (date(2026, 6, 17), 4, 3, 2)
    everything = await room.clicks.sums(0)
    assert (everything.hits, everything.clicks) == (5, 4)
    assert await room.clicks.top() == [(1, 3), (2, 1)]
    assert (await room.clicks.many([1, 2]))[2].clicks == 1


async def test_repeats_within_ten_seconds_are_hits_but_no_clicks(room: Room) -> None:
    code = Code(1, 0, 5, 100)
    await room.put(*(room.hit(code, after=s) for s in (0, 1, 9.9, 10, 15, 21)))
    await room.counter.drain()
    sums = await room.clicks.sums(1)
    assert (sums.hits, sums.clicks, sums.verdicts["repeat"]) == (6, 3, 3)


async def test_two_members_behind_one_address_are_two(room: Room) -> None:
    await room.put(room.hit(Code(1, 0, 5, 100), "same"), room.hit(Code(1, 0, 5, 101), "same"))
    await room.counter.drain()
    sums = await room.clicks.sums(1)
    assert (sums.clicks, sums.members) == (2, 2)


async def test_one_member_on_two_devices_is_one(room: Room) -> None:
    code = Code(1, 0, 5, 100)
    await room.put(room.hit(code, "phone"), room.hit(code, "desktop"))
    await room.counter.drain()
    sums = await room.clicks.sums(1)
    assert (sums.clicks, sums.members) == (2, 1)


async def test_a_groups_code_counts_visitors_once_a_day(room: Room) -> None:
    code, day = Code(1, 0, 5), 86_400
    for visitor, after in (("a", 0), ("a", 60), ("b", 0), ("a2", day)):
        await room.put(room.hit(code, visitor, after))
    await room.counter.drain()
    [group] = await room.clicks.groups(1)
    assert (group.clicks, group.members, group.visitors, group.people) == (4, 0, 3, 3)


async def test_a_hit_stored_twice_is_counted_once(room: Room) -> None:
    hit, other = room.hit(Code(1)), room.hit(Code(1), "w")
    await room.put(hit, other)
    await room.put(hit)
    await room.counter.drain()
    await room.put(hit, hit, other)
    await room.counter.drain()
    sums = await room.clicks.sums(1)
    assert (sums.hits, sums.clicks) == (2, 2)


async def test_serials_far_apart_and_of_other_processes_are_not_mixed_up(room: Room) -> None:
    letters, at = room.links.codes.pack(Code(1)), room.store.clock.now()
    ids = [("a", 1), ("b", 1), ("a", 2**20 + 1), ("a", 2**20 - 1), ("a", 2**20)]
    for _ in range(2):
        await room.put(*(Hit(o, s, at, letters, "", f"{o}{s}", PHONE) for o, s in ids))
        await room.counter.drain()
    assert (await room.clicks.sums(1)).hits == len(ids)


async def test_several_counters_at_once_count_once(room: Room, store: Store) -> None:
    for number in range(200):
        await room.put(room.hit(Code(1, 0, 1, number + 1)), room.hit(Code(2), f"v{number}"))
    others = [Counter(store, Judge(room.links, SHANGHAI), room.links.steps, name) for name in "bcd"]
    await asyncio.gather(*(c.drain() for c in [room.counter, *others]))
    assert (await room.clicks.sums(0)).hits == 400
    assert (await room.clicks.sums(1)).members == 200
    assert (await room.clicks.sums(2)).visitors == 200


async def test_many_members_are_counted_exactly(room: Room) -> None:
    for start in range(0, 1500, 50):
        await room.put(*(room.hit(Code(1, 1, 1, n), "v") for n in range(start + 1, start + 51)))
    await room.put(*(room.hit(Code(1, 1, 1, n), "v", 30) for n in range(1, 51)))
    await room.counter.drain()
    sums = await room.clicks.sums(1)
    assert (sums.clicks, sums.members) == (1550, 1500)
    page = await room.clicks.members(1, 1, offset=1450, limit=100)
    assert [m.member for m in page] == list(range(1451, 1501))


async def test_a_day_ends_at_the_workspaces_midnight(room: Room, clock: TestClock) -> None:
    clock.advance(15 * 3600 + 3599)  # 23:59:59 in Shanghai
    await room.put(room.hit(Code(1), "a"), room.hit(Code(1), "b", after=2))
    await room.counter.drain()
    clock.advance(60)
    days = await room.clicks.days(1, 3)
    assert [(d.day.day, d.clicks) for d in days] == [(16, 0), (17, 1), (18, 1)]


async def test_what_cannot_be_read_is_left_out_and_holds_nothing_up(room: Room) -> None:
    await room.store.call("XADD", room.store.keys.hits(), "*", "hits", b"half\nof a line")
    await room.put(room.hit(Code(1)))
    await room.counter.drain()
    assert (await room.clicks.sums(0)).hits == 1
    assert await room.store.call("XLEN", room.store.keys.hits()) == 0


async def test_counting_says_until_when_it_is_complete(room: Room, store: Store) -> None:
    assert await room.clicks.complete_until() == store.clock.now()
    await room.put(room.hit(Code(1)))
    seconds, micros = await store.call("TIME")
    assert (
        abs(await room.clicks.complete_until() - int(seconds) * 1000 - int(micros) // 1000) < 2000
    )


async def test_orphans_stay_bounded(room: Room, store: Store) -> None:
    for start in range(0, 1200, 50):
        await room.put(
            *(Hit("o", n + 1, 0, f"bad{n}", "o", "v", PHONE) for n in range(start, start + 50))
        )
    await room.counter.drain()
    assert await store.call("ZCARD", store.keys.link_orphans()) == 1000
    assert (await room.clicks.sums(0)).verdicts == {"orphan": 1200}


async def test_old_hits_are_forgotten_and_counts_stay(room: Room, store: Store) -> None:
    await room.put(room.hit(Code(1)))
    await room.counter.drain()
    await store.call("XTRIM", store.keys.hits_kept(), "MAXLEN", 0)
    await room.counter.trim(store.clock.now())
    assert await room.clicks.hits() == []
    assert (await room.clicks.sums(1)).clicks == 1


async def test_a_started_counter_counts_by_itself_and_only_one_does(
    room: Room, store: Store, clock: TestClock
) -> None:
    other = Counter(store, Judge(room.links, SHANGHAI), room.links.steps, "b")
    await room.counter.start()
    await room.put(room.hit(Code(1)))
    async with asyncio.timeout(10):
        while await store.call("XLEN", store.keys.hits()):
            clock.advance(1)
            await asyncio.sleep(0.01)
    await room.counter.stop()
    await other.start()
    await room.put(room.hit(Code(1), "w"))
    async with asyncio.timeout(10):
        while not await store.call("EXISTS", store.keys.hits_counter()):
            await asyncio.sleep(0.01)
    assert await store.text("GET", store.keys.hits_counter()) == "a"
    await store.call("DEL", store.keys.hits_counter())
    async with asyncio.timeout(10):
        while await store.call("XLEN", store.keys.hits()):
            clock.advance(1)
            await asyncio.sleep(0.01)
    await other.stop()
    assert (await room.clicks.sums(1)).clicks == 2


def test_a_tiny_chart_has_a_bar_for_each_day() -> None:
    assert spark([0, 1, 5, 10]) == "▁▂▅█"
    assert spark([0, 0]) == "▁▁"
    assert spark([]) == ""
