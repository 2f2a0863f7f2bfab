"""In all, in some, in none of five groups among a million members, giving one of them a tag, and a
look at a hundred rules."""

from __future__ import annotations

import statistics
import time
from dataclasses import asdict
from random import Random
from typing import Any

import uvloop

from bench.audience import serving
from bench.measure import ROUNDS, machine
from bot.audience import Algebra, Bits, Segments
from bot.audience.sources import store_sources
from bot.clock import Days, SystemClock
from bot.model.conversation import Conversation
from bot.store.address import unix
from bot.store.members import Members
from bot.store.store import Store
from bot.tags.parts import PARTS, Choice, Part
from bot.tags.room import Tags
from bot.tags.rules import MOST

MEMBERS = 1_000_000
GROUPS = 5
ASKED, APPLIED = 20, 20_000
"""How often each round asks, and to how many members it gives a tag."""


def run(rounds: int = ROUNDS, count: int = MEMBERS) -> dict[str, Any]:
    """Measure in rounds, print the table and give the results."""
    return uvloop.run(measure(rounds, count))


async def measure(rounds: int, count: int) -> dict[str, Any]:
    """Ask for the three parts, as the console does; then give a tag as a running bot does."""
    with serving() as path:
        store = Store(unix(path), "bench", SystemClock())
        await store.open()
        try:
            tags, chosen, expected = await fill(store, count)
            asked, applied, looked = [], [], []
            await rule(store, tags, count)
            for number in range(rounds):
                for _ in range(ASKED):
                    began = time.perf_counter()
                    found = (await tags.parting.of(Choice(chosen))).counts()
                    asked.append((time.perf_counter() - began) * 1000)
                    assert found == expected
                applied.append(await apply(tags, count, f"tag{number}"))
                began = time.perf_counter()
                assert await tags.rules.tick() == 0
                looked.append((time.perf_counter() - began) * 1000)
        finally:
            await store.close()
    return {
        "title": f"In all, some, none of {GROUPS} groups among {count:,} members",
        "machine": asdict(machine()),
        "parts, ms": show("parts, ms", asked),
        "given, members/s": show("given, members/s", applied),
        "look at rules, ms": show("look at rules, ms", looked),
    }


async def fill(store: Store, count: int) -> tuple[Tags, tuple[str, ...], dict[Part, int]]:
    """Groups that each have half of all, by chance; and the three counts, from the bits."""
    members, chance, keys = Members(store), Random(1), store.keys
    everyone = Bits.of(range(1, count + 1))
    await store.call("SET", keys.members_all(), everyone.bitmap())
    await store.call("SET", keys.member_seq(), count)
    names, all_, any_ = [], everyone, Bits()
    for index in range(GROUPS):
        group = await members.group_number(Conversation(gateway="sandbox", group=f"g{index}"))
        there = everyone & Bits(chance.getrandbits(count + 8))
        await store.call("SET", keys.group_present(group), there.bitmap())
        names.append(f"group:sandbox/g{index}")
        all_, any_ = all_ & there, any_ | there
    sources = store_sources(store, members, Days(), ["sandbox"])
    algebra = Algebra(store, members, Segments(store), sources)
    sizes = (all_, any_ - all_, everyone - any_)
    expected = {part: bits.count() for part, bits in zip(PARTS, sizes, strict=True)}
    return Tags(store, members, algebra, ["sandbox"]), tuple(names), expected


async def rule(store: Store, tags: Tags, count: int) -> None:
    """A hundred rules that have given their tags: nothing is left to be given."""
    everybody = Bits.of(range(1, count + 1)).bitmap()
    for number in range(MOST):
        one, other = number % GROUPS, (number + 1) % GROUPS
        text = f"group:sandbox/g{one} and not group:sandbox/g{other}"
        made = await tags.rules.add(text, f"rule{number}", "bench")
        await store.call("SET", store.keys.tags_ruled(made.id), everybody)


async def apply(tags: Tags, count: int, tag: str) -> float:
    """Members a second that are given a tag, beginning, counting and ending included."""
    some = Bits.of(range(1, min(count, APPLIED) + 1))
    began = time.perf_counter()
    await tags.applications.finish((await tags.applications.begin(tag, some, "bench")).id)
    return some.count() / (time.perf_counter() - began)


def show(name: str, values: list[float]) -> dict[str, float]:
    """Print one line of the table."""
    found = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    print(f"{name:<20}" + "".join(f"{key:>9} {value:>12,.2f}" for key, value in found.items()))
    return found


if __name__ == "__main__":
    run()
