"""A process under a storm of callbacks: each is acknowledged in time, and then lasts."""

from __future__ import annotations

import time
from pathlib import Path

from bot.clock import SystemClock
from bot.store.address import unix
from bot.store.data_directory import DataDirectory
from bot.store.store import Store
from bot.testing.wecom import Variants
from tests.promises.test_whole_process import running

from .company import AGENT, SECRET, company
from .shop import KEY, TOKEN

CONFIG = """
handlers = []

[gateways.wecom]
adapter = "wecom"
corp_id = "{corp}"
agent_id = {agent}
secret = "{secret}"
token = "{token}"
aes_key = "{key}"
api_url = "{url}"
"""
STORM = 600
"""Callbacks that come as fast as they can be sealed."""


async def test_a_storm_is_acknowledged_within_five_seconds_and_outlives_kill_9(
    tmp_path: Path,
) -> None:
    clock = SystemClock()
    async with company(clock, variants=Variants(retry_after=0)) as server:
        about = {"corp": server.corp_id, "agent": AGENT, "secret": SECRET}
        config = CONFIG.format(**about, token=TOKEN, key=KEY, url=server.url)
        people = [server.world.meet(f"Person {n}").external_userid for n in range(STORM)]
        async with running(tmp_path, config) as run:
            await run.listen()
            server.callbacks.to(f"{run.base}/gateways/wecom", TOKEN, KEY)
            assert await server.callbacks.verify()
            for person in people:  # by one code of Ann's, nearly all in one second
                server.world.add("ann", person, state="door", code=False)
            began = time.monotonic()
            posted = await server.callbacks.flush(at_once=True)
            lasted = time.monotonic() - began
            # One that is not answered within 5 s has the status 0, and is tried again.
            assert [one.statuses for one in posted] == [[200]] * STORM
            run.process.kill()
            await run.process.wait()
        async with running(tmp_path) as run:
            await run.listen()
            known = await _customers(tmp_path, STORM)
        assert known == set(people), f"acknowledged within {lasted:.1f} s"


async def _customers(folder: Path, number: int) -> set[str]:
    """The customers of a running bot, once they are so many."""
    directory = DataDirectory(folder / "data")
    store = Store(unix(str(directory.socket)), "main", SystemClock())
    await store.open()
    try:
        end = time.monotonic() + 15
        while True:
            found = await store.texts("HKEYS", store.keys.member_accounts("wecom"))
            customers = {account for account in found if account.startswith("wm")}
            contacts = await store.call("ZCARD", store.keys.contacts("wecom", "ann"))
            if contacts >= number or time.monotonic() > end:
                return customers
            await SystemClock().sleep(0.05)
    finally:
        await store.close()
