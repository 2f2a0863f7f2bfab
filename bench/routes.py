"""Routes: how many messages one core leads to the right one of 10,000 routes."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from bench.measure import ROUNDS, Series, report
from bot.routes.table import Table
from bot.settings.rooms import RouteSettings

ROUTES, MESSAGES = 10_000, 2_000
_HAN = [chr(0x4E00 + n * 7) for n in range(600)]
_LATIN = "abcdefghijklmnopqrstuvwxyz"


def run(rounds: int = ROUNDS, count: int = ROUTES) -> dict[str, Any]:
    """Measure in rounds, print the table and give the results."""
    results: dict[str, Series] = {}
    started = time.perf_counter()
    plain, lenient = _table(count, False), _table(count, True)
    made = time.perf_counter() - started
    results["compiled both tables, s"] = Series.of([made])
    for name, table in (("as written", plain), ("also pinyin and typos", lenient)):
        for kind, messages in _messages(table).items():
            speeds = [_speed(table, messages) for _ in range(rounds)]
            results[f"{name}: {kind}"] = Series.of(speeds)
    return report(f"Finding the best of {count:,} routes", "messages/s", results)


def _table(count: int, lenient: bool) -> Table:
    chance = Random(1)
    modes = ("exact", "prefix", "contains", "contains", "all")
    return Table(
        RouteSettings.model_validate(
            {
                "name": str(number),
                "words": [_words(chance, modes[number % 5])],
                "mode": modes[number % 5],
                "groups": ["sandbox/g"],
                "pinyin": lenient,
                "typos": lenient,
            }
        )
        for number in range(count)
    )


def _words(chance: Random, mode: str) -> str:
    count = 2 if mode == "all" else 1
    return " + ".join(_word(chance) for _ in range(count))


def _word(chance: Random) -> str:
    if chance.random() < 0.7:
        return "".join(chance.choices(_HAN, k=chance.randint(3, 6)))
    return "".join(chance.choices(_LATIN, k=chance.randint(5, 10)))


def _messages(table: Table) -> dict[str, list[str]]:
    chance = Random(2)
    words = [route.words[0].replace(" + ", "和") for route in table.routes.values()]
    short = [f"我想进{chance.choice(words)}群" for _ in range(MESSAGES)]
    chatter = ["".join(chance.choices(_HAN, k=40)) for _ in range(MESSAGES)]
    return {"who asks for a group": short, "chatter of 40 characters": chatter}


def _speed(table: Table, messages: list[str]) -> float:
    started = time.perf_counter()
    for message in messages:
        table.best(message)
    return len(messages) / (time.perf_counter() - started)
