"""The AI-bot adapter: one bot, over its long connection or by callbacks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple

import aiohttp
import structlog
from aiohttp import web

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.begun import Begun
from bot.gateways.frames import FrameError
from bot.gateways.wecom_bot.callback import Door
from bot.gateways.wecom_bot.chats import ANSWERABLE, WELCOME, Callback, Chats, Kind
from bot.gateways.wecom_bot.errors import Expired, MediaGone
from bot.gateways.wecom_bot.event import EVICTED, event_of
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
    stream_body,
    words_body,
)
from bot.gateways.wecom_bot.payload import mapping, payload_of
from bot.gateways.wecom_bot.settings import WeComBotSettings
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, InDoubt, Misconfigured, Receipt, Refused, Retry
from bot.model.event import BaseEvent
from bot.model.message import LinkCard
from bot.model.phrase import Phrase

log = structlog.get_logger(__name__)

TAKEN_OVER = msgid(
    "another program has connected with this bot's id and secret, and WeCom allows one: stop it, "
    "then restart Muster"
)


_KINDS: Mapping[str, Kind] = {"enter_chat": "entered", "template_card_event": "clicked"}

Body = Mapping[str, Any]


class Way(NamedTuple):
    """How a piece may be sent: a command, its body, and the callback it answers, if any."""

    cmd: str
    body: Body
    answers: Callback | None = None


class WeComBot(Adapter):
    """Speaks for one AI bot to the members of a company and their internal groups."""

    Settings = WeComBotSettings

    def __init__(self, inlet: Inlet, settings: WeComBotSettings) -> None:
        super().__init__(inlet, settings)
        self.settings = settings
        self._chats = Chats(inlet.clock)
        self._media = Media(inlet.clock, self._http, settings.first_chunk)
        self._door = Door(inlet, settings, self._http) if settings.mode == "callback" else None
        self._link: Link | None = None
        self._evicted = False
        self._begun = Begun()
        self._session: aiohttp.ClientSession | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Words, cards and files over a long connection; only words in answer to callbacks."""
        return abilities(connected=self._door is None)

    # receiving

    async def receive(self) -> AsyncGenerator[BaseEvent, None]:
        """Connect, subscribe and yield events; with callbacks, wait for ever.

        Raises Misconfigured once another program took the bot over, and from then on: coming
        back would evict that one, which would come back as well.
        """
        if self._door:
            self.inlet.lost("WeCom has not called yet")
            waiting: AsyncIterator[BaseEvent] = super().receive()
            async for event in waiting:
                yield event
        if self._evicted:
            raise Misconfigured(Phrase(TAKEN_OVER))
        settings, clock = self.settings, self.inlet.clock
        assert settings.secret is not None  # as the settings check
        ws = await dial(self._http(), settings.url, clock)
        link = Link(ws, clock, settings.ack_timeout, self.inlet.alive)
        try:
            await link.open(settings.bot_id, settings.secret)
            self._chats.reconnected()
            self._link = link
            self.inlet.alive()
            async with aclosing(link.callbacks()) as frames:
                async for frame in frames:
                    if (event_or_none := self._take(frame)) is not None:
                        yield event_or_none
        finally:
            if self._link is link:
                self._link = None
            await link.close()

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        """Answer WeCom's verification, messages, events and polls; only in callback mode."""
        if self._door is None:
            raise web.HTTPNotFound
        return await self._door.answer(request)

    def _take(self, frame: Frame) -> BaseEvent | None:
        """What one callback means; one that is malformed is skipped, the connection stays."""
        raw = mapping(frame.get("body"))
        try:
            payload = payload_of(raw)
            if payload.event.eventtype == EVICTED:
                self._evicted = True
                raise Misconfigured(Phrase(TAKEN_OVER))
            event = event_of(
                self.inlet.gateway, raw, payload, self.inlet.clock.now(), self.settings.name
            )
        except FrameError as error:
            log.warning("wecom_bot.skipped", gateway=self.inlet.gateway, reason=str(error))
            return None
        if event is None:
            log.info("wecom_bot.unknown", gateway=self.inlet.gateway, what=payload.event.eventtype)
            return None
        req_id = str(mapping(frame.get("headers")).get("req_id", ""))
        kind = _KINDS.get(payload.event.eventtype) if payload.msgtype == "event" else "message"
        if kind and req_id:
            self._chats.heard(event.conversation, kind, req_id)
        return event

    # sending

    async def send(self, delivery: Delivery) -> Receipt:
        """Send a message in as many pieces as it takes; a repeat goes on with the first not sent.

        A reply answers the callback while it can be answered; everything else is written first,
        which WeCom allows only where somebody wrote before. InDoubt when no ack came.
        """
        rendered = render(delivery.message, self.capabilities)
        if not rendered.pieces:
            raise Refused(Phrase("nothing of the message can be shown by an AI bot"))
        start = self._begun.start(delivery.id)
        refusals: list[Refused] = []
        for index, piece in enumerate(rendered.pieces[start:], start):
            try:
                await self._send_piece(delivery, index, piece)
            except Refused as refusal:
                refusals.append(refusal)
            except (Retry, InDoubt):
                self._begun.stopped(delivery.id, index)
                raise
        if len(refusals) == len(rendered.pieces):
            raise refusals[0]
        return Receipt(degraded=(*rendered.degraded, *(one.reason for one in refusals)))

    async def update_card(
        self, where: Conversation, card: Mapping[str, Any], accounts: tuple[str, ...] = ()
    ) -> None:
        """Replace the card that was last clicked in a conversation, for all or some accounts.

        ``card`` is WeCom's template_card with the same task_id. Raises what ``send`` raises, and
        Refused later than 5 s after the click.
        """
        click = self._chats.callback(where, "clicked", WELCOME)
        if click is None:
            raise Refused(Phrase("no card was clicked in the last 5 s"))
        self._chats.forget(where, "clicked")
        body = {"response_type": "update_template_card", "template_card": card}
        who = {"userids": list(accounts)} if accounts else {}
        try:
            await self._ask("aibot_respond_update_msg", body | who, click.req_id)
        except Expired as error:
            raise Refused(error.reason) from None

    async def _send_piece(self, delivery: Delivery, index: int, piece: Piece) -> None:
        if self._door:
            if isinstance(piece, Words):
                await self._door.answers.say(delivery.to, piece.text)
            return
        if wait := self._chats.wait(delivery.to):
            reason = Phrase("the hourly limit of this conversation is reached")
            raise Retry(reason, after=wait)
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

    async def _send_ways(self, delivery: Delivery, index: int, piece: Piece, body: Body) -> None:
        """Try one way after the other while callbacks turn out to be answerable no more."""
        for way in self._ways(delivery, index, piece, body):
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

    def _ways(self, delivery: Delivery, index: int, piece: Piece, body: Body) -> Iterator[Way]:
        """The ways a piece may be sent, best first; the next is for when the one has expired."""
        to, words = delivery.to, piece.text if isinstance(piece, Words) else None
        greets = delivery.priority in ("reply", "welcome") and not isinstance(piece, Upload)
        if greets and (entered := self._callback(delivery, "entered", WELCOME)):
            text = {"msgtype": "text", "text": {"content": words}}
            yield Way("aibot_respond_welcome_msg", body if words is None else text, entered)
        streamed = words is not None and self.settings.reply_as == "stream"
        seconds = self.settings.stream_seconds if streamed else ANSWERABLE
        message = self._callback(delivery, "message", seconds)
        if message and delivery.priority == "reply":
            # The same id in a repeat, so that it takes the place of what may have been shown.
            stream = stream_body(f"{delivery.id}-{index}", words or "")
            yield Way("aibot_respond_msg", stream if streamed else body, message)
        where = {"chatid": to.group or to.account, "chat_type": 2 if to.group else 1}
        yield Way("aibot_send_msg", where | dict(body))

    def _callback(self, delivery: Delivery, kind: Kind, seconds: float) -> Callback | None:
        found = self._chats.callback(delivery.to, kind, seconds)
        return found if found and found.doubted in ("", delivery.id) else None

    async def _ask(self, cmd: str, body: Mapping[str, Any], req_id: str = "") -> Mapping[str, Any]:
        if self._evicted:
            raise Retry(Phrase(TAKEN_OVER), after=60.0, scope="account")
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
