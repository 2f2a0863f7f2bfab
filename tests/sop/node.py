"""A planner in a process of its own, to be killed: ``python -m tests.sop.node socket workspace``.

It looks as fast as it can at the time the store's key ``settings`` says; so the test moves it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.sop.engine.planner import Planner
from bot.store.address import unix
from bot.store.store import Store
from bot.testing.clock import TestClock

from .town import Town


async def main(socket: str, workspace: str, folder: str, now: int) -> None:
    """Look until killed."""
    clock = TestClock(now)
    store = Store(unix(socket), workspace, clock)
    await store.open()
    planner = Planner(Town(store, clock, Path(folder)).sops)
    print("ready", flush=True)
    while True:
        await planner.tick()
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
