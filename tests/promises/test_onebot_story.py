"""A community on QQ: the whole bot, over a OneBot 11 implementation that may be cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import pytest

from bot.app import App
from bot.clock import SystemClock
from bot.config import load_config
from bot.server import Server
from bot.store.address import unix
from bot.store.store import Store
from tests.gateways.fake_onebot import FakeOneBot

CONFIG = """
handlers = ["handlers"]
[sandbox]
enabled = false
[web]
port = 0
[gateways.qq]
adapter = "onebot11"
access_token = "a long random word"
{mode}
[welcome]
window = 0
messages = ["欢迎 {{{{ member.name }}}} 来到{{{{ group.name or group.id }}}}"]
[checkin.daily]
[[routes]]
name = "护肤群"
words = ["护肤"]
mode = "contains"
groups = ["qq/200"]
"""
REVERSE = 'mode = "reverse"'


@pytest.fixture
async def qq() -> AsyncIterator[FakeOneBot]:
    async with FakeOneBot(token="a long random word") as fake:
        yield fake


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


async def hears(qq: FakeOneBot, words: str) -> None:
    """Wait until the implementation is told to send these words."""
    async with asyncio.timeout(15):
        while words not in str(await qq.sent.get()):
            pass


async def story(qq: FakeOneBot) -> None:
    """A newcomer's first minutes."""
    await qq.emit(qq.joined(user=20001))
    await hears(qq, "欢迎")
    await qq.emit(qq.group_message("签到", user=20001))
    await hears(qq, "连续 1 天")
    await qq.emit(qq.private_message("我想进护肤群", user=20001))
    await hears(qq, "适合你的群")


@pytest.mark.parametrize("direction", ["forward", "reverse"])
async def test_a_newcomer_is_greeted_checks_in_and_finds_a_group(
    qq: FakeOneBot, valkey: str, store: Store, tmp_path: Path, direction: str
) -> None:
    mode = REVERSE if direction == "reverse" else f'mode = "forward"\nurl = "{qq.ws_url}"'
    (tmp_path / "config.toml").write_text(CONFIG.format(mode=mode), encoding="utf-8")
    config = load_config(tmp_path / "config.toml", {})
    config = config.model_copy(update={"workspace": store.keys.workspace})
    async with (
        App(config, SystemClock(), Random(1), unix(valkey)) as app,
        Server(app, []) as server,
    ):
        if direction == "reverse":
            await qq.dial(f"ws://127.0.0.1:{server.port}/gateways/qq")
        await until(lambda: app.switchboard.connections["qq"].status.state == "online")
        await story(qq)
        await qq.cut()
        if direction == "reverse":
            await qq.dial(f"ws://127.0.0.1:{server.port}/gateways/qq")
        await until(lambda: app.switchboard.connections["qq"].status.reconnects == 1)
        await qq.emit(qq.group_message("签到", user=20001))
        await hears(qq, "已经")
        assert await app.inbox.dead_letters() == []
