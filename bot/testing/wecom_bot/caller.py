"""The caller: WeCom's side of an AI bot's callback mode (documents 101027, 101031, 101138)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from bot.clock import Clock
from bot.gateways.wecom.crypto import Crypto, key_of
from bot.testing.wecom_bot.blobs import Blobs

TOKEN = "QDG6eK"  # noqa: S105, of a test
AES_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


class Caller:
    """Calls a bot's ``url`` and takes what is posted to ``response_url``, into ``later``.

    Each of those addresses works once, within ``response_life`` seconds (3600; one source says
    300).
    """

    def __init__(self, clock: Clock, receive_id: str = "", response_life: float = 3600.0) -> None:
        self.clock = clock
        self.response_life = response_life
        self.blobs = Blobs(clock)
        self.url = ""
        self.later: list[Mapping[str, Any]] = []
        self.crypto = Crypto(SecretStr(TOKEN), SecretStr(AES_KEY), receive_id)
        self._codes: dict[str, int] = {}
        self._numbers = count(1)

    async def __aenter__(self) -> Caller:
        app = web.Application()
        app.router.add_post("/cgi-bin/aibot/response", self._response)
        app.add_routes(self.blobs.routes())
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._here = "http://{}:{}".format(*self._runner.addresses[0][:2])
        self.blobs.base = self._here
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def verify(self, echo: str = "8213") -> str:
        """Verify the address; what came back."""
        query, encrypt = self._signed(echo.encode())
        async with self._session.get(self.url, params=query | {"echostr": encrypt}) as answer:
            return await answer.text()

    def message(self, user: str, text: str, group: str = "", **body: Any) -> dict[str, Any]:
        """What WeCom posts when somebody writes to the bot."""
        number = next(self._numbers)
        code = f"code-{number}"
        self._codes[code] = self.clock.now()
        where = {"chattype": "group", "chatid": group} if group else {"chattype": "single"}
        return {
            "msgid": f"msg-{number}",
            "aibotid": "bot-1",
            "from": {"userid": user},
            "response_url": f"{self._here}/cgi-bin/aibot/response?response_code={code}",
            "msgtype": "text",
            "text": {"content": text},
            **where,
            **body,
        }

    def sent(self, user: str, kind: str, data: bytes, name: str = "file") -> dict[str, Any]:
        """What it posts when somebody sends an ``image``, ``file`` or ``video``."""
        blob = {"url": self.blobs.add(data, key_of(AES_KEY), name)}
        return self.message(user, "") | {"msgtype": kind, kind: blob}

    def entered(self, user: str) -> dict[str, Any]:
        """What it posts when somebody opens the chat."""
        event = {"eventtype": "enter_chat", "enter_chat": {}}
        return self.message(user, "", msgtype="event", event=event)

    async def post(self, body: Mapping[str, Any], **spoilt: str) -> Any:
        """Post a callback; the opened answer, None for an empty one, or the HTTP status.

        ``spoilt`` stands in for parts of the query, or for ``encrypt``.
        """
        query, encrypt = self._signed(json.dumps(body, ensure_ascii=False).encode())
        sealed = {"encrypt": spoilt.pop("encrypt", encrypt)}
        async with self._session.post(self.url, params=query | spoilt, json=sealed) as answer:
            if answer.status != 200:
                return answer.status
            text = await answer.text()
        if not text:
            return None
        told = json.loads(text)
        words = [str(told[name]) for name in ("msgsignature", "timestamp", "nonce", "encrypt")]
        return json.loads(self.crypto.decrypt(*words))

    async def poll(self, ident: str) -> Mapping[str, Any]:
        """Ask how a stream goes on; the stream."""
        body = {"msgtype": "stream", "stream": {"id": ident}, "from": {"userid": "z"}}
        answer = await self.post(body)
        stream: Mapping[str, Any] = answer["stream"]
        return stream

    def _signed(self, message: bytes) -> tuple[dict[str, str], str]:
        timestamp, nonce = str(self.clock.now() // 1000), f"nonce{next(self._numbers)}"
        encrypt, signature = self.crypto.encrypt(message, timestamp, nonce)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}, encrypt

    async def _response(self, request: web.Request) -> web.Response:
        since = self._codes.pop(request.query["response_code"], None)
        if since is None or self.clock.now() - since >= self.response_life * 1000:
            return web.json_response({"errcode": 846605, "errmsg": "invalid response_code"})
        self.later.append(await request.json())
        return web.json_response({"errcode": 0, "errmsg": "ok"})
