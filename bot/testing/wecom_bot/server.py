"""The server: a WebSocket on loopback that speaks as ``wss://openws.work.weixin.qq.com`` does."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from bot.clock import Clock
from bot.testing.wecom_bot.blobs import Blobs
from bot.testing.wecom_bot.commands import Commands, Refusal
from bot.testing.wecom_bot.faults import Faults, Variants
from bot.testing.wecom_bot.world import Asked, Chat, Kind, Shown, World

Body = Mapping[str, Any]


class AiBotServer:
    """One bot's server: ``async with AiBotServer(clock) as wecom``, then connect to ``wecom.url``.

    People act by ``says``, ``sends``, ``enters``, ``clicks`` and ``rates``; what they see is in
    ``shown``.
    ``counts`` has the commands that came, ``ended`` how many connections have.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        bot_id: str = "bot-1",
        secret: str = "bot-secret",  # noqa: S107, of a server on loopback
        variants: Variants | None = None,
    ) -> None:
        self.clock = clock
        self.bot_id, self.secret = bot_id, secret
        self.variants = variants or Variants()
        self.faults = Faults()
        self.world = World(clock)
        self.blobs = Blobs(clock)
        self.counts: Counter[str] = Counter()
        self.frames: list[Body] = []
        self.url = ""
        self.subscribed = asyncio.Event()
        self.ended = 0
        self.connections = 0
        self._commands = Commands(self.world, self.variants)
        self._current: web.WebSocketResponse | None = None
        self._open: set[web.WebSocketResponse] = set()
        self._later: set[asyncio.Task[None]] = set()
        self._numbers = count(1)
        self._happened = asyncio.Condition()

    async def __aenter__(self) -> AiBotServer:
        app = web.Application()
        app.router.add_get("/", self._connected)
        app.add_routes(self.blobs.routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        here = "{}:{}".format(*self._runner.addresses[0][:2])
        self.url, self.blobs.base = f"ws://{here}/", f"http://{here}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self.cut()
        await self._runner.cleanup()

    @property
    def shown(self) -> list[Shown]:
        """What people see, in order."""
        return self.world.shown

    # people

    async def says(self, user: str, text: str, group: str | None = None, **body: Any) -> str:
        """Somebody writes to the bot; in a group they call it first. The callback's req_id.

        ``body`` may hold another msgtype with its fields, or a quote.
        """
        chat = self.world.chat(group or user, group=group is not None)
        chat.wrote = True
        said = {"msgtype": "text", "text": {"content": text}} | body
        return await self._tell("aibot_msg_callback", "message", user, chat, said)

    async def sends(
        self, user: str, kind: str, data: bytes, name: str = "file", group: str | None = None
    ) -> str:
        """Somebody sends an ``image``, ``file`` or ``video``; the callback's req_id."""
        return await self.says(user, "", group, msgtype=kind, **{kind: self.blob(data, name)})

    def blob(self, data: bytes, name: str = "file") -> dict[str, str]:
        """A file as messages, mixed ones and quotes name it: encrypted by a key of its own."""
        key = hashlib.sha256(f"key-{next(self._numbers)}".encode()).digest()
        url = self.blobs.add(data, key, name)
        return {"url": url, "aeskey": base64.b64encode(key).decode().rstrip("=")}

    async def enters(self, user: str) -> str:
        """Somebody opens the chat with the bot for the first time today."""
        return await self._event("enter_chat", user, self.world.chat(user), {})

    async def clicks(self, user: str, key: str, task: str = "task-1", group: str = "") -> str:
        """Somebody clicks a button of a card."""
        chat = self.world.chat(group or user, group=bool(group))
        click = {"card_type": "button_interaction", "event_key": key, "task_id": task}
        return await self._event("template_card_event", user, chat, click)

    async def rates(self, user: str, feedback: str, kind: int) -> str:
        """Somebody says what they think of an answer."""
        about = {"id": feedback, "type": kind}
        return await self._event("feedback_event", user, self.world.chat(user), about)

    async def tell(self, frame: object) -> None:
        """Send anything to the bot, well formed or not."""
        if self._current:
            text = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)
            await self._current.send_str(text)

    async def cut(self) -> None:
        """Every connection ends, as when the network goes."""
        await asyncio.gather(*(ws.close() for ws in self._open))

    async def unsubscribe(self) -> None:
        """Forget that the bot subscribed, though its connection stays."""
        self._current = None

    async def until(self, cmd: str, times: int = 1) -> None:
        """Wait until a command came so often."""
        async with self._happened:
            await self._happened.wait_for(lambda: self.counts[cmd] >= times)

    async def _event(self, kind: Kind, user: str, chat: Chat, about: Body) -> str:
        event = {"eventtype": kind, kind: about}
        body = {"msgtype": "event", "create_time": self.clock.now() // 1000, "event": event}
        return await self._tell("aibot_event_callback", kind, user, chat, body)

    async def _tell(self, cmd: str, kind: Kind, user: str, chat: Chat, said: Body) -> str:
        number = next(self._numbers)
        req_id = f"req-{number}"
        self.world.asked[req_id] = Asked(kind, chat, self.clock.now())
        where = {"chattype": "group", "chatid": chat.id} if chat.group else {"chattype": "single"}
        body: dict[str, Any] = {
            "msgid": f"msg-{number}",
            "aibotid": self.bot_id,
            "from": {"userid": user},
        }
        if self.variants.response_url and kind == "message":
            body["response_url"] = f"{self.url}response?response_code={number}"
        await self.tell(
            {"cmd": cmd, "headers": {"req_id": req_id}, "body": {**body, **where, **said}}
        )
        return req_id

    # connections

    async def _connected(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(autoping=False, max_msg_size=4 * 1024 * 1024, timeout=0.5)
        await ws.prepare(request)
        self.connections += 1
        self._open.add(ws)
        try:
            while True:
                message = await ws.receive(timeout=self.variants.heartbeat)
                if message.type is WSMsgType.TEXT:
                    await self._came(ws, message.json())
                elif message.type is WSMsgType.PING and not self.variants.ends_pinging:
                    await ws.pong(message.data)
                else:
                    if message.type is WSMsgType.PING:
                        await ws.close(code=1002)
                    break
        except TimeoutError:
            pass
        finally:
            self._open.discard(ws)
            self.ended += 1
            if self._current is ws:
                self._current = None
            await ws.close()
        return ws

    async def _came(self, ws: web.WebSocketResponse, frame: Body) -> None:
        cmd, req_id = str(frame.get("cmd")), str(frame.get("headers", {}).get("req_id"))
        self.frames.append(frame)
        if not (cmd == "ping" and self.faults.deaf):
            ack = await self._ack(ws, cmd, req_id, frame.get("body") or {})
            if self.faults.lost_acks and cmd != "ping":
                self.faults.lost_acks -= 1
            elif self.faults.ack_delay:
                self._soon(ws, ack)
            else:
                await ws.send_str(ack)
        async with self._happened:
            self.counts[cmd] += 1
            self._happened.notify_all()

    async def _ack(self, ws: web.WebSocketResponse, cmd: str, req_id: str, body: Body) -> str:
        answer: Body = {}
        code, words = 0, "ok"
        try:
            if forced := self.faults.code(cmd):
                raise Refusal(forced, "made to fail")
            if cmd == "aibot_subscribe":
                await self._subscribe(ws, body)
            elif ws is not self._current:
                raise Refusal(846609, "not subscribed")
            else:
                answer = self._commands.do(cmd, req_id, body)
        except Refusal as refusal:
            hint = f"hint: [{next(self._numbers):016x}]"
            code, words = refusal.code, f"{refusal}, {hint}, from ip: 127.0.0.1"
        ack: dict[str, Any] = {"headers": {"req_id": req_id}, "errcode": code, "errmsg": words}
        return json.dumps(ack | ({"body": answer} if answer else {}))

    async def _subscribe(self, ws: web.WebSocketResponse, body: Body) -> None:
        if (body.get("bot_id"), body.get("secret")) != (self.bot_id, self.secret):
            raise Refusal(853000, "invalid bot_id or secret")
        evicted, self._current = self._current, ws
        if not self.variants.req_ids_last:
            self.world.asked.clear()
        if evicted is not None and evicted is not ws:
            event = {"eventtype": "disconnected_event"}
            told = {"msgtype": "event", "aibotid": self.bot_id, "event": event}
            headers = {"req_id": f"req-{next(self._numbers)}"}
            frame = {"cmd": "aibot_event_callback", "headers": headers, "body": told}
            await evicted.send_str(json.dumps(frame))
            if self.variants.closes_evicted:
                await evicted.close()
        self.subscribed.set()

    def _soon(self, ws: web.WebSocketResponse, ack: str) -> None:
        async def send() -> None:
            await self.clock.sleep(self.faults.ack_delay)
            if not ws.closed:
                await ws.send_str(ack)

        task = asyncio.create_task(send())
        self._later.add(task)
        task.add_done_callback(self._later.discard)
