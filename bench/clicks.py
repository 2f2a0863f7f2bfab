"""Clicks and conversions while everything is killed: what was answered is counted, exactly once.

``python -m bench.clicks --kill [kills]`` runs two bots (``muster run``, a process each) over one
Valkey with ``appendfsync always``. Members open their links at both over real HTTP as fast as
answers come, and a shop tells conversions, each name to both bots at once, by POST and by signed
address, again and again until it is answered. Meanwhile kill -9 ends a bot at a random moment, 20
times, the store too in every third. In the end each link's and member's hits must be those that
were answered; of the visits that got no answer each may be counted once.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from bench.killable import WORKSPACE, Bot, Valkey
from bench.load import BROWSERS, MEMBERS, Load
from bot.clock import SystemClock
from bot.links.codes import Code
from bot.links.conversions import Conversions
from bot.links.hits import Hit
from bot.links.links import Links
from bot.links.signing import SigningKeys
from bot.model.conversation import Account
from bot.store.address import unix
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.tokens import Tokens

KILLS = 20
LINKS = 3
RUSH = 0.2
"""Seconds before each kill in which nobody rests."""
SETTLED = 180
"""Seconds all that is on disk may take to be counted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was answered and what was counted."""

    kills: int
    store_kills: int
    seconds: float
    answered: int
    unanswered: int
    counted: int
    spooled: int
    conversions: int
    tries: int
    recorded: int
    value: Decimal

    def __str__(self) -> str:
        rate = self.answered / self.seconds
        return (
            f"{self.kills} x kill -9 of a bot, {self.store_kills} of the store, "
            f"in {self.seconds:.0f} s of {rate:,.0f} answered clicks/s\n"
            f"answered {self.answered:,}, counted {self.counted:,}: all that was answered, and "
            f"{self.counted - self.answered} of {self.unanswered} visits that got no answer\n"
            f"{self.conversions:,} conversions told in {self.tries:,} requests: recorded "
            f"{self.recorded:,}, {self.value:,.2f} CNY, each once\n"
            f"{self.spooled} spool files were replayed"
        )


async def kill_all(
    folder: Path,
    kills: int,
    random: Random,
    each: float = 1.5,
    browsers: int = BROWSERS,
    rest: float = 0.0,
) -> Outcome:
    """Run the load through so many kills, about ``each`` seconds apart, and compare.

    Each browser rests that many seconds between two visits, but for a moment before a kill.
    Raises AssertionError for anything lost or counted twice.
    """
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(_valkey(folder))
        store, links = await stack.enter_async_context(_store(valkey))
        bots = await stack.enter_async_context(_bots(folder, valkey.socket))
        load = await _load(store, links, bots, random)
        load.browsers, load.rest = browsers, rest
        running = asyncio.create_task(load.run())
        stack.callback(running.cancel)
        began, spooled, store_kills = time.monotonic(), 0, 0
        for turn in range(kills):
            await asyncio.sleep(random.uniform(0.3, 1) * each)
            assert not running.done(), running.exception()
            bot, load.rest = random.choice(bots), 0.0
            await asyncio.sleep(RUSH)
            if turn % 3 == 1:
                store_kills += 1
                await valkey.kill()
                await _spooled(folder)
                await asyncio.sleep(random.uniform(0, 0.5) * each)
            await bot.kill()
            load.rest = rest
            spooled += spool_files(folder)
            if turn % 3 == 1:
                await valkey.start()
            await bot.start()
        await asyncio.sleep(each)
        load.ended.set()
        async with asyncio.timeout(30):
            await running
        seconds = time.monotonic() - began
        await _settled(store, folder)
        return await _compared(store, links, load, (kills, store_kills, seconds, spooled))


@asynccontextmanager
async def _valkey(folder: Path) -> AsyncIterator[Valkey]:
    (folder / "valkey").mkdir()
    valkey = Valkey(folder / "valkey")
    await valkey.start()
    try:
        yield valkey
    finally:
        await valkey.kill()


@asynccontextmanager
async def _store(valkey: Valkey) -> AsyncIterator[tuple[Store, Links]]:
    store = Store(unix(valkey.socket), WORKSPACE, SystemClock())
    await store.open()
    links = Links(store, str)
    await links.open()
    try:
        yield store, links
    finally:
        await store.close()


@asynccontextmanager
async def _bots(folder: Path, socket: str) -> AsyncIterator[list[Bot]]:
    bots = [Bot(folder / name) for name in "ab"]
    for bot in bots:
        bot.configure(socket)
    try:
        await asyncio.gather(*(bot.start() for bot in bots))
        yield bots
    finally:
        await asyncio.gather(*(bot.kill() for bot in bots))


async def _load(store: Store, links: Links, bots: list[Bot], random: Random) -> Load:
    numbers = [await links.make(f"https://shop.example/{n}", f"c{n}") for n in range(LINKS)]
    members = Members(store)
    people = (Account(id=f"u{n}", name=f"u{n}") for n in range(MEMBERS))
    await asyncio.gather(*(members.number("sandbox", account) for account in people))
    scopes = ["write:conversions"]
    _, token = await Tokens(store).make("shop", scopes, "bench", seconds=3600, per_minute=60_000)
    key, secret = await SigningKeys(store).make("shop", [], "bench")
    return Load(bots, links, numbers, token, (key.id, secret), random)


async def _settled(store: Store, folder: Path) -> None:
    """Wait until every hit on disk is counted.

    A bot that was killed keeps the counting to itself for ten seconds more; that is cut short.
    """
    await store.call("DEL", store.keys.hits_counter())
    ends = time.monotonic() + SETTLED
    while files := spool_files(folder) or await store.call("XLEN", store.keys.hits()):
        assert time.monotonic() < ends, f"{files} spool files or groups of hits are not counted"
        await asyncio.sleep(0.1)


async def _spooled(folder: Path) -> None:
    """Wait until clicks go to the spool."""
    async with asyncio.timeout(10):
        while not spool_files(folder):
            await asyncio.sleep(0.01)


def spool_files(folder: Path) -> int:
    """How many files of hits wait for the store."""
    return len([*folder.glob("*/data/spool/*.spool")])


async def _compared(
    store: Store, links: Links, load: Load, told: tuple[int, int, float, int]
) -> Outcome:
    kills, store_kills, seconds, spooled = told
    counted = await _hits(store)
    for letters in load.answered | load.unanswered | counted:
        least, number = load.answered[letters], counted[letters]
        most = least + load.unanswered[letters]
        where = links.codes.unpack(letters)
        assert least <= number <= most, f"{where}: answered {least}, counted {number} of {most}"
    await _sums_agree(store, links, load.numbers, counted)
    recorded, value = await _taken(store, links, load)
    return Outcome(
        kills=kills,
        store_kills=store_kills,
        seconds=seconds,
        answered=load.answered.total(),
        unanswered=load.unanswered.total(),
        counted=counted.total(),
        spooled=spooled,
        conversions=len(load.told),
        tries=load.tries,
        recorded=recorded,
        value=value,
    )


async def _hits(store: Store) -> Counter[str]:
    """How many hits of each code were judged."""
    found: Counter[str] = Counter()
    start = "-"
    while rows := await store.call("XRANGE", store.keys.hits_kept(), start, "+", "COUNT", 5000):
        for _, fields in rows:
            found[Hit.parse(dict(zip(fields[::2], fields[1::2], strict=True))[b"hit"]).code] += 1
        start = f"({rows[-1][0].decode()}"
    return found


async def _sums_agree(
    store: Store, links: Links, numbers: list[int], counted: Counter[str]
) -> None:
    """The sums of each link are its hits."""
    by_link: Counter[int] = Counter()
    for letters, number in counted.items():
        code = links.codes.unpack(letters)
        assert code
        by_link[code.link] += number
    for number in numbers:
        hits = await store.text("HGET", store.keys.link_counts(number), "hits")
        assert int(hits or 0) == by_link[number], f"link {number}: {hits} of {by_link[number]}"


async def _taken(store: Store, links: Links, load: Load) -> tuple[int, Decimal]:
    """How many conversions there are, and their value; each must be there once, and in all sums."""
    room = Conversions(store, links, Members(store), Facts(store), UTC)
    found, before = [], "+"
    while rows := await room.recent(before, 1000):
        found += rows
        before = rows[-1].id
    wanted = {order: links.codes.unpack(code) for order, code in load.told.items()}
    orders = Counter(int(one.value * 100) for one in found)
    assert orders == Counter(wanted.keys()), "a conversion is missing, or is there twice"
    for one in found:
        code = Code(one.link, one.step, one.group, one.member)
        assert code == wanted[int(one.value * 100)]
    for number in (0, *load.numbers):
        mine = [one for one in found if number in (0, one.link)]
        value = sum((one.value for one in mine), Decimal(0))
        for part in ("all", "day", "step", "group"):
            sums = [one for share in await room.by(part, number) for one in share.sums]
            assert sum(one.count for one in sums) == len(mine), (part, number)
            assert sum(one.value for one in sums) == value, (part, number)
        assert await room.members(number) == len({one.member for one in mine})
    return len(found), sum((one.value for one in found), Decimal(0))


def run(kills: int = KILLS) -> dict[str, Any]:
    """Run it once and print what came of it."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        outcome = asyncio.run(kill_all(Path(folder), kills, Random(20)))
    print(outcome)
    return {
        "title": "Clicks and conversions under kill -9",
        "answered": outcome.answered,
        "counted": outcome.counted,
        "unanswered": outcome.unanswered,
        "conversions": outcome.conversions,
        "recorded": outcome.recorded,
    }


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    run(*numbers[:1])
