"""Events per second from a raw dict to a handler, in one process, beside nonebot2 and aiogram.

Every rule has a trivial handler of its own; each text is for one rule, chosen at random. Ours
parses an event's dict, finds the rule and awaits the handler, without a store (the durable pipeline
is measured by itself); the peers parse the dict of a platform and hand it to their own entry point,
in an interpreter of their own, in turns with ours. Nothing is logged.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.measure import ROUNDS, Series, report
from bot.model.event import event_adapter
from bot.routing.handler import Handler
from bot.routing.index import Index
from bot.routing.router import Router, compile_routers

HERE = Path(__file__).parent
VENV = HERE.parent / ".venv-bench"
EVENTS = 20_000


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure in interleaved rounds, print the table and give the results."""
    python = _peers_python()
    ours = {
        "muster keyword, 100 rules": (_index(100), _raws(100, "{}")),
        "muster keyword, 1000 rules": (_index(1000), _raws(1000, "{}")),
        "muster keyword(contains), 1000 rules": (
            _index(1000, contains=True),
            _raws(1000, "请问{}，谢谢"),
        ),
    }
    results: dict[str, list[float]] = defaultdict(list)
    for seed in range(rounds):
        for name, (index, raws) in ours.items():
            results[name].append(asyncio.run(_measure(index, raws)))
        for name, value in _peers(python, seed).items():
            results[name].append(value)
    series = {name: Series.of(values) for name, values in results.items()}
    return report("Dispatch in one process", "events/s", series)


def _index(rules: int, *, contains: bool = False) -> Index[Handler]:
    router = Router("bench")
    for number in range(rules):

        @router.keyword(f"第{number}号几点开门", contains=contains)
        async def answer(ctx: Any) -> None: ...

    return compile_routers([router], {})


def _raws(rules: int, text: str) -> list[dict[str, Any]]:
    chance = random.Random(1)
    return [
        {
            "kind": "message_received",
            "id": str(number),
            "gateway": "bench",
            "at": 1_700_000_000_000 + number,
            "account": {"id": str(chance.randrange(10_000)), "name": "小明"},
            "group": str(chance.randrange(100)),
            "message": {
                "segments": [
                    {
                        "kind": "text",
                        "text": text.format(f"第{chance.randrange(rules)}号几点开门"),
                    }
                ]
            },
        }
        for number in range(EVENTS)
    ]


async def _measure(index: Index[Handler], raws: list[dict[str, Any]]) -> float:
    handled = 0
    started = time.perf_counter()
    for raw in raws:
        event = event_adapter.validate_python(raw)
        for match in index.match(event):
            await match.rule.payload(SimpleNamespace(event=event), match)  # type: ignore[arg-type]
            handled += 1
            break
    seconds = time.perf_counter() - started
    assert handled == len(raws), "an event found no handler"
    return handled / seconds


def _peers(python: Path, seed: int) -> dict[str, float]:
    done = subprocess.run(
        [python, HERE / "peers_dispatch.py", str(seed)], check=True, stdout=subprocess.PIPE
    )
    results: dict[str, float] = json.loads(done.stdout)
    return results


def _peers_python() -> Path:
    """The interpreter that has the peers, made when it is not there."""
    python = VENV / "bin" / "python"
    stamp = VENV / "peers.stamp"
    lock = HERE / "peers.lock"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        print(f"installing the peers in {VENV.name} …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        (VENV / ".gitignore").write_text("*\n")
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
        stamp.touch()
    return python


if __name__ == "__main__":
    run()
