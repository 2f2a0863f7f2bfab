"""A fake OneBot 11 implementation: one QQ account, reachable in all three modes.

Written from the standard and from frames real implementations send; judged by aiocqhttp and
nonebot-adapter-onebot in test_fake_is_judged.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import socket
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import aiohttp
from aiohttp import web

Payload = dict[str, Any]
Wire = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


class FakeOneBot:
    """Serves a forward WebSocket and the HTTP API, dials reverse ones, posts callbacks.

    ``answers`` replaces the answer to an action, ``None`` means it never comes; ``echo_as``
    changes how the echo is returned; ``mute`` makes it deaf and dumb with the line open.
    """

    def __init__(
        self,
        *,
        self_id: int = 10001,
        token: str | None = None,
        secret: str | None = None,
        refuse_in_frame: bool = False,
    ) -> None:
        self.self_id = self_id
        self.token = token
        self.secret = secret
        self.refuse_in_frame = refuse_in_frame
        self.answers: dict[str, Payload | None] = {}
        self.echo_as: Callable[[Any], Any] = lambda echo: echo
        self.mute = False
        self.sent: asyncio.Queue[Payload] = asyncio.Queue()
        self.acts: asyncio.Queue[Payload] = asyncio.Queue()
        self.recalled: list[int] = []
        self.removed: list[tuple[int, int]] = []
        self.muted: dict[tuple[int, int], int] = {}
        self.connected: asyncio.Queue[Wire] = asyncio.Queue()
        self.refused = 0
        self._message_ids = itertools.count(1)
        self._wires: list[Wire] = []
        self._runner: web.AppRunner | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._address = ""

    async def __aenter__(self) -> FakeOneBot:
        self._session = aiohttp.ClientSession()
        app = web.Application()
        app.router.add_get("/", self._forward)
        app.router.add_post("/{action}", self._api)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._address = "{}:{}".format(*self._runner.addresses[0][:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for wire in list(self._wires):
            await wire.close()
        await self._session.close()
        if self._runner:
            await self._runner.cleanup()

    @property
    def ws_url(self) -> str:
        return f"ws://{self._address}/"

    @property
    def api_url(self) -> str:
        return f"http://{self._address}"

    # connections

    async def _forward(self, request: web.Request) -> web.WebSocketResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = not self.token or given == self.token
        if not allowed and not self.refuse_in_frame:
            self.refused += 1
            raise web.HTTPForbidden
        ws = web.WebSocketResponse(max_msg_size=0)
        await ws.prepare(request)
        if not allowed:
            self.refused += 1
            await ws.send_json(
                {"status": "failed", "retcode": 1403, "data": None, "message": "token验证失败"}
            )
            await ws.close()
            return ws
        await self._serve(ws)
        return ws

    async def dial(self, url: str, **headers: str) -> Wire:
        """Connect as a reverse WebSocket; raises WSServerHandshakeError when refused."""
        sent = {"X-Self-ID": str(self.self_id), "X-Client-Role": "Universal"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        ws = await self._session.ws_connect(
            url, headers=sent | {k.replace("_", "-"): v for k, v in headers.items()}, max_msg_size=0
        )
        task = asyncio.create_task(self._serve(ws))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return ws

    async def _serve(self, ws: Wire) -> None:
        self._wires.append(ws)
        self.connected.put_nowait(ws)
        try:
            if not self.mute:
                await ws.send_json(self.lifecycle())
            async for message in ws:
                if message.type is aiohttp.WSMsgType.TEXT and not self.mute:
                    call = json.loads(message.data)
                    answer = self._act(call["action"], call.get("params", {}))
                    if answer is not None:
                        await ws.send_json(answer | {"echo": self.echo_as(call.get("echo"))})
        finally:
            self._wires.remove(ws)

    async def cut(self) -> None:
        """Drop every connection without a word, as a cable would."""
        for wire in list(self._wires):
            wire.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    # actions

    async def _api(self, request: web.Request) -> web.Response:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            raise web.HTTPForbidden if "Authorization" in request.headers else web.HTTPUnauthorized
        answer = self._act(request.match_info["action"], await request.json())
        if answer is None:
            await asyncio.Event().wait()
        return web.json_response(answer)

    def _act(self, action: str, params: Payload) -> Payload | None:
        ident = next(self._message_ids) if action.startswith("send_") else 0
        if ident:
            self.sent.put_nowait({"action": action, "message_id": ident, **params})
        if action in ("delete_msg", "set_group_kick", "set_group_ban"):
            self.acts.put_nowait({"action": action, **params})
        if action in self.answers:
            return self.answers[action]
        data: object
        match action:
            case "get_login_info":
                data = {"user_id": self.self_id, "nickname": "小助手"}
            case "get_group_list":
                data = [
                    {"group_id": 100, "group_name": "茶友会", "member_count": 2},
                    {"group_id": "200", "group_name": "护肤群"},
                ]
            case "get_group_member_list":
                group = params["group_id"]
                rows = [
                    {"group_id": group, "user_id": 20001, "nickname": "小明", "card": ""},
                    {"group_id": group, "user_id": "20002", "card": "群里的小红"},
                    {"nickname": "nobody"},
                ]
                gone = {str(user) for of, user in self.removed if of == group}
                data = [row for row in rows if str(row.get("user_id")) not in gone]
            case "send_group_msg" | "send_private_msg" | "send_msg":
                data = {"message_id": ident}
            case "delete_msg" if params["message_id"] in self.recalled:
                return self.refusal(1200, f"消息{params['message_id']}不存在")
            case "delete_msg":
                self.recalled.append(params["message_id"])
                data = None
            case "set_group_kick" if _member(params) in self.removed:
                return self.refusal(200, "no such member")
            case "set_group_kick":
                self.removed.append(_member(params))
                data = None
            case "set_group_ban":
                self.muted[_member(params)] = params["duration"]
                data = None
            case _:
                return {"status": "failed", "retcode": 1404, "data": None}
        return {"status": "ok", "retcode": 0, "data": data}

    @staticmethod
    def refusal(retcode: int, why: str) -> Payload:
        """An answer that says no."""
        return {"status": "failed", "retcode": retcode, "data": None, "message": why}

    # reports

    async def emit(self, *payloads: Payload) -> None:
        """Report over every WebSocket."""
        for payload in payloads:
            await self.emit_raw(json.dumps(payload))

    async def emit_raw(self, frame: str | bytes) -> None:
        """Send anything over every WebSocket."""
        for wire in list(self._wires):
            with suppress(ConnectionError):  # what a lost connection swallows is not our matter
                if isinstance(frame, str):
                    await wire.send_str(frame)
                else:
                    await wire.send_bytes(frame)

    async def post(self, url: str, payload: Payload | bytes, **headers: str) -> int:
        """Report by HTTP callback, signed where there is a secret; the answer's status."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        sent = {"X-Self-ID": str(self.self_id), "Content-Type": "application/json"}
        if self.secret:
            digest = hmac.new(self.secret.encode(), body, hashlib.sha1).hexdigest()
            sent["X-Signature"] = f"sha1={digest}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.post(url, data=BytesIO(body), headers=sent) as response:
            return response.status

    def _report(self, post_type: str, **fields: Any) -> Payload:
        return {"time": 1750000000, "self_id": self.self_id, "post_type": post_type, **fields}

    def lifecycle(self) -> Payload:
        return self._report("meta_event", meta_event_type="lifecycle", sub_type="connect")

    def heartbeat(self, interval: int = 30000, *, online: bool = True) -> Payload:
        return self._report(
            "meta_event",
            meta_event_type="heartbeat",
            status={"online": online, "good": online},
            interval=interval,
        )

    def group_message(
        self, message: str | list[Payload], *, user: int = 20001, group: int = 100, **fields: Any
    ) -> Payload:
        return (
            self._report(
                "message",
                message_type="group",
                sub_type="normal",
                message_id=next(self._message_ids),
                group_id=group,
                user_id=user,
                anonymous=None,
                message=message,
                raw_message=message if isinstance(message, str) else "",
                font=0,
                sender={"user_id": user, "nickname": "小明", "card": "茶客小明", "role": "member"},
            )
            | fields
        )

    def private_message(self, message: str | list[Payload], *, user: int = 20001) -> Payload:
        return self._report(
            "message",
            message_type="private",
            sub_type="friend",
            message_id=next(self._message_ids),
            user_id=user,
            message=message,
            raw_message=message if isinstance(message, str) else "",
            font=0,
            sender={"user_id": user, "nickname": "小明", "sex": "unknown", "age": 0},
        )

    def joined(self, user: int = 20001, *, group: int = 100, how: str = "approve") -> Payload:
        return self._report(
            "notice",
            notice_type="group_increase",
            sub_type=how,
            group_id=group,
            operator_id=30001,
            user_id=user,
        )

    def left(self, user: int = 20001, *, group: int = 100, how: str = "leave") -> Payload:
        return self._report(
            "notice",
            notice_type="group_decrease",
            sub_type=how,
            group_id=group,
            operator_id=user if how == "leave" else 30001,
            user_id=user,
        )

    def friend_added(self, user: int = 20001) -> Payload:
        return self._report("notice", notice_type="friend_add", user_id=user)


def _member(params: Payload) -> tuple[int, int]:
    return params["group_id"], params["user_id"]
