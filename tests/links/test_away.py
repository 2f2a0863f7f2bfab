"""Promise 6: links lead on while the store is away, and what happened meanwhile is counted once."""

from __future__ import annotations

import asyncio
import errno
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from bot.links.codes import Code
from bot.links.hits import Hit
from bot.links.recorder import Recorder
from bot.links.spool import Spool
from bot.store.store import Store
from tests.links.site import PHONE, Server, Site

SALE = "https://shop.example/sale"


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.01)


async def counted(site: Site, number: int) -> None:
    """Wait until so many hits are counted, and see that they stay so many."""

    async def enough() -> bool:
        await site.counter.drain()
        return (await site.clicks.sums(0)).hits >= number and not site.recorder.left()

    await until(enough)
    await site.counter.drain()
    assert (await site.clicks.sums(0)).hits == number


async def fetch_all(site: Site, link: int, members: range) -> float:
    """Many members open the link at once; the longest any of them waited, in seconds."""
    began = time.monotonic()
    answers = await asyncio.gather(*(site.fetch(Code(link, 0, 1, n)) for n in members))
    assert {answer.status for answer in answers} == {302}
    return time.monotonic() - began


async def test_a_store_that_stops_answering_holds_no_redirect_up(
    away: Site, server: Server
) -> None:
    link = await away.links.make(SALE)
    await fetch_all(away, link, range(1, 51))
    server.signal(signal.SIGSTOP)
    assert await fetch_all(away, link, range(51, 101)) < 2
    # It is known to be away now: nobody waits for it any more.
    assert await fetch_all(away, link, range(101, 201)) < 1
    assert away.outcomes == {"stored": 50, "spooled": 150}
    server.signal(signal.SIGCONT)
    await counted(away, 200)
    assert (await away.clicks.sums(link)).members == 200
    await fetch_all(away, link, range(201, 211))
    assert away.outcomes["stored"] == 60


async def test_a_killed_store_holds_no_redirect_up_and_gets_everything_once(
    away: Site, server: Server
) -> None:
    link = await away.links.make(SALE)
    running = asyncio.create_task(fetch_all(away, link, range(1, 301)))
    await until(lambda: _stored(away))
    await server.kill()
    await running
    await fetch_all(away, link, range(301, 401))
    head = await away.fetch(Code(link), "HEAD")
    assert head.status == 302
    await server.start()
    await counted(away, 401)
    sums = await away.clicks.sums(link)
    assert (sums.clicks, sums.members) == (400, 400)
    assert sum(away.outcomes.values()) == 401
    assert away.outcomes["spooled"] >= 101


async def test_a_store_that_comes_and_goes_loses_and_doubles_nothing(
    away: Site, server: Server
) -> None:
    link = await away.links.make(SALE)
    for turn in range(4):
        first = turn * 100
        running = asyncio.create_task(fetch_all(away, link, range(first + 1, first + 81)))
        await asyncio.sleep(0.005 * turn)
        server.signal(signal.SIGSTOP if turn % 2 else signal.SIGCONT)
        if not turn % 2:
            await server.kill()
            await server.start()
        await running
        await fetch_all(away, link, range(first + 81, first + 101))
        server.signal(signal.SIGCONT)
    await counted(away, 400)
    assert (await away.clicks.sums(link)).members == 400


async def test_an_unknown_link_is_not_denied_while_the_store_is_away(
    away: Site, server: Server
) -> None:
    server.signal(signal.SIGSTOP)
    response = await away.fetch(Code(99))
    assert response.status == 503
    assert response.headers["Retry-After"] == "60"
    server.signal(signal.SIGCONT)


async def test_what_a_killed_process_left_in_its_spool_is_counted(
    store: Store, site: Site, tmp_path: Path
) -> None:
    link = await site.links.make(SALE)
    lines = [_line(site, link, n) for n in range(1, 201)]
    folder = tmp_path / "left"
    folder.mkdir()
    (folder / "hits-dead-000001.spool").write_bytes(b"".join(k + b"\n" for k in lines) + b"torn li")
    recorder = Recorder(store, folder)
    await recorder.start()
    await until(lambda: _nothing_in(folder))
    await recorder.stop()
    await site.counter.drain()
    assert (await site.clicks.sums(link)).hits == 200


async def test_the_spool_of_a_living_process_is_left_to_it(tmp_path: Path) -> None:
    here, there = Spool(tmp_path, "here"), Spool(tmp_path, "there")
    pushed: list[bytes] = []

    async def push(lines: Sequence[bytes]) -> None:
        pushed.extend(lines)

    await here.append([b"a", b"b"])
    assert await there.replay(push) == 0
    await here.close()
    assert await there.replay(push) == 2
    assert pushed == [b"a", b"b"]
    assert not here.left()


async def test_a_replay_that_fails_keeps_everything_for_the_next(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "here")
    await spool.append([b"%d" % n for n in range(200)])
    pushed: list[bytes] = []

    async def push(lines: Sequence[bytes]) -> None:
        pushed.extend(lines)
        if len(pushed) == 128:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await spool.replay(push)
    assert await spool.replay(push) == 200
    assert set(pushed) == {b"%d" % n for n in range(200)}


async def test_with_the_disk_full_too_a_link_still_leads_on(
    away: Site, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    link = await away.links.make(SALE)
    server.signal(signal.SIGSTOP)
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "append", full)
        await fetch_all(away, link, range(1, 6))
    assert away.outcomes == {"lost": 5}
    await fetch_all(away, link, range(6, 11))
    assert away.outcomes == {"lost": 5, "spooled": 5}
    server.signal(signal.SIGCONT)


async def test_what_is_under_way_at_the_end_is_on_disk(
    store: Store, site: Site, tmp_path: Path
) -> None:
    link = await site.links.make(SALE)
    recorder = Recorder(store, tmp_path / "own")
    await recorder.start()
    waiting = [recorder.record(_line(site, link, n)) for n in range(1, 101)]
    await recorder.stop()
    assert all(future.done() for future in waiting)
    await site.counter.drain()
    assert (await site.clicks.sums(link)).hits == 100


def _line(site: Site, link: int, number: int) -> bytes:
    letters = site.links.codes.pack(Code(link, 0, 1, number))
    return Hit("dead", number, site.store.clock.now(), letters, "", "v", PHONE).line()


async def _stored(site: Site) -> bool:
    return site.outcomes["stored"] > 0


async def _nothing_in(folder: Path) -> bool:
    return not await asyncio.to_thread(lambda: list(folder.iterdir()))
