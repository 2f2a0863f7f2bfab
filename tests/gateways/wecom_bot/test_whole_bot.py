"""The whole bot over an AI bot: who opens the chat is greeted, and what comes can be sent on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from bot.app import App
from bot.clock import SystemClock
from bot.config import load_config
from bot.model.conversation import Account, Conversation
from bot.model.event import ChatOpened
from bot.server import Server
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from bot.testing.wecom_bot import AiBotServer, Caller
from bot.testing.wecom_bot.caller import AES_KEY, TOKEN

CONFIG = """
handlers = ["handlers.welcome", "tests.gateways.wecom_bot.parrot"]
[sandbox]
enabled = false
[web]
port = 0
[gateways.helper]
adapter = "wecom_bot"
"""
CONNECTED = """
url = "{url}"
bot_id = "bot-1"
secret = "bot-secret"
"""
CALLED = f"""
mode = "callback"
token = "{TOKEN}"
aes_key = "{AES_KEY}"
"""
PNG = b"\x89PNG\r\n\x1a\npicture"
GREETING = """
[welcome]
opened = "你好，我是{{ workspace }}的小二"
"""


@asynccontextmanager
async def running(config: str, folder: Path, valkey: str, store: Store) -> AsyncIterator[Server]:
    (folder / "config.toml").write_text(CONFIG + config, encoding="utf-8")
    settings = load_config(folder / "config.toml", {})
    settings = settings.model_copy(update={"workspace": store.keys.workspace})
    async with (
        App(settings, SystemClock(), Random(1), unix(valkey)) as app,
        Server(app, []) as server,
    ):
        app.rooms.port = server.port  # as the surface does
        yield server


@pytest.mark.parametrize("greets", [True, False])
async def test_who_opens_the_chat_is_greeted_over_a_long_connection(
    valkey: str, store: Store, tmp_path: Path, greets: bool
) -> None:
    async with AiBotServer(SystemClock()) as wecom:
        config = CONNECTED.format(url=wecom.url) + (GREETING if greets else "")
        async with running(config, tmp_path, valkey, store):
            await asyncio.wait_for(wecom.subscribed.wait(), 10)
            await wecom.enters("z")
            if greets:
                async with asyncio.timeout(5):
                    await wecom.until("aibot_respond_welcome_msg")
                [shown] = wecom.shown
                assert shown.text == f"你好，我是{store.keys.workspace}的小二"
            else:
                keys, where = store.keys, Conversation(gateway="helper", account="z").key
                async with asyncio.timeout(5):
                    while not await store.call("HGET", keys.member_accounts("helper"), "z"):
                        await asyncio.sleep(0.01)
                    while await store.call("EXISTS", keys.inbox_queue(where)):
                        await asyncio.sleep(0.01)
                assert await store.call("GET", keys.outbox_seq()) is None


@pytest.mark.parametrize("nodes", [1, 2])
async def test_who_opens_the_chat_is_greeted_in_the_answer_to_a_callback(
    valkey: str, store: Store, tmp_path: Path, nodes: int
) -> None:
    async with Caller(SystemClock()) as wecom:
        await _greeted(wecom, valkey, store, tmp_path, nodes)


async def _greeted(wecom: Caller, valkey: str, store: Store, folder: Path, nodes: int) -> None:
    if nodes > 1:
        (folder / "other").mkdir()
        async with running(CALLED + GREETING, folder / "other", valkey, store):
            await _greeted(wecom, valkey, store, folder, nodes - 1)
        return
    async with running(CALLED + GREETING, folder, valkey, store) as server:
        wecom.url = f"http://127.0.0.1:{server.port}/gateways/helper"
        for user in ("z", "y", "x"):
            async with asyncio.timeout(5):
                answer = await wecom.post(wecom.entered(user))
            assert answer["text"]["content"] == f"你好，我是{store.keys.workspace}的小二"


async def test_a_greeting_that_cannot_be_written_says_why(valkey: str, store: Store) -> None:
    config = '[welcome]\nopened = "你好 {{ member.nmae }}"'
    workspace = store.keys.workspace
    async with Community(config, locate=unix(valkey), workspace=workspace) as community:
        event = ChatOpened(id="e1", gateway="sandbox", at=1, account=Account(id="z"))
        await community.app.accept(event)
        await community.settle()
        entries = [entry async for _, entry in community.app.journal.search("welcome.skipped")]
        assert "the welcome text is wrong" in entries[0].reason


async def test_a_picture_that_comes_can_be_sent_on(
    valkey: str, store: Store, tmp_path: Path
) -> None:
    async with AiBotServer(SystemClock()) as wecom:
        config = CONNECTED.format(url=wecom.url)
        async with running(config, tmp_path, valkey, store), asyncio.timeout(15):
            await wecom.subscribed.wait()
            await wecom.says("z", "再发一次", quote={"msgtype": "image", "image": wecom.blob(PNG)})
            await wecom.until("aibot_respond_msg")
            [upload] = wecom.world.media.values()
            assert upload.data == PNG
            journal = await store.call("XRANGE", store.keys.journal(), "-", "+")
            assert b"q-secret" not in repr(journal).encode()
