"""Nodes that are killed in the middle of welcomes: nobody is greeted twice or forgotten."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from bot.clock import SystemClock
from bot.delivery.journal import Entry, Journal
from bot.store.store import Store
from bot.testing.wecom import WeComServer
from bot.testing.wecom.variants import Variants
from tests.promises.test_whole_process import Run, running

from .company import AGENT, SECRET
from .day import config
from .shop import KEY, TOKEN

WELCOME = "externalcontact/send_welcome_msg"
ENDS = frozenset({"delivery.sent", "delivery.failed", "delivery.skipped", "delivery.in_doubt"})


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.005)


async def endings(store: Store) -> dict[str, list[Entry]]:
    """How the welcomes of each customer ended."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for _, entry in await Journal(store).recent(limit=1000):
        if entry.what in ENDS:
            found[entry.conversation.rpartition("/")[2]].append(entry)
    return found


@pytest.mark.timeout(60)
async def test_a_node_killed_among_welcomes_greets_nobody_twice_and_forgets_nobody(
    store: Store, valkey: str, tmp_path: Path
) -> None:
    store.clock = clock = SystemClock()
    server = WeComServer(clock, variants=Variants(retry_after=0.2), random=Random(1))
    server.app(AGENT, SECRET)
    staff = [server.world.hire(who).userid for who in ("ann", "ben", "cat")]
    customers: list[str] = []

    def come(count: int) -> None:
        for _ in range(count):
            customers.append(server.world.meet().external_userid)
            server.world.add(staff[len(customers) % 3], customers[-1], state="window")

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server.serve())
        text = config(server, store.keys.workspace, "greeter", f'[store]\nurl = "unix://{valkey}"')

        async def start(name: str) -> Run:
            (tmp_path / name).mkdir(exist_ok=True)
            run = await stack.enter_async_context(running(tmp_path / name, text))
            await run.listen()
            return run

        first, second = await asyncio.gather(start("a"), start("b"))
        server.callbacks.to(f"{first.base}/gateways/wecom", TOKEN, KEY)
        come(20)
        await server.callbacks.flush(at_once=True)
        await until(lambda: len(server.welcomes.sent) == 20)

        gate = server.gates[WELCOME] = asyncio.Event()
        come(30)
        await server.callbacks.flush(at_once=True)
        await until(lambda: server.asked[WELCOME] >= 30)
        come(30)
        posting = asyncio.create_task(server.callbacks.flush(at_once=True))
        await until(lambda: server.asked[WELCOME] >= 35)
        first.process.kill()
        server.callbacks.to(f"{second.base}/gateways/wecom", TOKEN, KEY)
        posted = await posting
        assert all(one.statuses[-1] == 200 for one in posted), "the other node took them"
        gate.set()
        await start("a")
        ended = await endings(store)
        async with asyncio.timeout(30):
            while ended.keys() != set(customers):
                await asyncio.sleep(0.1)
                ended = await endings(store)
        await asyncio.sleep(0.5)  # whatever would come twice has come
        ended = await endings(store)

    greeted = [one.external_userid for one in server.welcomes.sent]
    assert len(greeted) == len(set(greeted)), "nobody was greeted twice"
    assert server.asked[WELCOME] == len(greeted), "no code was tried a second time"
    outcomes = defaultdict[str, set[str]](set)
    for customer, entries in ended.items():
        assert len(entries) == 1, entries
        (entry,) = entries
        outcomes[entry.what].add(customer)
        assert entry.reason or entry.what == "delivery.sent", entry
    assert outcomes["delivery.sent"] <= set(greeted)
    assert len(outcomes["delivery.sent"]) >= 40
    assert outcomes["delivery.in_doubt"], "it was killed while it sent"
    assert set(greeted) <= outcomes["delivery.sent"] | outcomes["delivery.in_doubt"]
