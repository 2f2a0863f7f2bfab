"""The AI-bot adapter keeps the contract, over its long connection and by callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.wecom_bot import WeComBot, WeComBotSettings
from bot.model.capabilities import SegmentKind
from bot.model.delivery import Misconfigured, Refused, Retry, SendError
from bot.store.store import Store
from bot.testing.conformance import AdapterConformance, Arrived, Platform, Traits
from bot.testing.wecom_bot import AiBotServer, Caller
from bot.testing.wecom_bot.caller import AES_KEY, TOKEN
from bot.testing.wecom_bot.world import Shown

SECRET = "bot-secret-of-ours"
CODES: dict[type[SendError], int] = {Retry: 45009, Refused: 93008, Misconfigured: 93019}
NATIVE: dict[str, SegmentKind] = {
    "image": "image",
    "video": "video",
    "file": "file",
    "template_card": "link_card",
}
CALL = "@小二 "
"""How groups call the bot: nothing else reaches it."""


class LongConnection(Platform):
    """The test server; WeCom tells of nobody who comes or goes."""

    traits = Traits(tells=frozenset({"message"}), repeats=frozenset({"message"}), overhears=False)
    secrets = (SECRET,)

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.server = AiBotServer(self.clock, secret=SECRET)
        self._last: tuple[str, str | None, str, str] = ("", None, "", "")

    def make(self, inlet: Inlet) -> Adapter:
        server = self.server
        settings = WeComBotSettings.model_validate(
            {"url": server.url, "bot_id": server.bot_id, "secret": SECRET}
        )
        return WeComBot(replace(inlet, store=self.store), settings)

    async def say(
        self, account: str, group: str | None, text: str, *, to_bot: bool = False
    ) -> bool:
        req_id = await self.server.says(account, f"{CALL}{text}" if group else text, group)
        self._last = (account, group, text, req_id)
        return True

    async def repeat(self) -> bool:
        account, group, text, req_id = self._last
        said = {"msgtype": "text", "text": {"content": f"{CALL}{text}" if group else text}}
        where = {"chattype": "group", "chatid": group} if group else {"chattype": "single"}
        sender = {"aibotid": self.server.bot_id, "from": {"userid": account}}
        msgid = req_id.replace("req", "msg")
        body: dict[str, Any] = {"msgid": msgid, **sender, **where, **said}
        headers = {"req_id": req_id}
        await self.server.tell({"cmd": "aibot_msg_callback", "headers": headers, "body": body})
        return True

    async def sent(self) -> Sequence[Arrived]:
        return [self._arrived(shown) for shown in self.server.shown]

    def _arrived(self, shown: Shown) -> Arrived:
        kind = str(shown.body["msgtype"])
        group = self.server.world.chats[shown.chat].group
        return Arrived(
            group=shown.chat if group else None,
            account=None if group else shown.chat,
            text=shown.text,
            kinds=(NATIVE[kind],) if kind in NATIVE else (),
        )

    async def refuse(self, error: type[SendError]) -> None:
        self.server.faults.fail("aibot_respond_msg", CODES[error])

    async def fall_silent(self) -> None:
        self.server.faults.lost_acks = 1

    async def drop(self) -> None:
        await self.server.cut()

    async def lock_out(self) -> None:
        self.server.secret = "another"


class Phone(Caller):
    """A caller whose people read along: every stream is asked for until it is ``quiet``.

    ``code`` is the answer to the next message by response_url; ``silent``: its answer is lost.
    """

    quiet = silent = False
    code = 0

    async def _response(self, request: web.Request) -> web.Response:
        code, self.code = self.code, 0
        if code:
            return web.json_response({"errcode": code, "errmsg": "made to fail"})
        answer = await super()._response(request)
        if self.silent and request.transport:
            request.transport.abort()
        return answer


class Callbacks(Platform):
    """A caller that also reads the streams it is answered with."""

    traits = Traits(
        tells=frozenset({"message"}),
        repeats=frozenset({"message"}),
        overhears=False,
        acknowledged=True,
        ending="never",
        logins=False,
        webhook=True,
    )
    secrets = (TOKEN, AES_KEY)

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.wecom = Phone(self.clock)
        self._last: dict[str, Any] = {}
        self._where: tuple[str | None, str | None] = (None, None)
        self._streams: dict[str, str] = {}
        self._arrived: list[Arrived] = []
        self._reading: asyncio.Task[None] | None = None
        self._looking = asyncio.Lock()

    async def __aenter__(self) -> Callbacks:
        await self.wecom.__aenter__()
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        await self.wecom.__aexit__()

    def make(self, inlet: Inlet) -> Adapter:
        login = {"mode": "callback", "token": TOKEN, "aes_key": AES_KEY}
        settings = WeComBotSettings.model_validate(login)
        return WeComBot(replace(inlet, store=self.store), settings)

    async def start(self, url: str) -> None:
        self.wecom.url = url
        await self.wecom.verify()

    async def say(
        self, account: str, group: str | None, text: str, *, to_bot: bool = False
    ) -> bool:
        words = f"{CALL}{text}" if group else text
        self._last = self.wecom.message(account, words, group or "")
        self._where = (group, None if group else account)
        return await self.repeat()

    async def repeat(self) -> bool:
        answer = await self.wecom.post(self._last)
        if not isinstance(answer, Mapping):
            return False
        self._streams.setdefault(answer["stream"]["id"], "")
        return True

    async def _read(self) -> None:
        """Ask how the newest stream goes on, as WeCom does; older ones hold nothing new."""
        while True:
            await asyncio.sleep(0.002)
            await self._look()

    async def _look(self) -> None:
        async with self._looking:
            if self.wecom.quiet or not self._streams:
                return
            ident, before = list(self._streams.items())[-1]
            try:
                stream = await self.wecom.poll(ident)
            except aiohttp.ClientError:  # nobody is there at the moment
                return
            text = str(stream["content"])
            if text != "…" and text != before:
                self._streams[ident] = text
                self._show(text.removeprefix(before).removeprefix("\n\n" if before else ""))

    def _show(self, text: str) -> None:
        group, account = self._where
        self._arrived.append(Arrived(group, account, text))

    async def sent(self) -> Sequence[Arrived]:
        await self._look()
        while self.wecom.later:
            self._show(self.wecom.later.pop(0)["markdown"]["content"])
        return tuple(self._arrived)

    async def refuse(self, error: type[SendError]) -> None:
        self._no_stream()
        self.wecom.code = CODES[error]

    async def fall_silent(self) -> None:
        self._no_stream()
        self.wecom.silent = True

    def _no_stream(self) -> None:
        """It is too long ago that somebody wrote: what is left is one answer within the hour."""
        self.wecom.quiet = True
        self.clock.advance(400)

    async def forge(self) -> int:
        status = await self.wecom.post(self.wecom.message("z", "hi"), msg_signature="0" * 40)
        assert isinstance(status, int)
        return status


class TestLongConnection(AdapterConformance):
    @pytest.fixture
    async def platform(self, store: Store) -> AsyncIterator[Platform]:
        platform = LongConnection(store)
        async with platform.server:
            yield platform


class TestCallbacks(AdapterConformance):
    @pytest.fixture
    async def platform(self, store: Store) -> AsyncIterator[Platform]:
        async with Callbacks(store) as platform:
            yield platform
