"""The store is killed, stalled, cut off, full or forgetful: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from random import Random

import pytest

from bot.clock import SystemClock
from bot.delivery import inbox, outbox, sender
from bot.model.capabilities import Capabilities, Rate
from bot.model.delivery import Delivery
from bot.routing import dispatcher
from bot.store import line
from bot.store.address import unix
from tests.conftest import check_keys
from tests.promises.server import BadLine, Server
from tests.promises.stage import Ear, StageApp, until

Trouble = Callable[[StageApp], Coroutine[None, None, None]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that waits for the store waits a tenth as long."""
    for module in (inbox, outbox, sender, dispatcher):
        monkeypatch.setattr(module, "LEASE", 2.0)
    for module in (sender, dispatcher):
        monkeypatch.setattr(module, "WAIT", 0.05)
    monkeypatch.setattr(line, "STALLED", 1.0)
    monkeypatch.setattr(line, "STEADY", 0.0)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    (tmp_path / "valkey").mkdir()
    made = Server(tmp_path / "valkey")
    await made.start()
    yield made
    await made.kill()


EAR = Capabilities(account_rate=Rate(count=600, seconds=1))


def node(ear: Ear, folder: Path, socket: str | None, name: str = "a") -> StageApp:
    return StageApp(ear, "w", folder / name, SystemClock(), unix(socket) if socket else None)


async def work_through(app: StageApp, ear: Ear, trouble: Trouble) -> None:
    """A broadcast to 200 and 300 questions, with the trouble in their middle."""
    for number in range(200):
        await app.queue(f"news {number}", f"g{number}")
    troubled = asyncio.create_task(trouble(app))
    asked = [app.say(f"e{n}", f"echo {n}", f"c{n % 7}") for n in range(150)]
    await asyncio.gather(*asked)
    await troubled
    for number in range(150, 300):
        await app.say(f"e{number}", f"echo {number}", f"c{number % 7}")
    await until(lambda: len(ear.heard) >= 500)
    await until(lambda: not app.dispatcher.busy)
    await nothing_left(app)


async def nothing_left(app: StageApp) -> None:
    async with asyncio.timeout(15):
        for key in ("inbox:leases", "inbox:ready", "outbox:body", "outbox:sending:ear"):
            while await app.store.call("EXISTS", app.store.prefix + key):
                await asyncio.sleep(0.01)
    await check_keys(app.store)
    assert await app.outbox.in_doubt() == []
    assert await app.inbox.dead_letters() == []


def exactly_once(ear: Ear) -> None:
    wanted = [f"heard {n}" for n in range(300)] + [f"news {n}" for n in range(200)]
    assert sorted(ear.texts()) == sorted(wanted)
    for chat in range(7):
        assert ear.texts(f"c{chat}") == [f"heard {n}" for n in range(chat, 300, 7)]


async def test_the_embedded_server_is_killed_in_the_middle_of_traffic(tmp_path: Path) -> None:
    async def kill(app: StageApp) -> None:
        for _ in range(3):
            await asyncio.sleep(0.1)
            assert app.server
            while not app.server.pid:
                await asyncio.sleep(0.01)
            os.kill(app.server.pid, signal.SIGKILL)

    ear = Ear(EAR)
    async with node(ear, tmp_path, None) as app:
        await work_through(app, ear, kill)
    exactly_once(ear)


async def test_the_embedded_server_stops_answering_and_comes_back(tmp_path: Path) -> None:
    async def stall(app: StageApp) -> None:
        assert app.server
        assert app.server.pid
        await asyncio.sleep(0.1)
        os.kill(app.server.pid, signal.SIGSTOP)
        await until(lambda: not app.store.available, 10)
        os.kill(app.server.pid, signal.SIGCONT)

    ear = Ear(EAR)
    async with node(ear, tmp_path, None) as app:
        await work_through(app, ear, stall)
    exactly_once(ear)


async def test_a_server_of_others_is_away_longer_than_anybody_waits(
    server: Server, tmp_path: Path
) -> None:
    async def vanish(app: StageApp) -> None:
        app.store.line._patience = 0.5
        await asyncio.sleep(0.1)
        await server.kill()
        await asyncio.sleep(2)
        await server.start()
        app.store.line._patience = 30

    ear = Ear(EAR)
    async with node(ear, tmp_path, server.socket) as app:
        for number in range(200):
            await app.queue(f"news {number}", f"g{number}")
        troubled = asyncio.create_task(vanish(app))
        for number in range(300):
            await said_at_last(app, number)
        await troubled
        await until(lambda: len(ear.heard) >= 500)
        await nothing_left(app)
    exactly_once(ear)


async def said_at_last(app: StageApp, number: int) -> None:
    """As adapters do: the same event again, until the inbox has it."""
    while True:
        try:
            await app.say(f"e{number}", f"echo {number}", f"c{number % 7}", f"u{number}")
        except line.StoreAway:
            await asyncio.sleep(0.05)
        else:
            return


async def test_scripts_are_flushed_and_connections_killed_under_load(
    server: Server, tmp_path: Path
) -> None:
    async def annoy(_: StageApp) -> None:
        for _time in range(5):
            await asyncio.sleep(0.05)
            assert await server.ask("SCRIPT FLUSH") == b"+OK\r\n"
            await asyncio.sleep(0.05)
            await server.ask("CLIENT KILL TYPE normal SKIPME yes")

    ear = Ear(EAR)
    async with node(ear, tmp_path, server.socket) as app:
        await work_through(app, ear, annoy)
    exactly_once(ear)


async def test_answers_of_the_store_are_lost_on_the_way(server: Server, tmp_path: Path) -> None:
    async def calm(_: StageApp) -> None:
        await asyncio.sleep(0)

    ear, bad = Ear(EAR), BadLine(server.socket, str(tmp_path / "bad"), Random(1))
    async with bad.open(), node(ear, tmp_path, bad.at) as app:
        bad.cut = 0.04
        await work_through(app, ear, calm)
        bad.cut = 0
    assert bad.cuts > 5
    exactly_once(ear)


async def test_a_full_server_keeps_events_waiting_till_there_is_room(
    server: Server, tmp_path: Path
) -> None:
    ear = Ear(EAR)
    async with node(ear, tmp_path, server.socket) as app:
        await app.say("e0", "ask 0", "c")
        await until(lambda: app.dispatcher.busy)
        await server.ask("CONFIG SET maxmemory 1")
        with pytest.raises(line.StoreAway):
            await app.say("e1", "echo 1", "c")
        await asyncio.sleep(0.8)  # the handler is done and cannot be committed
        assert ear.texts() == []
        await server.ask("CONFIG SET maxmemory 0")
        await app.say("e1", "echo 1", "c")
        await until(lambda: ear.texts() == ["known nothing", "heard 1"])
        await nothing_left(app)


async def test_a_handler_that_asks_while_the_store_is_away_is_run_again_when_it_is_back(
    server: Server, tmp_path: Path
) -> None:
    ear = Ear(EAR)
    async with node(ear, tmp_path, server.socket) as app:
        app.store.line._patience = 0.2
        await app.say("e0", "ask 0")
        await app.say("e1", "ask 1")
        await until(lambda: app.dispatcher.busy)
        await server.kill()
        await asyncio.sleep(1.5)
        await server.start()
        await until(lambda: ear.texts() == ["known nothing", "known 0"])
        await nothing_left(app)


async def test_what_the_store_refuses_is_a_dead_letter_and_holds_up_nobody(
    server: Server, tmp_path: Path
) -> None:
    ear = Ear(EAR)
    async with node(ear, tmp_path, server.socket) as app:
        sequence = app.store.keys.outbox_seq()
        await app.store.call("SET", sequence, "not a number")
        await app.say("e0", "echo 0", "c")
        while not (letters := await app.inbox.dead_letters()):
            await asyncio.sleep(0.01)
        ((ident, letter),) = letters
        assert "not an integer" in letter.reason
        await app.store.call("DEL", sequence)
        await app.say("e1", "echo 1", "c")
        assert await app.inbox.replay(ident)
        await until(lambda: ear.texts() == ["heard 1", "heard 0"])


async def test_stopping_in_the_middle_of_a_broadcast_leaves_nothing_in_doubt(
    server: Server, tmp_path: Path
) -> None:
    ear = Ear(Capabilities(account_rate=Rate(count=40, seconds=0.2)))
    bad = BadLine(server.socket, str(tmp_path / "bad"), Random(1))
    async with bad.open():
        for start in range(0, 500, 100):
            bad.slow = 0
            async with node(ear, tmp_path, bad.at) as app:
                for number in range(start, start + 100):
                    await app.queue(f"{number}", f"g{number}")
                bad.slow = 0.01
                await some_more(ear)
        bad.slow = 0
        async with node(ear, tmp_path, bad.at) as app:
            await until(lambda: len(ear.heard) >= 500)
            await nothing_left(app)
    assert sorted(map(int, ear.texts())) == list(range(500))


async def some_more(ear: Ear) -> None:
    heard = len(ear.heard)
    await until(lambda: len(ear.heard) > heard)


async def test_what_was_sent_while_the_store_went_away_is_not_sent_again(
    server: Server, tmp_path: Path
) -> None:
    reached, go = asyncio.Event(), asyncio.Event()

    async def answer(_: Delivery) -> None:
        reached.set()
        await go.wait()

    ear = Ear(answer=answer)
    async with node(ear, tmp_path, server.socket) as app:
        app.store.line._patience = 0.2
        await app.say("e0", "echo 0", "c")
        await asyncio.wait_for(reached.wait(), 10)
        await server.kill()
        go.set()
        await until(lambda: ear.texts() == ["heard 0"])
        await asyncio.sleep(1)
        await server.start()
        await nothing_left(app)
    assert ear.texts() == ["heard 0"]
    assert await _left(server) == b":0\r\n"


async def _left(server: Server) -> bytes:
    return await server.ask("EXISTS m:{w}:outbox:sending:ear")
