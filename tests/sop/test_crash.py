"""Exactly one row for each target, whoever is killed in the middle."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

import pytest

from bot.sop.faults import WrongState

from .samples import DAILY, notice
from .town import HOUR, Town

ROOT = Path(__file__).parents[2]
MEMBERS = 1500


@asynccontextmanager
async def node(valkey: str, town: Town) -> AsyncIterator[asyncio.subprocess.Process]:
    """A planner in its own process, killed at the end whatever it does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.sop.node", valkey, town.store.keys.workspace),
        *(str(town.folder), str(town.clock.now())),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_planners_killed_in_the_middle_lose_and_double_nobody(
    valkey: str, town: Town, seed: int
) -> None:
    random = Random(seed)
    await asyncio.gather(*(town.join(f"m{n}") for n in range(MEMBERS)))
    sop = await town.start(notice(town))
    town.clock.advance(60)
    while (await town.sops.get(sop.id)).state == "running":
        async with node(valkey, town), node(valkey, town):
            await asyncio.sleep(random.uniform(0.02, 0.25))
            await town.deliver()
            if random.random() < 0.5:
                with suppress(WrongState):  # it may just have finished
                    await town.sops.pause(sop.id, "小王")
                    await town.sops.resume(sop.id, "小王")
    sent = Counter(delivery.member for delivery in town.sent)
    assert len(sent) == MEMBERS
    assert set(sent.values()) == {1}
    assert await town.outcome(sop) == {"planned": MEMBERS, "sent": MEMBERS}


async def test_a_node_killed_while_it_claims_leaves_the_occurrence_to_others(
    valkey: str, town: Town
) -> None:
    for name in ("tea", "books"):
        await town.group(name)
    sop = await town.start(town.template("daily", DAILY.replace("0 13 * * *", "* * * * *")))
    await town.tick()
    for _ in range(4):
        town.clock.advance(300)
        async with node(valkey, town):
            await asyncio.sleep(0.05)
        await town.deliver()
    await town.tick()
    await town.deliver()
    runs = {delivery.result.run for delivery in town.sent if delivery.result}
    assert len(town.sent) == len(runs) * 2 == 40
    assert await town.outcome(sop) == {"planned": 40, "sent": 40}


async def test_a_node_that_slept_for_an_hour_harms_nothing(valkey: str, town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    town.clock.advance(HOUR + 60)
    async with node(valkey, town) as process:
        process.send_signal(signal.SIGSTOP)
        await town.tick()
        await town.deliver()
        town.clock.advance(HOUR)
        await town.tick()
        process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.3)  # the chance to do harm
        await town.pass_by(HOUR)
    assert await town.outcome(sop) == {"planned": 1, "sent": 1}
