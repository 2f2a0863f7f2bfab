"""A check-in end to end: accepted on disk, recorded together with its reply, reply handed over."""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from bench.measure import Series, report
from bench.pipeline import ROUNDS, BenchApp
from bot import Account, Message, MessageReceived
from bot.clock import SystemClock
from bot.config import Config
from bot.log import configure
from bot.settings.checkins import CheckInSettings

GROUPS = 100


def check_ins(count: int, turn: int) -> list[MessageReceived]:
    """Check-ins of members who have not checked in before, over many groups."""
    now = SystemClock().now()
    return [
        MessageReceived(
            id=f"{turn}-{n}",
            gateway="bench",
            at=now,
            account=Account(id=f"u{turn}-{n}", name=f"member {n}"),
            group=f"g{n % GROUPS}",
            message=Message.of("签到"),
        )
        for n in range(count)
    ]


async def measure(count: int) -> tuple[list[float], list[float]]:
    """Check-ins per second, and milliseconds of a lonely one, for each round."""
    rates, alone = [], []
    with tempfile.TemporaryDirectory() as folder:
        config = Config(
            data_dir=Path(folder) / "data",
            handlers=("handlers.check_in",),
            checkin={"daily": CheckInSettings()},
        )
        async with BenchApp(config, SystemClock(), Random(1)) as app:
            for turn in range(ROUNDS + 1):
                many, few = check_ins(count, turn), check_ins(50, turn + 100)
                gc.collect()
                began = time.perf_counter()
                app.counting.expect(count)
                await asyncio.gather(*[app.accept(e) for e in many])
                await app.counting.done.wait()
                rate = count / (time.perf_counter() - began)
                began = time.perf_counter()
                for event in few:
                    app.counting.expect(1)
                    await app.accept(event)
                    await app.counting.done.wait()
                if turn:
                    rates.append(rate)
                    alone.append((time.perf_counter() - began) / len(few) * 1000)
    return rates, alone


def run(count: int = 2000) -> dict[str, Any]:
    """Measure, print the tables and give the results."""
    configure("error", "json", sys.stderr)
    rates, alone = uvloop.run(measure(count))
    many = report("Check-ins, many at once", "check-ins/s", {"muster": Series.of(rates)})
    print()
    one = report("A lonely check-in, from accept to the reply", "ms", {"muster": Series.of(alone)})
    return {"many": many, "one": one}


if __name__ == "__main__":
    run()
