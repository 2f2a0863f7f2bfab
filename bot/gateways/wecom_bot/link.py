"""The link: one WebSocket that speaks for one bot, and the commands waiting for their ack.

Facts from document 101463: frames are ``{"cmd", "headers": {"req_id"}, "body"}``, acks have no
``cmd``, and a reply bears the ``req_id`` of the callback it answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import structlog
from aiohttp import WSMsgType

from bot.clock import Clock
from bot.gateways.deadline import within
from bot.gateways.frames import MAX_FRAME, FrameError, load
from bot.gateways.wecom_bot.errors import UNSUBSCRIBED, Faults
from bot.gateways.wecom_bot.payload import mapping
from bot.gateways.wecom_bot.settings import WeComBotSettings
from bot.model.delivery import InDoubt, Retry, SendError
from bot.model.phrase import Phrase

log = structlog.get_logger(__name__)

MISSED = 2
"""Pings without ack after which the connection is dead."""
OPENING = 20.0
CLOSING = 2.0
WAITING = 5000
"""The most callbacks that may wait for the inbox; WeCom does not send any of them again."""

Frame = Mapping[str, Any]


async def dial(
    session: aiohttp.ClientSession, url: str, clock: Clock
) -> aiohttp.ClientWebSocketResponse:
    """Open the WebSocket; raises ConnectionError.

    No pings of the WebSocket protocol: WeCom ends connections that send them.
    """

    async def handshake() -> aiohttp.ClientWebSocketResponse:
        closing = aiohttp.ClientWSTimeout(ws_close=CLOSING)
        return await session.ws_connect(url, max_msg_size=MAX_FRAME, timeout=closing)

    try:
        return await within(clock, OPENING, handshake())
    except aiohttp.WSServerHandshakeError as error:
        raise ConnectionError(f"no WebSocket at the url (HTTP {error.status})") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ConnectionError(f"cannot connect to WeCom ({type(error).__name__})") from None


class Link:
    """A connection from ``open`` to ``close``; ``alive`` is called for every ack of a ping."""

    def __init__(
        self,
        ws: aiohttp.ClientWebSocketResponse,
        clock: Clock,
        settings: WeComBotSettings,
        alive: Callable[[], None],
    ) -> None:
        self._ws = ws
        self._clock = clock
        self._settings = settings
        self._timeout = settings.ack_timeout
        self._faults = Faults(settings.passing_codes)
        self._alive = alive
        self._numbers = count(1)
        self._missed = 0
        self._ended: ConnectionError | None = None
        self._acks: dict[str, asyncio.Future[Frame]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._callbacks: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to read, and subscribe; raises what ``ask`` raises."""
        assert self._settings.secret is not None  # as the settings check
        secret = self._settings.secret.get_secret_value()
        self._tasks.append(asyncio.create_task(self._read()))
        await self.ask("aibot_subscribe", {"bot_id": self._settings.bot_id, "secret": secret})
        self._tasks.append(asyncio.create_task(self._ping()))

    async def callbacks(self) -> AsyncGenerator[Frame, None]:
        """What WeCom tells, in order; raises ConnectionError when the connection has ended."""
        while (frame := await self._callbacks.get()) is not None:
            yield frame
        raise self._ended or ConnectionError("closed")

    async def ask(self, cmd: str, body: Mapping[str, Any], req_id: str = "") -> Mapping[str, Any]:
        """Send a command and wait for its ack; those with one ``req_id`` go one after the other.

        Raises Retry when nothing was sent, InDoubt when no ack came, and what the code of the ack
        means.
        """
        req_id = req_id or self._name(cmd)
        async with self._turns.setdefault(req_id, asyncio.Lock()):
            ack = await self._exchange(cmd, req_id, body)
        code = _code(ack)
        if code == UNSUBSCRIBED:
            await self._end("WeCom holds the connection for unsubscribed")
        if code:
            raise self._faults.fault(code, str(ack.get("errmsg", "")))
        return mapping(ack.get("body"))

    async def close(self) -> None:
        """Close; every command still waiting is in doubt. May be called again."""
        await self._end("closed")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _exchange(self, cmd: str, req_id: str, body: Mapping[str, Any]) -> Frame:
        if self._ended:
            raise Retry(Phrase("not connected"), after=5.0, scope="account")
        ack: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._acks[req_id] = ack
        frame = json.dumps({"cmd": cmd, "headers": {"req_id": req_id}, "body": body})
        try:
            return await within(self._clock, self._timeout, self._send(frame, ack))
        except TimeoutError:
            seconds = f"{self._timeout:g}"
            raise InDoubt(Phrase("no ack from WeCom in {seconds} s", seconds=seconds)) from None
        except (ConnectionError, aiohttp.ClientError):
            raise InDoubt(Phrase("the connection ended before the answer")) from None
        finally:
            del self._acks[req_id]

    async def _send(self, frame: str, ack: asyncio.Future[Frame]) -> Frame:
        await self._ws.send_str(frame)
        return await ack

    async def _read(self) -> None:
        why = "the connection broke"
        try:
            while True:
                message = await self._ws.receive()
                if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    why = f"WeCom closed the connection ({self._ws.close_code})"
                    return
                if self._callbacks.qsize() >= WAITING:
                    why = f"{WAITING} callbacks wait for the inbox"
                    return
                self._take(message.data)
        finally:
            self._note_end(why)

    def _take(self, data: str | bytes) -> None:
        try:
            frame = load(data)
        except FrameError as error:
            log.warning("wecom_bot.skipped", reason=str(error))
            return
        if frame.get("cmd"):
            self._callbacks.put_nowait(frame)
            return
        ack = self._acks.get(str(mapping(frame.get("headers")).get("req_id")))
        if ack and not ack.done():
            ack.set_result(frame)

    async def _ping(self) -> None:
        """Ask for a sign of life again and again; the connection ends when two got no answer."""
        pings: set[asyncio.Task[None]] = set()
        try:
            while True:
                await self._clock.sleep(self._settings.ping_seconds)
                if self._missed >= MISSED:
                    break
                ping = asyncio.create_task(self._one_ping())
                pings.add(ping)
                ping.add_done_callback(pings.discard)
            await self._end(f"{MISSED} pings were not acknowledged")
        finally:
            for ping in pings:
                ping.cancel()

    async def _one_ping(self) -> None:
        self._missed += 1
        try:
            await self.ask("ping", {})
        except SendError as error:
            log.debug("wecom_bot.ping", reason=error.reason)
        else:
            self._missed = 0
            self._alive()

    async def _end(self, why: str) -> None:
        self._note_end(why)
        await self._ws.close()

    def _note_end(self, why: str) -> None:
        if self._ended:
            return
        self._ended = ConnectionError(why)
        self._callbacks.put_nowait(None)
        for ack in self._acks.values():
            if not ack.done():
                ack.set_exception(ConnectionError(why))

    def _name(self, cmd: str) -> str:
        return f"{cmd}_{self._clock.now()}_{next(self._numbers):08x}"


def _code(ack: Frame) -> int:
    code = ack.get("errcode")
    return code if isinstance(code, int) else 0
