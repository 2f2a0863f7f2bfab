"""A link room over the common store, and one whose store may be taken away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.store.address import unix
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.links.site import Server, Site, serve


@pytest.fixture
async def site(store: Store, tmp_path: Path) -> AsyncIterator[Site]:
    async for made in serve(store, tmp_path):
        yield made


@pytest.fixture
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    made = Server(tmp_path_factory.mktemp("v"))
    await made.start()
    yield made
    await made.kill()


@pytest.fixture
async def away(server: Server, tmp_path: Path, clock: TestClock) -> AsyncIterator[Site]:
    """A site whose store is the test's own server, to be taken away."""
    store = Store(unix(server.socket), "away", clock)
    await store.open()
    async for made in serve(store, tmp_path):
        yield made
    await store.close()
