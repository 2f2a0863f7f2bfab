"""The whole bot as people run it: one command in an empty folder, stopped, killed, restarted."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.gateways.fake_onebot import FakeOneBot
from tests.promises.server import Server

MUSTER = Path(sys.executable).parent / "muster"
ROOT = Path(__file__).parent.parent.parent
ECHO = 'handlers = ["handlers.welcome", "tests.promises.echo", "tests.promises.asking"]\n'


@dataclass
class Run:
    """One ``muster run``: what it printed, and its door."""

    process: asyncio.subprocess.Process
    http: aiohttp.ClientSession
    said: list[str] = field(default_factory=list)
    base: str = ""

    async def listen(self) -> None:
        """Read what it says until it runs."""
        assert self.process.stdout
        async with asyncio.timeout(20):
            while line := (await self.process.stdout.readline()).decode():
                self.said.append(line)
                if found := re.search(r"Console +(http://\S+?)/?$", line):
                    self.base = found[1]
                if "Ctrl-C" in line:
                    return
        raise AssertionError("".join(self.said) + await self.errors())

    async def errors(self) -> str:
        assert self.process.stderr
        return (await self.process.stderr.read()).decode()

    async def stops(self, how: int) -> str:
        """Send a signal; the run must end well, soon, and without a word of trouble."""
        self.process.send_signal(how)
        async with asyncio.timeout(15):
            out, errors = await self.process.communicate()
        assert self.process.returncode == 0, errors.decode()
        assert "Traceback" not in errors.decode()
        assert '"level": "error"' not in errors.decode(), errors.decode()
        return out.decode()

    async def post(self, ident: str, text: str, group: str | None = "tea", **more: Any) -> None:
        event = {"id": ident, "type": "message", "group": group, "text": text}
        event |= {"member": {"id": "u1", "name": "小明"}} | more
        async with self.http.post(f"{self.base}/sandbox/api/events", json=event) as answer:
            assert answer.status == 202, await answer.text()

    async def read(self, after: str = "0", wait: float = 10) -> tuple[list[dict[str, Any]], str]:
        query = {"after": after, "wait": str(wait)}
        async with self.http.get(f"{self.base}/sandbox/api/messages", params=query) as answer:
            assert answer.status == 200, await answer.text()
            found = await answer.json()
        assert found.keys() == {"messages", "next"}
        return found["messages"], found["next"]

    async def hears(self, count: int) -> list[str]:
        """Everything the bot ever said, once it is as much as this."""
        texts: list[str] = []
        after = "0"
        async with asyncio.timeout(20):
            while len(texts) < count:
                messages, after = await self.read(after)
                texts += [message["text"] for message in messages]
        return texts


@asynccontextmanager
async def running(folder: Path, config: str | None = None, **environ: str) -> AsyncIterator[Run]:
    """``muster run`` in a folder; killed at the end if it still runs."""
    if config is not None:
        (folder / "config.toml").write_text(config)
    env = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER")}
    process = await asyncio.create_subprocess_exec(
        *(str(MUSTER), "run"),
        cwd=folder,
        env=env | {"MUSTER__WEB__PORT": "0", "PYTHONPATH": str(ROOT)} | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with aiohttp.ClientSession() as http:
        try:
            yield Run(process, http)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


def servers_in(folder: Path) -> list[int]:
    """The store servers that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder / "data":
                found.append(int(process.name))
        except OSError:
            continue
    return found


async def test_one_command_in_an_empty_folder_answers_stops_and_remembers(tmp_path: Path) -> None:
    async with running(tmp_path) as run:
        await run.listen()
        said = "".join(run.said)
        assert all(word in said for word in ("/sandbox", "/l/", "admin /"))
        await run.post("j", "", type="member_joined")
        await run.post("m", "签到")
        messages, after = await run.read()
        while not any("签到" in message["text"] for message in messages):
            messages, after = await run.read(after)
        first = messages[0]
        assert first.keys() == {"cursor", "group", "member", "text", "segments", "at"}
        assert first["group"] == "tea"
        assert first["member"] is None
        assert first["segments"][0] == {"kind": "text", "text": first["text"]}
        assert abs(first["at"] / 1000 - time.time()) < 30
        waiting = asyncio.create_task(run.read("9999999999999", 30))
        await asyncio.sleep(0.05)
        assert "Everything is kept" in await run.stops(signal.SIGINT)
        assert await waiting == ([], "9999999999999"), "who waits is sent home"
    assert servers_in(tmp_path) == []

    async with running(tmp_path) as run:
        await run.listen()
        assert "admin /" not in "".join(run.said), "the password is shown once"
        await run.post("m", "签到")  # the gateway says it again: it was handled
        await run.post("m2", "签到")
        texts = await run.hears(2)
        while not any("已经" in text for text in texts):  # a welcome may come between
            texts = await run.hears(len(texts) + 1)
        assert len([text for text in texts if "签到成功" in text]) == 1, texts
        await run.stops(signal.SIGTERM)
    assert servers_in(tmp_path) == []


async def test_what_was_accepted_before_kill_9_is_answered_once_after_a_restart(
    tmp_path: Path,
) -> None:
    sent = 0
    for _ in range(2):
        async with running(tmp_path, ECHO) as run:
            await run.listen()
            for _ in range(40):
                await run.post(f"e{sent}", f"echo {sent}", f"g{sent % 5}")
                sent += 1
            run.process.kill()
            await run.process.wait()
    async with running(tmp_path) as run:
        await run.listen()
        texts = await run.hears(sent)
        assert sorted(texts) == sorted(f"heard {n}" for n in range(sent))
        await run.stops(signal.SIGTERM)
    assert servers_in(tmp_path) == []


async def test_a_stop_in_the_middle_of_traffic_is_clean_and_loses_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, ECHO) as run:
        await run.listen()
        await run.post("slow", "ask something", "slow")
        accepted: list[int] = []

        async def talk() -> None:
            for number in range(2000):
                try:
                    await run.post(f"e{number}", f"echo {number}", f"g{number % 9}")
                except (aiohttp.ClientError, AssertionError):
                    return
                accepted.append(number)

        talking = asyncio.create_task(talk())
        await asyncio.sleep(0.2)
        await run.stops(signal.SIGTERM)
        await talking
    async with running(tmp_path) as run:
        await run.listen()
        texts = await run.hears(len(accepted) + 1)
        assert {"known nothing", *(f"heard {n}" for n in accepted)} <= set(texts)
        assert len(texts) == len(set(texts))
        await run.stops(signal.SIGTERM)


async def test_a_data_directory_in_use_is_refused_with_words(tmp_path: Path) -> None:
    async with running(tmp_path, ECHO) as run:
        await run.listen()
        async with running(tmp_path) as second:
            out, errors = await asyncio.wait_for(second.process.communicate(), 15)
            assert second.process.returncode == 1
            assert str(tmp_path / "data") in errors.decode()
            assert "Traceback" not in errors.decode()
            assert b"running" not in out
        await run.post("e1", "echo 1")
        assert await run.hears(1) == ["heard 1"]
        await run.stops(signal.SIGINT)


async def test_a_port_in_use_is_refused_with_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with running(tmp_path, ECHO, MUSTER__WEB__PORT=port) as run:
            _, errors = await asyncio.wait_for(run.process.communicate(), 15)
    assert run.process.returncode == 1
    assert f"127.0.0.1:{port}" in errors.decode()
    assert "MUSTER__WEB__PORT" in errors.decode()
    assert "Traceback" not in errors.decode()
    assert servers_in(tmp_path) == []


async def test_a_stop_while_a_store_of_others_is_away_comes_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "valkey").mkdir()
    server = Server(tmp_path / "valkey")
    await server.start()
    gateway = '[gateways.qq]\nadapter = "onebot11"\n'
    config = f'{ECHO}[store]\nurl = "unix://{server.socket}"\n{gateway}'
    async with running(tmp_path, config) as run:
        await run.listen()
        await run.post("e1", "echo 1")
        assert await run.hears(1) == ["heard 1"]
        await asyncio.sleep(0.3)  # what became of the reply is on disk
        await server.kill()
        run.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(25):
            _, errors = await run.process.communicate()
        assert b"Traceback" not in errors, errors.decode()


async def test_memory_stays_flat(tmp_path: Path) -> None:
    config = (
        ECHO
        + """
[gateways.qq]
adapter = "onebot11"
access_token = "t"
account_rate = { count = 1000000, seconds = 1 }
chat_rate = { count = 1000000, seconds = 1 }
"""
    )
    async with running(tmp_path, config) as run, FakeOneBot(token="t") as fake:
        await run.listen()
        await fake.dial(f"{run.base.replace('http', 'ws')}/gateways/qq")
        await fake.connected.get()
        await flood(fake, 4000)
        before = resident(run.process.pid)
        await flood(fake, 16_000)
        grown = resident(run.process.pid) - before
        await run.stops(signal.SIGTERM)
    assert grown < 10_000, f"{grown} kB more after 16000 events"


async def flood(fake: FakeOneBot, events: int) -> None:
    """Say many things in many groups and hear every answer."""
    answered = asyncio.create_task(heard(fake, events))
    for number in range(events):
        group, user = 100 + number % 50, 20001 + number % 500
        await fake.emit(fake.group_message(f"echo {number}", group=group, user=user))
    await asyncio.wait_for(answered, 60)


async def heard(fake: FakeOneBot, events: int) -> None:
    for _ in range(events):
        await fake.sent.get()


def resident(pid: int) -> int:
    """A process's resident memory, kB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
