"""The fake implementation judged by two independent OneBot 11 clients."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiocqhttp import ActionFailed, CQHttp, Event
from hypercorn.asyncio import serve
from hypercorn.config import Config
from nonebot.adapters.onebot.v11 import Adapter
from nonebot.adapters.onebot.v11 import event as theirs

from .fake_onebot import FakeOneBot


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("lifecycle", theirs.LifecycleMetaEvent),
        ("heartbeat", theirs.HeartbeatMetaEvent),
        ("joined", theirs.GroupIncreaseNoticeEvent),
        ("left", theirs.GroupDecreaseNoticeEvent),
        ("friend_added", theirs.FriendAddNoticeEvent),
    ],
)
async def test_nonebot_understands_its_reports(name: str, model: type) -> None:
    assert type(Adapter.json_to_event(getattr(FakeOneBot(), name)())) is model


@pytest.mark.parametrize("message", ["hi [CQ:at,qq=1]", [{"type": "at", "data": {"qq": "1"}}]])
async def test_nonebot_understands_its_messages(message: Any) -> None:
    fake = FakeOneBot()
    group = Adapter.json_to_event(fake.group_message(message))
    private = Adapter.json_to_event(fake.private_message(message))
    assert type(group) is theirs.GroupMessageEvent
    assert type(private) is theirs.PrivateMessageEvent
    assert group.message[-1].data == {"qq": "1"}


@asynccontextmanager
async def serving(bot: CQHttp) -> AsyncIterator[str]:
    """An aiocqhttp server; gives its host and port."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = "{}:{}".format(*listening.getsockname())
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.errorlog = None
    config.graceful_timeout = 0.2
    stop = asyncio.Event()
    server = asyncio.create_task(serve(bot.server_app, config, shutdown_trigger=stop.wait))
    try:
        yield address
    finally:
        stop.set()
        await server


async def test_aiocqhttp_drives_it_over_a_reverse_websocket() -> None:
    bot = CQHttp("judge", access_token="tea-token", api_timeout_sec=5)
    seen: asyncio.Queue[Event] = asyncio.Queue()

    async def answer(event: Event) -> None:
        await bot.send(event, f"you said {event.message}")
        seen.put_nowait(event)

    async def greet(event: Event) -> None:
        seen.put_nowait(event)

    bot.subscribe("message.group", answer)
    bot.subscribe("notice.group_increase", greet)

    async with serving(bot) as address, FakeOneBot(token="tea-token") as fake:
        await fake.dial(f"ws://{address}/ws/")
        await fake.connected.get()
        await fake.emit(fake.group_message("hello"), fake.joined(20002))
        events = {event.detail_type: event for event in [await seen.get(), await seen.get()]}
        assert events["group"].sender["nickname"] == "小明"
        assert events["group_increase"].user_id == 20002
        sent = fake.sent.get_nowait()
        assert (sent["group_id"], sent["message"][0]["data"]["text"]) == (100, "you said hello")
        assert (await bot.get_login_info(self_id=10001))["user_id"] == 10001
        with pytest.raises(ActionFailed):
            await bot.call_action("no_such_action", self_id=10001)


async def test_aiocqhttp_drives_it_over_http_with_signatures() -> None:
    async with FakeOneBot(token="tea-token", secret="tea-secret") as fake:
        bot = CQHttp("judge", api_root=fake.api_url, access_token="tea-token", secret="tea-secret")
        seen: list[Event] = []

        async def answer(event: Event) -> None:
            seen.append(event)
            await bot.send(event, "hello")

        bot.subscribe("message.private", answer)
        async with serving(bot) as address:
            url = f"http://{address}/"
            assert await fake.post(url, fake.private_message("hi")) in (200, 204)
            assert await fake.post(url, fake.joined(), X_Signature="sha1=forged") == 403
        assert [event.user_id for event in seen] == [20001]
        assert fake.sent.get_nowait()["user_id"] == 20001
