"""A OneBot connection that is cut in the middle of replies: after it is back, the rest arrives."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

from bot.app import App
from bot.clock import SystemClock
from bot.config import load_config
from bot.server import Server
from bot.store.address import unix
from bot.store.store import Store
from tests.gateways.fake_onebot import FakeOneBot
from tests.promises.stage import until

CONFIG = """
handlers = ["handlers.welcome", "tests.promises.echo"]
sandbox = { enabled = false }
web = { port = 0 }
[gateways.qq]
adapter = "onebot11"
access_token = "t"
account_rate = { count = 1000, seconds = 1 }
chat_rate = { count = 1000, seconds = 1 }
"""
QUESTIONS = 60


async def test_the_rest_of_the_replies_arrives_after_the_connection_is_back(
    valkey: str, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    config = load_config(tmp_path / "config.toml", {})
    config = config.model_copy(update={"workspace": store.keys.workspace, "data_dir": tmp_path})
    async with (
        FakeOneBot(token="t") as qq,
        App(config, SystemClock(), Random(1), unix(valkey)) as app,
        Server(app, []) as server,
    ):
        status = app.switchboard.connections["qq"]
        await qq.dial(f"ws://127.0.0.1:{server.port}/gateways/qq")
        await until(lambda: status.status.state == "online")
        qq.answers["send_group_msg"] = None  # it takes them and does not say so
        for number in range(QUESTIONS):
            await qq.emit(qq.group_message(f"echo {number}", group=100 + number % 3))
        await until(lambda: qq.sent.qsize() == 3)  # one of each group, for order's sake
        await qq.cut()
        del qq.answers["send_group_msg"]
        await until(lambda: status.status.state != "online")
        await qq.dial(f"ws://127.0.0.1:{server.port}/gateways/qq")
        heard: list[tuple[int, str]] = []
        async with asyncio.timeout(20):
            while len(set(heard)) < QUESTIONS:
                sent = await qq.sent.get()
                heard.append((sent["group_id"], sent["message"][0]["data"]["text"]))
        doubled = [text for (_, text), times in Counter(heard).items() if times > 1]
        assert sorted(doubled) == ["heard 0", "heard 1", "heard 2"], "only what was in doubt"
        for group in range(3):
            said = list(dict.fromkeys(text for to, text in heard if to == 100 + group))
            assert said == [f"heard {n}" for n in range(group, QUESTIONS, 3)]
        assert await app.inbox.dead_letters() == []
