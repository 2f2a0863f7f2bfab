"""A broadcast through one node: planned, rendered, limited, handed to a gateway, on record.

Everything is as in production but the gateway, which is in this process and takes all at once:
every target has its row, its frequency cap counted and its entry in the journal and in the
member's own timeline, all under ``appendfsync always``. Without links each reads their name; with
links each gets one of their own besides.

``python -m bench.broadcast --kill`` asks instead what is left of a broadcast to 100,000 whose bots
and store are killed: tests/promises/test_broadcast.py at its full size.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from bench.measure import Series, report
from bench.pipeline import BenchApp
from bot import Account
from bot.clock import SystemClock
from bot.config import Config
from bot.log import configure
from bot.process import collect_rarely
from bot.settings.rooms import DeliverySettings
from bot.settings.server import SandboxSettings

MEMBERS, ROUNDS = 100_000, 3
FULL = {"MUSTER_BROADCAST_MEMBERS": "100000", "MUSTER_BROADCAST_KILLS": "20"}
TEMPLATE = """
title = "{name}"
to = "member"
anchor = {{ date = "day" }}
[parameters.day]
type = "date"
default = "today"
[parameters.time]
type = "time"
default = "now"
[[step]]
id = "news"
at = {{ parameter = "time" }}
missed = {{ send_late = "6h" }}
text = "{text}"
"""
TEXTS = {
    "plain": "Good evening {{ member.name }}, the new teas are here.",
    "links": "Good evening {{ member.name }}: {{ link('https://tea.example/new') }}",
}


class Hurried(SystemClock):
    """The machine's clock with what nobody wants to wait for left out."""

    skipped = 0

    def now(self) -> int:
        return super().now() + self.skipped


async def measure(members: int, rounds: int) -> dict[str, list[float]]:
    """Deliveries per second of each round, from the step's moment to the last row on record."""
    clock = Hurried()
    rates: dict[str, list[float]] = {name: [] for name in TEXTS}
    with tempfile.TemporaryDirectory() as folder:
        templates = Path(folder) / "templates"
        templates.mkdir()
        for name, text in TEXTS.items():
            source = TEMPLATE.format(name=name, text=text)
            (templates / f"{name}.toml").write_text(source, encoding="utf-8")
        config = Config(
            data_dir=Path(folder) / "data",
            sop_templates=templates,
            handlers=("bench.pipeline",),
            sandbox=SandboxSettings(enabled=False),
            # At any hour; the cap is counted, and never reached.
            delivery=DeliverySettings(quiet_hours=None, daily_cap=100),
        )
        async with BenchApp(config, clock, Random(1)) as app:
            await _people(app, members)
            for _ in range(rounds):
                for name, found in rates.items():
                    found.append(members / await _round(app, clock, name, members))
    return rates


async def _people(app: BenchApp, members: int) -> None:
    """Everybody has an account at the gateway."""
    for start in range(1, members + 1, 500):
        accounts = [Account(id=f"u{n}", name=f"member {n}") for n in range(start, start + 500)]
        wanted = accounts[: members + 1 - start]
        await asyncio.gather(*(app.members.number("bench", account) for account in wanted))


async def _round(app: BenchApp, clock: Hurried, template: str, members: int) -> float:
    """Seconds one broadcast took."""
    app.counting.expect(members)
    sop = await app.rooms.sops.start(template, "everyone", "bench")
    gc.collect()
    clock.skipped += 60_000  # "now" is the next whole minute
    began = time.perf_counter()
    app.bell.ring("planner")
    await app.counting.done.wait()
    while app.switchboard.senders["bench"].busy:
        await asyncio.sleep(0.001)
    took = time.perf_counter() - began
    (run,) = await app.rooms.sops.results.runs(sop.id)
    assert run.planned == run.sent == app.counting.sent == members, run
    while (await app.rooms.sops.get(sop.id)).state == "running":
        await asyncio.sleep(0.1)
    return took


def run(members: int = MEMBERS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure, print the table and give the results."""
    configure("error", "json", sys.stderr)
    collect_rarely()  # as "muster run" does
    rates = uvloop.run(measure(members, rounds))
    names = {"plain": "without links", "links": "a personal link each"}
    results = {names[name]: Series.of(found) for name, found in rates.items()}
    return report(f"A broadcast to {members:,} members through one node", "deliveries/s", results)


def kill() -> int:
    """Run the promise's test at its full size; its exit code."""
    test = [sys.executable, "-m", "pytest", "tests/promises/test_broadcast.py", "-q", "-s"]
    return subprocess.call(
        [*test, "-p", "no:randomly", "-p", "no:cacheprovider"], env=os.environ | FULL
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="How fast a broadcast is, and what kills leave.")
    parser.add_argument("--kill", action="store_true", help="kill bots and store instead")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    if given.kill:
        sys.exit(kill())
    run(given.members, given.rounds)
