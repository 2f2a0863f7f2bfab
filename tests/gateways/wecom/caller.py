"""WeCom's side of a callback, and ours behind a real web server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from bot.gateways.adapter import Accept, Inlet
from bot.gateways.wecom.callback import Callbacks
from bot.gateways.wecom.crypto import Crypto
from bot.gateways.wecom.notes import Note
from bot.gateways.wecom.settings import WeComSettings
from bot.model.event import BaseEvent
from bot.testing.clock import TestClock

CORP = "wx5823bf96d3bd56c7"
TOKEN = "QDG6eK"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
OTHER_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
NONCE = "1372623149"
KEYS = {"corp_id": CORP, "agent_id": "1000002", "secret": "s", "token": TOKEN, "aes_key": KEY}


def crypto(token: str = TOKEN, key: str = KEY, receive_id: str = CORP) -> Crypto:
    return Crypto(SecretStr(token), SecretStr(key), receive_id)


def xml(fields: Mapping[str, object]) -> bytes:
    """The document WeCom writes for these fields."""
    return f"<xml>{_parts(fields)}</xml>".encode()


def _parts(fields: Mapping[str, object]) -> str:
    return "".join(f"<{k}>{_content(v)}</{k}>" for k, v in fields.items())


def _content(value: object) -> str:
    if isinstance(value, Mapping):
        return _parts(value)
    if isinstance(value, (list, tuple)):
        return "".join(f"<Item>{escape(str(item))}</Item>" for item in value)
    return str(value) if isinstance(value, int) else f"<![CDATA[{value}]]>"


def event(name: str, **fields: object) -> dict[str, object]:
    """The fields of an event; all of one second unless told otherwise."""
    head = {"ToUserName": CORP, "FromUserName": "sys", "CreateTime": 1_781_654_399}
    return {**head, "MsgType": "event", "Event": name, **fields}


def scanned(customer: str, **fields: object) -> bytes:
    """A customer scanned a code of Ann's."""
    change = {"ChangeType": "add_external_contact", "UserID": "ann", "ExternalUserID": customer}
    return xml(event("change_external_contact", **(change | {"State": "door"} | fields)))


class Caller:
    """A WeCom app's callback address on loopback; what is accepted stands in ``events``."""

    def __init__(self, clock: TestClock, accept: Accept | None = None, **settings: Any) -> None:
        self.clock = clock
        self.events: list[BaseEvent] = []
        self.notes: list[Note] = []
        self.status: list[str] = []
        self.keep_fails = False
        inlet = Inlet(
            "wecom",
            accept or self._accept,
            clock,
            alive=lambda: self.status.append("alive"),
            lost=self.status.append,
        )
        self.ours = Callbacks(inlet, WeComSettings.model_validate(KEYS | settings), self._keep)

    async def _accept(self, event: BaseEvent) -> bool:
        self.events.append(event)
        return True

    async def _keep(self, note: Note) -> None:
        if self.keep_fails:
            raise ConnectionError("the store is away")
        self.notes.append(note)

    async def __aenter__(self) -> Caller:
        app = web.Application()
        app.router.add_route("*", "/gateways/wecom", self.ours.answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=512).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/gateways/wecom"
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()
        await self._runner.cleanup()

    def signed(self, sealed: str, by: Crypto, late: float = 0) -> dict[str, str]:
        """The query of a call signed ``late`` seconds ago."""
        timestamp = str(int(self.clock.now() / 1000 - late))
        signature = by.sign(timestamp, NONCE, sealed)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": NONCE}

    async def post(
        self, plain: bytes, by: Crypto | None = None, *, late: float = 0, form: str = "xml"
    ) -> int:
        """Call back as WeCom does; the status of the answer."""
        by = by or crypto()
        sealed = by.seal(plain)
        body: dict[str, Any] = {
            "data": xml({"ToUserName": CORP, "AgentID": "1000002", "Encrypt": sealed})
        }
        if form == "json":
            body = {"json": {"tousername": CORP, "agentid": "1000002", "encrypt": sealed}}
        return await self.raw(self.signed(sealed, by, late), **body)

    async def raw(self, query: Mapping[str, str], **body: Any) -> int:
        async with self.http.post(self.url, params=query, **body) as answer:
            assert answer.status != 200 or await answer.read() == b""
            return answer.status
