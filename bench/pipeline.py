"""The durable pipeline: events accepted on disk, handled, and their replies handed to a gateway."""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from bench.measure import Series, report
from bot import Account, BaseEvent, Context, Message, MessageReceived, Router
from bot.adapter import Adapter, Capabilities, Delivery, Inlet, Receipt
from bot.app import App
from bot.clock import SystemClock
from bot.config import Config
from bot.log import configure
from bot.switchboard import Make

RULES, CONVERSATIONS, ROUNDS = 1000, 200, 5


class Counting(Adapter):
    """A gateway in this process that counts what it is handed."""

    def __init__(self, inlet: Inlet) -> None:
        super().__init__(inlet, Config())
        self.sent = 0
        self.wanted = 0
        self.done = asyncio.Event()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(idempotent=True)

    async def receive(self) -> AsyncIterator[BaseEvent]:
        self.inlet.alive()
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    def expect(self, count: int) -> None:
        """Count from nothing again; ``done`` is set at ``count``."""
        self.sent, self.wanted = 0, count
        self.done.clear()

    async def send(self, delivery: Delivery) -> Receipt:
        self.sent += 1
        if self.sent == self.wanted:
            self.done.set()
        return Receipt()


def thousand_rules() -> Router:
    """A router of exact keyword rules, each with its own answer."""
    router = Router("bench")
    for number in range(RULES):

        @router.keyword(f"keyword {number}")
        async def answer(ctx: Context) -> None:
            await ctx.reply("answer")

    return router


class BenchApp(App):
    """The app with a counting gateway beside the sandbox and the rules above."""

    counting: Counting

    def _gateway_makers(self) -> dict[str, Make]:
        def make(inlet: Inlet) -> Counting:
            self.counting = Counting(inlet)
            return self.counting

        return {"bench": make}


def events(count: int, stamp: str) -> list[MessageReceived]:
    """Messages over many conversations, each saying another keyword."""
    return [
        MessageReceived(
            id=f"{stamp}-{n}",
            gateway="bench",
            at=1,
            account=Account(id=f"u{n % CONVERSATIONS}", name=f"user {n % CONVERSATIONS}"),
            group=f"g{n % CONVERSATIONS}",
            message=Message.of(f"keyword {n * 7 % RULES}"),
        )
        for n in range(count)
    ]


async def measure(count: int = 10_000) -> list[float]:
    """Events per second of each round: from the first accept to the last reply on record."""
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        config = Config(data_dir=Path(folder) / "data", handlers=("bench.pipeline",))
        async with BenchApp(config, SystemClock(), Random(1)) as app:
            for turn in range(ROUNDS + 1):
                batch = events(count, str(turn))
                gateway = app.counting
                gateway.expect(count)
                gc.collect()
                began = time.perf_counter()
                for start in range(0, count, 512):
                    await asyncio.gather(*[app.accept(e) for e in batch[start : start + 512]])
                await gateway.done.wait()
                while app.switchboard.senders["bench"].busy:
                    await asyncio.sleep(0.001)
                if turn:
                    rates.append(count / (time.perf_counter() - began))
    return rates


def run(count: int = 5000) -> dict[str, Any]:
    """Measure, print the table and give the results."""
    configure("error", "json", sys.stderr)
    rates = uvloop.run(measure(count))
    results = {f"muster, {RULES} keyword rules": Series.of(rates)}
    return report("Events through the durable pipeline", "events/s", results)


router = thousand_rules()

if __name__ == "__main__":
    run()
