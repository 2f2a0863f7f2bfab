"""The AI-bot adapter: one bot, over its long connection or by callbacks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.begun import Begun
from bot.gateways.frames import FrameError
from bot.gateways.wecom.crypto import key_of
from bot.gateways.wecom_bot.answers import Answers
from bot.gateways.wecom_bot.callback import Door
from bot.gateways.wecom_bot.chats import Chats
from bot.gateways.wecom_bot.errors import Expired, MediaGone
from bot.gateways.wecom_bot.event import ENTERED, EVICTED
from bot.gateways.wecom_bot.exchanges import Exchanges
from bot.gateways.wecom_bot.files import Files
from bot.gateways.wecom_bot.link import Frame, Link, dial
from bot.gateways.wecom_bot.media import Media
from bot.gateways.wecom_bot.message import (
    Piece,
    Upload,
    Words,
    abilities,
    card_body,
    media_body,
    render,
    words_body,
)
from bot.gateways.wecom_bot.payload import mapping, payload_of
from bot.gateways.wecom_bot.reader import Reader
from bot.gateways.wecom_bot.settings import WeComBotSettings
from bot.gateways.wecom_bot.takeover import Takeover
from bot.gateways.wecom_bot.ways import Body, Ways
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities
from bot.model.delivery import Delivery, InDoubt, Misconfigured, Receipt, Refused, Retry
from bot.model.event import BaseEvent
from bot.model.fault import Fault
from bot.model.health import Detail, Health
from bot.model.message import LinkCard
from bot.model.phrase import Phrase
from bot.store.line import StoreError

log = structlog.get_logger(__name__)

TAKEN_OVER = Fault(
    msgid("another program has connected with this bot's id and secret, and WeCom allows one"),
    msgid("Stop that program, then try again on the gateway's page, or restart Muster."),
)
BOT_ID = msgid("bot_id, as the bot's Bot ID")
CALLBACK = msgid("工作台 → 智能机器人 → the bot → API 设置 → URL")
NOT_CALLED = Fault(
    msgid("WeCom has not called yet"),
    msgid("Save the address in the bot's API settings once more; WeCom must reach this server."),
)


class WeComBot(Adapter):
    """Speaks for one AI bot to the members of a company and their internal groups."""

    Settings = WeComBotSettings

    def __init__(self, inlet: Inlet, settings: WeComBotSettings) -> None:
        super().__init__(inlet, settings)
        if inlet.store is None:
            raise ValueError("the AI-bot adapter needs the store")
        self.settings = settings
        self._chats = Chats(inlet.clock)
        self._ways = Ways(self._chats, settings)
        self._media = Media(inlet.clock, self._http, settings.first_chunk)
        key = key_of(settings.aes_key.get_secret_value()) if settings.aes_key else b""
        self._files = Files(inlet, inlet.store, key)
        self._reader = Reader(inlet, self._files, settings.name)
        self._takeover = Takeover(inlet.gateway, inlet.store, inlet.clock)
        self._door: Door | None = None
        if settings.mode == "callback":
            exchanges = Exchanges(inlet.gateway, inlet.store)
            answers = Answers(exchanges, inlet.clock, self._http, settings)
            self._door = Door(inlet, settings, self._reader, answers)
        self.exclusive = self._door is None
        self._abilities = abilities(connected=self.exclusive)
        self._link: Link | None = None
        self._evicted = False
        self._begun = Begun()
        self._session: aiohttp.ClientSession | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Words, cards and files over a long connection; only words in answer to callbacks."""
        return (
            self._abilities.model_copy(update={"refresh": True})
            if self._evicted
            else self._abilities
        )

    # receiving

    async def receive(self) -> AsyncGenerator[BaseEvent, None]:
        """Connect, subscribe and yield events; with callbacks, wait for ever.

        Raises Misconfigured once another program took the bot over, and from then on.
        """
        if self._door:
            self.inlet.lost(NOT_CALLED)
            waiting: AsyncIterator[BaseEvent] = super().receive()
            async for event in waiting:
                yield event
        self._evicted = await self._takeover.lost()
        if self._evicted:
            raise Misconfigured(TAKEN_OVER)
        ws = await dial(self._http(), self.settings.url, self.inlet.clock)
        link = Link(ws, self.inlet.clock, self.settings, self.inlet.alive)
        try:
            await link.open()
            await self._takeover.connected()
            self._chats.reconnected()
            self._link = link
            self.inlet.alive()
            async with aclosing(link.callbacks()) as frames:
                async for frame in frames:
                    if (event_or_none := await self._take(frame)) is not None:
                        yield event_or_none
        finally:
            if self._link is link:
                self._link = None
            await link.close()

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        """Give what came with a message; in callback mode answer WeCom's calls."""
        if request.method == "GET" and "file" in request.query:
            return await self._files.answer(request.query["file"])
        if self._door is None:
            raise web.HTTPNotFound
        return await self._door.answer(request)

    async def _take(self, frame: Frame) -> BaseEvent | None:
        """What one callback means; one that is malformed is skipped, the connection stays."""
        raw = mapping(frame.get("body"))
        try:
            payload = payload_of(raw)
            if payload.event.eventtype == EVICTED:
                await self._lose()
            event = await self._reader.event(raw, payload)
        except FrameError as error:
            log.warning("wecom_bot.skipped", gateway=self.inlet.gateway, reason=str(error))
            return None
        if event is None:
            return None
        req_id = str(mapping(frame.get("headers")).get("req_id", ""))
        if req_id and payload.msgtype != "event":
            self._chats.heard(event.conversation, "message", req_id)
        elif req_id and payload.event.eventtype == ENTERED:
            self._chats.heard(event.conversation, "entered", req_id)
        return event

    async def _lose(self) -> None:
        self._evicted = True
        with suppress(StoreError):  # then only the other nodes do not know
            await self._takeover.evicted()
        raise Misconfigured(TAKEN_OVER)

    # for operators

    async def health(self) -> Health:
        """The bot this is, or where WeCom wants our address."""
        if self._door:
            return Health(callback=CALLBACK)
        return Health(setup=(Detail(BOT_ID, self.settings.bot_id, "word"),))

    async def refresh(self) -> None:
        """Connect although another program took the bot over: the operator has stopped it."""
        await self._takeover.settled()
        self._evicted = False

    # sending

    async def send(self, delivery: Delivery) -> Receipt:
        """Send a message in as many pieces as it takes; a repeat goes on with the first not sent.

        A reply answers the callback while it can be answered; everything else is written first,
        which WeCom allows only where somebody wrote before. InDoubt when no ack came.
        """
        rendered = render(delivery.message, self.capabilities)

        async def one(index: int, piece: Piece) -> str:
            await self._send_piece(delivery, index, piece)
            return ""

        return await self._begun.send(delivery.id, rendered.pieces, one, rendered.degraded)

    async def _send_piece(self, delivery: Delivery, index: int, piece: Piece) -> None:
        if wait := self._chats.wait(delivery.to):
            reason = Phrase("the hourly limit of this conversation is reached")
            raise Retry(reason, after=wait)
        if self._door:
            if isinstance(piece, Words):
                await self._answer(self._door.answers, delivery, index, piece.text)
                self._chats.sent(delivery.to)
            return
        match piece:
            case Words():
                await self._send_ways(delivery, index, piece, words_body(piece.text))
            case LinkCard():
                await self._send_ways(delivery, index, piece, card_body(piece))
            case Upload():
                media_id = await self._media.upload(piece, self._ask)
                try:
                    await self._send_ways(delivery, index, piece, media_body(piece.kind, media_id))
                except MediaGone:
                    self._media.forget(media_id)
                    raise

    async def _answer(self, answers: Answers, delivery: Delivery, index: int, text: str) -> None:
        try:
            await answers.say(delivery.to, f"{delivery.id}-{index}", text)
        except StoreError:  # what was said already is found again by its id
            raise Retry(Phrase("the store is away"), after=1.0) from None

    async def _send_ways(self, delivery: Delivery, index: int, piece: Piece, body: Body) -> None:
        """Try one way after the other while callbacks turn out to be answerable no more."""
        for way in self._ways.of(delivery, index, piece, body):
            try:
                await self._ask(way.cmd, way.body, way.answers.req_id if way.answers else "")
            except Expired as error:
                if way.answers is None:
                    raise Refused(error.reason) from None
                self._chats.forget(delivery.to, way.answers.kind)
                continue
            except InDoubt:
                if way.answers:
                    way.answers.doubted = delivery.id
                raise
            self._chats.sent(delivery.to)
            if way.answers and way.answers.kind == "entered":
                self._chats.forget(delivery.to, "entered")
            return

    async def _ask(self, cmd: str, body: Mapping[str, Any], req_id: str = "") -> Mapping[str, Any]:
        if self._evicted:
            raise Retry(TAKEN_OVER, after=60.0, scope="account")
        if self._link is None:
            raise Retry(Phrase("not connected"), after=5.0, scope="account")
        return await self._link.ask(cmd, body, req_id)

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        """Close the connection and the session."""
        if self._link:
            await self._link.close()
        if self._session:
            await self._session.close()
