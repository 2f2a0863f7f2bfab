"""The OneBot 11 adapter: one account, reached in one of three ways."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.deadline import within
from bot.gateways.frames import MAX_FRAME, FrameError, TooLargeError, body_of, load
from bot.gateways.onebot11 import door
from bot.gateways.onebot11.actions import CLOSING, HELLO, Socket, dial, post_action
from bot.gateways.onebot11.chats import Chats
from bot.gateways.onebot11.event import ANONYMOUS
from bot.gateways.onebot11.message import ALONE, encode, render
from bot.gateways.onebot11.payload import MemberRow, rows, wire_id
from bot.gateways.onebot11.reports import OFFLINE, Names, Reports
from bot.gateways.onebot11.retcode import UNAUTHORISED
from bot.gateways.onebot11.settings import OneBot11Settings
from bot.model.capabilities import Capabilities, SegmentKind
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, Misconfigured, Receipt, Refused, Retry, SendError
from bot.model.event import BaseEvent

log = structlog.get_logger(__name__)

CHECK = 60.0
"""Seconds between two looks at whether the HTTP API answers."""
REMEMBERED = 1000
"""How many messages we sent are remembered, to know a reply to one of them."""


class OneBot11(Adapter):
    """Speaks OneBot 11 over a WebSocket we open, one opened to us, or HTTP both ways."""

    Settings = OneBot11Settings

    def __init__(self, inlet: Inlet, settings: OneBot11Settings) -> None:
        super().__init__(inlet, settings)
        self.settings = settings
        self._sent: OrderedDict[str, None] = OrderedDict()
        self.reports = Reports(inlet, self._sent.__contains__)
        self._posted = Names(inlet.clock.now, repeats=True)
        self._echoes = itertools.count(1)
        self._socket: Socket | None = None
        self._incoming: Socket | None = None
        self._arrived = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._chats = Chats(self._ask)

    @property
    def capabilities(self) -> Capabilities:
        """What QQ shows through any implementation; cards where the settings say so."""
        segments: set[SegmentKind] = {"text", "mention", "image"}
        if self.settings.link_cards:
            segments.add("link_card")
        return Capabilities(
            member_list=True,
            recall=True,
            remove=True,
            mute=True,
            segments=frozenset(segments),
            alone=ALONE,
            account_rate=self.settings.account_rate,
            chat_rate=self.settings.chat_rate,
        )

    @property
    def silence(self) -> float | None:
        """As the heartbeat says; None while no WebSocket is there to be silent."""
        return self.reports.silence if self._socket else None

    # connecting

    def receive(self) -> AsyncIterator[BaseEvent]:
        """Yield events from the WebSocket, or, over HTTP, watch that the API answers."""
        match self.settings.mode:
            case "forward":
                return self._dial()
            case "reverse":
                return self._listen()
            case "http":
                return self._check()

    async def _dial(self) -> AsyncGenerator[BaseEvent, None]:
        ws = await dial(
            self._http(), self.settings.url or "", self.settings.access_token, self.inlet.clock
        )
        async with aclosing(self._read(self._wrap(ws))) as events:
            async for event in events:
                yield event

    async def _listen(self) -> AsyncGenerator[BaseEvent, None]:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            socket = self._incoming
            if socket is None:
                continue
            try:
                async with aclosing(self._read(socket)) as events:
                    async for event in events:
                        yield event
            except ConnectionError as error:
                if self._incoming is socket:
                    self.inlet.lost(str(error))

    async def _check(self) -> AsyncGenerator[BaseEvent, None]:
        while True:
            await self._log_in()
            self.reports.heard()
            await self.inlet.clock.sleep(CHECK)
        yield

    # callbacks

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        """Take a reverse WebSocket or an HTTP callback, as the mode says."""
        match self.settings.mode:
            case "reverse":
                return await self._welcome(request)
            case "http":
                return await self._post(request)
        raise web.HTTPNotFound

    async def _welcome(self, request: web.Request) -> web.StreamResponse:
        self_id = self._admit(request)
        ws = web.WebSocketResponse(max_msg_size=MAX_FRAME, timeout=CLOSING)
        await ws.prepare(request)
        socket = self._wrap(ws, self_id)
        previous, self._incoming = self._incoming, socket
        self._arrived.set()
        if previous:
            await previous.close()
        await socket.ended.wait()
        return ws

    def _admit(self, request: web.Request) -> str | None:
        """The account a reverse WebSocket speaks for; raises the HTTP error to refuse it with."""
        self_id = request.headers.get("X-Self-ID")
        current = self._incoming
        try:
            door.check_upgrade(request)
            door.check_token(request, self.settings.access_token)
            if current and not current.ended.is_set() and current.self_id not in (None, self_id):
                raise web.HTTPConflict(text="another account is connected to this gateway")
        except web.HTTPException as refusal:
            log.warning("onebot11.refused", gateway=self.inlet.gateway, reason=refusal.text)
            if self._socket is None:
                self.inlet.lost(f"a connection was refused: {refusal.text}")
            raise
        return self_id

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        try:
            body = await body_of(request.content)
            door.check_signature(request, body, self.settings.secret)
            event = self.reports.event(load(body), self._posted)
        except TooLargeError:
            raise web.HTTPRequestEntityTooLarge(MAX_FRAME, MAX_FRAME + 1) from None
        except FrameError as error:
            self.reports.skipped(error)
            raise web.HTTPBadRequest(text=str(error)) from None
        if event is not None:
            try:
                await self.inlet.accept(event)
            except ValueError as error:
                self.reports.skipped(error)
                raise web.HTTPBadRequest(text="this event cannot be kept") from None
            except Exception as error:  # whatever it is, the inbox has not got it
                log.warning("onebot11.inbox_away", gateway=self.inlet.gateway, reason=str(error))
                raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from None
        self.reports.heard()
        return web.Response(status=204)

    # reading

    def _wrap(
        self,
        ws: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
        self_id: str | None = None,
    ) -> Socket:
        timeout = self.settings.action_timeout
        return Socket(ws, self.inlet.clock, timeout, self._echoes, self_id)

    async def _read(self, socket: Socket) -> AsyncGenerator[BaseEvent, None]:
        """The events of one connection; ends by raising ConnectionError or Misconfigured."""
        names = Names(self.inlet.clock.now, repeats=False)
        self.reports.begin(socket.self_id)
        self._socket = socket
        probe = asyncio.create_task(self._probe())
        try:
            frame = await self._first(socket)
            while True:
                event = self._take(socket, frame, names)
                if event is not None:
                    yield event
                frame = await socket.receive()
        finally:
            probe.cancel()
            if self._socket is socket:
                self._socket = None
            await socket.close()

    async def _first(self, socket: Socket) -> str | bytes:
        try:
            return await within(self.inlet.clock, HELLO, socket.receive())
        except TimeoutError:
            raise ConnectionError(f"connected, but nothing was said for {HELLO:g} s") from None

    async def _probe(self) -> None:
        """Ask for something again and again, so that a quiet connection shows it is not dead."""
        while True:
            try:
                await self._log_in()
            except SendError as error:
                log.debug("onebot11.probe", gateway=self.inlet.gateway, reason=error.reason)
            await self.inlet.clock.sleep(self.reports.silence / 3)

    async def _log_in(self) -> None:
        for login in rows([await self._ask("get_login_info", {})], MemberRow):
            self.reports.self_id = login.user_id or self.reports.self_id

    def _take(self, socket: Socket, frame: str | bytes, names: Names) -> BaseEvent | None:
        """What one frame means; one that is malformed is skipped, the connection stays."""
        event: BaseEvent | None = None
        try:
            raw = load(frame)
            if raw.get("post_type"):
                event = self.reports.event(raw, names)
            elif not socket.answer(raw) and str(raw.get("retcode")) in UNAUTHORISED:
                # NapCat accepts the connection first and refuses the token in a frame.
                raise Misconfigured(f"access token refused (retcode {raw['retcode']})")
        except FrameError as error:
            self.reports.skipped(error)
        self.reports.heard()
        return event

    # acting

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one message; a WebSocket that ends before the answer leaves it in doubt."""
        action, params = _target(delivery.to)
        rendered = render(
            delivery.message,
            group=delivery.to.group is not None,
            link_cards=self.settings.link_cards,
        )
        if not rendered.parts:
            raise Refused("nothing of the message can be shown on QQ")
        self._check_online()
        message: object = [{"type": part.type, "data": part.data} for part in rendered.parts]
        if self.settings.message_format == "string":
            message = encode(rendered.parts)
        answer = await self._ask(action, {**params, "message": message})
        message_id = answer.get("message_id") if isinstance(answer, Mapping) else None
        receipt = Receipt(
            message_id="" if message_id is None else str(message_id), degraded=rendered.degraded
        )
        self._remember(receipt.message_id)
        return receipt

    def _remember(self, message_id: str) -> None:
        if message_id:
            self._sent[message_id] = None
            if len(self._sent) > REMEMBERED:
                self._sent.popitem(last=False)

    async def recall(self, to: Conversation, message_id: str) -> None:
        """Take a message back; QQ lets only a group's admins do so after two minutes."""
        self._check_online()
        await self._chats.recall(message_id)

    async def remove(self, group: str, account: str) -> None:
        """Take somebody out of a group, whose admin the account must be."""
        self._check_online()
        await self._chats.remove(group, account)

    async def mute(self, group: str, account: str, seconds: float) -> None:
        """Keep somebody from speaking in a group, whose admin the account must be."""
        self._check_online()
        await self._chats.mute(group, account, seconds)

    async def members(self, group: str) -> Sequence[Account]:
        """The accounts in a group now; raises as ``send`` does."""
        return await self._chats.members(group)

    async def groups(self) -> Sequence[tuple[str, str]]:
        """The groups the account is in; raises as ``send`` does."""
        return await self._chats.groups()

    def _check_online(self) -> None:
        if self.reports.offline:
            raise Retry(OFFLINE, after=30.0, scope="account")

    async def _ask(self, action: str, params: Mapping[str, Any]) -> Any:
        if self.settings.mode == "http":
            return await post_action(
                self._http(),
                f"{(self.settings.api_url or '').rstrip('/')}/{action}",
                self.settings.access_token,
                params,
                self.settings.action_timeout,
            )
        if self._socket is None:
            raise Retry("not connected", after=5.0, scope="account")
        return await self._socket.call(action, params)

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        """Close every socket and the session."""
        for socket in (self._incoming, self._socket):
            if socket:
                await socket.close()
        if self._session:
            await self._session.close()


def _target(to: Conversation) -> tuple[str, dict[str, int | str]]:
    if to.group is not None:
        return "send_group_msg", {"group_id": wire_id(to.group)}
    if to.account is None or to.account.startswith(ANONYMOUS):
        raise Refused("an anonymous member cannot be written to")
    return "send_private_msg", {"user_id": wire_id(to.account)}
