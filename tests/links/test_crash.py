"""kill -9 under load: every answered click is counted, and none twice."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import UTC
from itertools import count
from pathlib import Path

import aiohttp

from bot.clock import SystemClock
from bot.links.clicks import Clicks
from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.judge import Judge
from bot.links.links import Links
from bot.store.facts import Facts
from bot.store.store import Store
from tests.links.site import PHONE

TURNS = 5


class Load:
    """Members who open their link, each once, as fast as answers come."""

    def __init__(self, links: Links, link: int) -> None:
        self._links, self._link = links, link
        self._members = count(1)
        self.sent: set[int] = set()
        self.answered: set[int] = set()

    async def run(self, base: str, connections: int = 16) -> None:
        """Until the server is gone."""
        async with aiohttp.ClientSession(headers={"User-Agent": PHONE}) as browser:
            await asyncio.gather(*(self._browse(browser, base) for _ in range(connections)))

    async def _browse(self, browser: aiohttp.ClientSession, base: str) -> None:
        with suppress(aiohttp.ClientError):
            while True:
                member = next(self._members)
                self.sent.add(member)
                code = self._links.codes.pack(Code(self._link, 1, 1, member))
                async with browser.get(f"{base}/l/{code}", allow_redirects=False) as response:
                    assert response.status == 302
                self.answered.add(member)


async def test_answered_clicks_are_counted_exactly_once_across_kill_9(
    valkey: str, store: Store, tmp_path: Path
) -> None:
    store.clock = SystemClock()
    links = Links(store, str)
    await links.open()
    link = await links.make("https://shop.example/sale")
    load = Load(links, link)
    for turn in range(TURNS):
        node = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.links.node", valkey, store.keys.workspace),
            str(tmp_path),
            stdout=asyncio.subprocess.PIPE,
        )
        assert node.stdout
        base = (await node.stdout.readline()).decode().strip()
        wanted = len(load.answered) + 300 + 40 * turn
        running = asyncio.create_task(load.run(base))
        async with asyncio.timeout(20):
            while len(load.answered) < wanted:
                await asyncio.sleep(0.002)
        node.kill()
        await node.wait()
        node._transport.close()  # type: ignore[attr-defined]
        await running
    clicks = Clicks(store, Facts(store), links.steps, UTC)
    await Counter(store, Judge(links, UTC), links.steps, "after").drain()
    numbers = set(await Facts(store).numbers(store.keys.link_clicked(link, "all")))
    assert load.answered <= numbers <= load.sent
    sums = await clicks.sums(link)
    assert sums.clicks == sums.members == sums.hits == len(numbers)
