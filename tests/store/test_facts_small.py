"""What facts cost in memory: a middling group of a large community is packed."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from bot.clock import SystemClock
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.embedded import EmbeddedServer
from bot.store.facts import read
from bot.store.store import Store

MILLION = 1_000_000


@pytest.mark.parametrize(("size", "bytes_each"), [(300, 6), (3_000, 6), (20_000, 7)])
async def test_a_group_of_a_large_community_takes_a_few_bytes_a_member(
    tmp_path: Path, size: int, bytes_each: int
) -> None:
    server = EmbeddedServer(tmp_path / "data", SystemClock(), Random(1))
    await server.start()
    store = Store(unix(str(server.socket)), "facts", SystemClock())
    try:
        await store.open()
        key, here = store.keys.group_present(1), Random(2).sample(range(1, MILLION), size)
        for start in range(0, size, 500):
            effects = Effects(store.keys)
            for number in here[start : start + 500]:
                effects.fact(key, number)
            assert await store.apply(effects)
        assert [*(await read(store, [key]))[key]] == sorted(here)
        assert int(await store.call("MEMORY", "USAGE", key)) <= size * bytes_each + 200
    finally:
        await store.close()
        await server.stop()
