"""A million members with 50 tags and 3 groups each, and 200 days of check-ins: memory and answers.

The community (bench/crowd.py) is written with the store's own commands, and read by the rooms:
the parts of five groups, the search, leaderboards, a member's calendar and standing. Everything
is asked one after the other, and of what takes long less often.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from random import Random
from typing import Any, get_args

import uvloop

from bench.audience import serving
from bench.crowd import GATEWAY, GROUPS, PROGRAMME, Crowd, Writing, drain
from bench.import_members import memory, people
from bench.measure import Series, machine, report
from bench.members import LIMIT, typed
from bot.audience import Algebra, Bits, Segments
from bot.audience.sources import store_sources
from bot.checkins.board import PERIODS, Board
from bot.checkins.boards import Boards
from bot.checkins.checkins import CheckIns
from bot.checkins.month import Month
from bot.checkins.pictures import CheckInPictures
from bot.clock import Days, SystemClock
from bot.members.search import Search
from bot.model.conversation import Conversation
from bot.settings.checkins import CheckInSettings
from bot.store.address import unix
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.tags.parts import Choice, parted
from bot.tags.room import Tags

MEMBERS, CHOSEN = 1_000_000, 5
ASKED, FIRST, SECONDS = 100, 3, 20.0
"""How often each thing is asked at most, or made; the seconds after which it is not asked again."""
ONE = 1
"""The group whose leaderboards are asked for."""
NAMES = [f"g{number}" for number in range(GROUPS)]

Answers = dict[str, Series]


def run(members: int = MEMBERS) -> dict[str, Any]:
    """Build the community, print the tables, and give the results."""
    return uvloop.run(measure(members))


async def measure(count: int) -> dict[str, Any]:
    """Write everybody, then ask."""
    print(f"A community of {count:,}\n{machine()}\n")
    body = "".join(people(count)).encode()
    crowd = Crowd.of(count)
    with serving() as path:
        store = Store(unix(path), "bench", SystemClock())
        await store.open()
        try:
            room = Room(store, crowd)
            sizes = await room.build(body)
            groups, found = await room.parts(), await room.search(body)
            return {
                "title": f"A community of {count:,}",
                "memory": sizes,
                "groups and search": told("Groups and search", groups | found),
                "leaderboards": told("Leaderboards", await room.boards()),
                "one member": told("One member", await room.members()),
            }
        finally:
            await store.close()


def told(title: str, answers: Answers) -> dict[str, Any]:
    """Print one table, and give it."""
    print()
    return report(title, "ms", answers)


class Room:
    """The rooms of one community, and what is asked of them."""

    def __init__(self, store: Store, crowd: Crowd) -> None:
        self._store = store
        self._crowd = crowd
        self._members = Members(store)
        settings, clock = {PROGRAMME: CheckInSettings()}, store.clock
        self._checkins = CheckIns(
            settings, "Asia/Shanghai", store, self._members, Facts(store), clock
        )
        self._programme = self._checkins.programmes[0]
        self._today = self._checkins.today(self._programme)
        self._boards = Boards(self._checkins, store, self._members)
        self._pictures = CheckInPictures(str, "en", "bench")
        self._chance = Random(4)

    async def build(self, body: bytes) -> dict[str, dict[str, float]]:
        """Write everybody; of each family of keys, print the memory and the time it took."""
        rows = [line.split(",") for line in body.decode().splitlines()[1:]]
        places = (Conversation(gateway=GATEWAY, group=name) for name in NAMES)
        groups = [await self._members.group_number(place) for place in places]
        began, empty = time.perf_counter(), await memory(self._store)
        print(f"{'memory':<28} {'MB':>10} {'B a member':>12} {'s to write':>12}")
        sizes = {}
        for name, asked in Writing(self._store, self._crowd, rows, groups).all(self._today):
            at, before = time.perf_counter(), await memory(self._store)
            await drain(asked)
            sizes[name] = await self._size(name, before, at)
        return {**sizes, "in all": await self._size("in all", empty, began)}

    async def _size(self, name: str, before: float, began: float) -> dict[str, float]:
        """What was added since, as one row of the table."""
        size, took = await memory(self._store) - before, time.perf_counter() - began
        each = size * 1e6 / self._crowd.count
        print(f"{name:<28} {size:>10,.1f} {each:>12,.1f} {took:>12,.1f}", flush=True)
        return {"MB": size, "bytes a member": each, "seconds": took}

    async def parts(self) -> Answers:
        """In all, in some, in none of five groups."""
        sources = store_sources(self._store, self._members, Days(), [GATEWAY])
        algebra = Algebra(self._store, self._members, Segments(self._store), sources)
        parting = Tags(self._store, self._members, algebra, [GATEWAY]).parting
        choice = Choice(tuple(f"group:{GATEWAY}/{name}" for name in NAMES[:CHOSEN]))
        chosen = [Bits.of_bitmap(self._crowd.bitmap(one)) for one in self._crowd.groups[:CHOSEN]]
        expected = parted(Bits.of(range(1, self._crowd.count + 1)), chosen).counts()

        async def ask() -> None:
            assert (await parting.of(choice)).counts() == expected

        return {f"in all, some, none of {CHOSEN} groups": await times(ask)}

    async def search(self, body: bytes) -> Answers:
        """A page of members, as people type."""
        search = Search(self._store, self._members, lambda: [GATEWAY])

        async def find(words: Iterator[str]) -> None:
            await search.find(next(words), "", LIMIT)

        return {
            f"search: {kind}": await times(partial(find, iter(words)), len(words))
            for kind, words in typed(body).items()
        }

    async def boards(self) -> Answers:
        """Leaderboards of all groups, those that are kept also as they are first made; of one."""
        found: Answers = {}
        for board in get_args(Board):
            name = f"board of all: {board}"
            if board not in PERIODS:
                found[f"{name}, first"] = await times(partial(self._first, board), FIRST)
                name += ", again"
            found[name] = await times(partial(self._boards.page, self._programme, board))
            found[f"place among all: {board}"] = await times(partial(self._place, board))
        for board in get_args(Board):
            ask = partial(self._boards.page, self._programme, board, ONE)
            found[f"board of one group: {board}"] = await times(ask)
        return found

    async def _first(self, board: Board) -> None:
        """A leaderboard of all, by somebody who keeps nothing yet."""
        self._boards = Boards(self._checkins, self._store, self._members)
        await self._boards.page(self._programme, board)

    async def _place(self, board: Board) -> None:
        await self._boards.place(self._programme, board, self._someone())

    async def members(self) -> Answers:
        """What members ask of themselves."""
        return {
            "own standing": await times(self._standing),
            "own calendar": await times(self._month),
            "own calendar, drawn": await times(self._drawn),
        }

    def _someone(self) -> int:
        return self._chance.randint(1, self._crowd.count)

    async def _standing(self) -> None:
        someone = self._someone()
        standing = await self._checkins.standing(self._programme, someone)
        assert standing.total == self._crowd.total(someone)

    async def _month(self) -> Month:
        today = self._today
        return await self._checkins.month(self._programme, self._someone(), today.year, today.month)

    async def _drawn(self) -> None:
        message = await self._pictures.month(
            self._programme, await self._month(), "Ada", self._today
        )
        assert message.segments


async def times(ask: Callable[[], Awaitable[object]], most: int = ASKED) -> Series:
    """The milliseconds it takes, asked again and again."""
    found, until = list[float](), time.perf_counter() + SECONDS
    while len(found) < most and (not found or time.perf_counter() < until):
        began = time.perf_counter()
        await ask()
        found.append((time.perf_counter() - began) * 1000)
    return Series.of(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="What a large community costs, and how it answers."
    )
    parser.add_argument("--members", type=int, default=MEMBERS)
    run(parser.parse_args().members)
