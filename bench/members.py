"""Finding members while somebody types, among a million that were imported; and what it costs.

The members are those of ``bench.import_members``, so this measures the import too. Each search is
what a console page asks for: twenty members, found and read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from random import Random
from typing import Any

import uvloop

from bench.audience import Times, serving
from bench.import_members import FAMILY, GIVEN, LATIN, ROWS, fill, people
from bench.measure import machine
from bot.clock import SystemClock
from bot.members.search import Search
from bot.store.address import unix
from bot.store.members import Members
from bot.store.store import Store

ASKED = 100
"""Searches of each kind."""
LIMIT = 20


def run(rows: int = ROWS) -> dict[str, Any]:
    """Import, then search; print the tables, and give the results."""
    return uvloop.run(measure(rows))


async def measure(rows: int) -> dict[str, Any]:
    """Ask for names, phones, accounts, tags and nobody, as people type them."""
    body = "".join(people(rows)).encode()
    print(f"Searching {rows:,} members\n{machine()}\n")
    with serving() as path:
        store = Store(unix(path), "bench", SystemClock())
        await store.open()
        cost = await fill(store, body)
        cost["keys of the search"], cost["MB of the search"] = await index_size(store)
        search = Search(store, Members(store), lambda: ["wecom"])
        found = {}
        for kind, words in typed(body).items():
            took = await times(search, words)
            found[kind] = {**asdict(Times.of(took)), "p95": p95(took)}
        await store.close()
    for name, value in cost.items():
        print(f"{name:<40} {value:>12,.1f}")
    print(f"\n{'ms':<28} {'median':>9} {'p95':>9} {'p99':>9} {'max':>9}")
    for kind, one in found.items():
        row = (one["median"], one["p95"], one["p99"], one["max"])
        print(f"{kind:<28} " + " ".join(f"{value:>9.2f}" for value in row))
    return {
        "title": f"Searching {rows:,} members",
        "unit": "ms",
        "machine": asdict(machine()),
        "import": cost,
        "results": found,
    }


def typed(body: bytes) -> dict[str, list[str]]:
    """What people type, by kind."""
    chance = Random(2)
    rows = [line.split(",") for line in body.decode().splitlines()[1:]]
    some = [chance.choice(rows) for _ in range(ASKED)]
    names = [row[1] for row in some if not row[1].isascii()]
    return {
        "a Chinese name": names,
        "one character": [chance.choice(FAMILY + GIVEN) for _ in some],
        "two letters (initials)": ["".join(chance.choices("wzlxcym", k=2)) for _ in some],
        "three letters (initials)": ["".join(chance.choices("wzlxcymhj", k=3)) for _ in some],
        "part of a Latin name": [chance.choice(LATIN)[1:].lower() for _ in some],
        "a whole phone": [row[2] for row in some],
        "four figures of a phone": [row[2][-4:] for row in some],
        "six figures of a phone": [row[2][3:9] for row in some],
        "a whole account": [row[0] for row in some],
        "a name and a phone": [f"{row[1]} {row[2][:5]}" for row in some],
        "a tag and a name": [f"tag:vip {name}" for name in names],
        "a tag": ["tag:vip" for _ in some],
        "nobody": [row[2][:5] + "xq" + row[1][:1] for row in some],
        "nobody, of common letters": [f"{row[1]} {chance.choice(rows)[2][:6]}" for row in some],
    }


async def times(search: Search, words: Sequence[str]) -> list[float]:
    """Milliseconds each search took."""
    found = []
    for one in words:
        began = time.perf_counter()
        await search.find(one, "", LIMIT)
        found.append((time.perf_counter() - began) * 1000)
    return found


def p95(values: Sequence[float]) -> float:
    """The time nineteen of twenty stay below."""
    return sorted(values)[int(len(values) * 0.95)]


async def index_size(store: Store) -> tuple[float, float]:
    """How many keys the search has, and millions of bytes of them."""
    cursor, keys, size = b"0", 0, 0

    while True:
        cursor, names = await store.call("SCAN", cursor, "MATCH", "*:member:grams:*", "COUNT", 5000)
        asked = [store.ask("MEMORY", "USAGE", name, "SAMPLES", 0) for name in names]
        sizes = [await one for one in asked]
        keys, size = keys + len(names), size + sum(filter(None, sizes))
        if cursor == b"0":
            return keys, size / 1e6


if __name__ == "__main__":
    run()
