"""The test server itself, where neither our adapter nor WeCom's SDK shows what it does."""

from __future__ import annotations

import aiohttp
import pytest

from bot.testing.wecom_bot import AiBotServer, Variants

from ..clock import MovableClock


@pytest.mark.parametrize("ends", [True, False])
async def test_a_ping_of_the_websocket_protocol_ends_a_connection_or_not(ends: bool) -> None:
    async with (
        AiBotServer(MovableClock(), variants=Variants(ends_pinging=ends)) as wecom,
        aiohttp.ClientSession() as session,
        session.ws_connect(wecom.url, autoping=False) as ws,
    ):
        await ws.ping()
        answer = await ws.receive(timeout=5)
        assert answer.type is (aiohttp.WSMsgType.CLOSE if ends else aiohttp.WSMsgType.PONG)
        if ends:
            assert answer.data == 1002


async def test_a_silent_connection_is_closed_where_the_server_wants_a_heartbeat() -> None:
    async with (
        AiBotServer(MovableClock(), variants=Variants(heartbeat=0.05)) as wecom,
        aiohttp.ClientSession() as session,
        session.ws_connect(wecom.url) as ws,
    ):
        answer = await ws.receive(timeout=5)
        assert answer.type is aiohttp.WSMsgType.CLOSE


async def test_a_wrong_secret_gets_its_code_and_the_socket_stays_open() -> None:
    async with (
        AiBotServer(MovableClock()) as wecom,
        aiohttp.ClientSession() as session,
        session.ws_connect(wecom.url) as ws,
    ):
        frame = {"headers": {"req_id": "r1"}, "cmd": "aibot_subscribe"}
        for _ in range(2):
            await ws.send_json(frame | {"body": {"bot_id": "bot-1", "secret": "wrong"}})
            ack = await ws.receive_json(timeout=5)
            assert (ack["errcode"], ack["headers"]) == (853000, {"req_id": "r1"})
        await ws.send_json({"headers": {"req_id": "r2"}, "cmd": "aibot_send_msg", "body": {}})
        assert (await ws.receive_json(timeout=5))["errcode"] == 846609
