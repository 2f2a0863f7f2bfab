"""Action calls: over a WebSocket, where answers come back by echo, or over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web
from pydantic import SecretStr

from bot.clock import Clock
from bot.gateways.deadline import within
from bot.gateways.frames import MAX_FRAME, FrameError, body_of, load
from bot.gateways.onebot11.retcode import data_of, from_http
from bot.model.delivery import InDoubt, Misconfigured, Retry

HELLO = 20.0
"""Seconds a new connection may take to open, and then to say anything."""
CLOSING = 2.0
"""Seconds to wait for the other side to agree that a WebSocket is closed."""


async def dial(
    session: aiohttp.ClientSession, url: str, token: SecretStr | None, clock: Clock
) -> aiohttp.ClientWebSocketResponse:
    """Open the implementation's WebSocket; raises Misconfigured or ConnectionError."""

    async def handshake() -> aiohttp.ClientWebSocketResponse:
        return await session.ws_connect(
            url,
            headers=_bearer(token),
            max_msg_size=MAX_FRAME,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSING),
        )

    try:
        return await within(clock, HELLO, handshake())
    except aiohttp.WSServerHandshakeError as error:
        if error.status in (401, 403):
            raise Misconfigured(f"access token refused (HTTP {error.status})") from None
        raise ConnectionError(f"no WebSocket at the url (HTTP {error.status})") from None
    except aiohttp.ClientConnectorError as error:
        raise ConnectionError(f"cannot connect: {error.strerror or 'unreachable'}") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ConnectionError(f"no WebSocket handshake ({type(error).__name__})") from None


def _bearer(token: SecretStr | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


class Socket:
    """One WebSocket connection, whoever opened it, and the calls waiting for their answer.

    ``echoes`` gives decimal numbers never used before: some implementations answer them as
    integers, and an answer meant for an older connection must match nothing.
    """

    def __init__(
        self,
        ws: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
        clock: Clock,
        timeout: float,
        echoes: Iterator[int],
        self_id: str | None = None,
    ) -> None:
        self.self_id = self_id
        self.ended = asyncio.Event()
        self._open = True
        self._ws = ws
        self._clock = clock
        self._timeout = timeout
        self._echoes = echoes
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}

    async def receive(self) -> str | bytes:
        """The next frame; raises ConnectionError when there will be none."""
        message = await self._ws.receive()
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            data: str | bytes = message.data
            return data
        if message.type is WSMsgType.ERROR:
            raise ConnectionError(f"the connection broke: {message.data}")
        raise ConnectionError(f"the implementation closed the connection ({self._ws.close_code})")

    async def call(self, action: str, params: Mapping[str, Any]) -> Any:
        """Send an action and wait for its answer."""
        if self._ws.closed or not self._open:
            raise Retry("not connected", after=5.0, scope="account")
        echo = str(next(self._echoes))
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[echo] = answer
        frame = json.dumps({"action": action, "params": params, "echo": echo})
        try:
            return data_of(await within(self._clock, self._timeout, self._exchange(frame, answer)))
        except TimeoutError as error:
            raise InDoubt(str(error)) from None
        except ConnectionError:
            raise InDoubt("the connection ended before the answer") from None
        finally:
            del self._waiting[echo]

    async def _exchange(
        self, frame: str, answer: asyncio.Future[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        await self._ws.send_str(frame)
        return await answer

    def answer(self, frame: Mapping[str, Any]) -> bool:
        """Give an answer to the call it belongs to; False when nobody waits for it."""
        waiting = self._waiting.get(str(frame.get("echo")))
        if waiting is None or waiting.done():
            return False
        waiting.set_result(frame)
        return True

    async def close(self) -> None:
        """Close; every call still waiting is in doubt. May be called again."""
        self._open = False
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("closed"))
        try:
            await self._ws.close()
        finally:
            self.ended.set()


async def post_action(
    session: aiohttp.ClientSession,
    url: str,
    token: SecretStr | None,
    params: Mapping[str, Any],
    seconds: float,
) -> Any:
    """Call an action over HTTP; raises Retry, Refused, Misconfigured or InDoubt."""
    limit = aiohttp.ClientTimeout(total=seconds, sock_connect=min(10.0, seconds))
    try:
        async with session.post(
            url, json=params, headers=_bearer(token), timeout=limit
        ) as response:
            if response.status != 200:
                raise from_http(response.status, response.headers.get("Retry-After"))
            answer = load(await body_of(response.content))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise Retry("the OneBot API cannot be reached", after=5.0, scope="account") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise InDoubt(f"the OneBot API gave no answer ({type(error).__name__})") from None
    except FrameError as error:
        raise InDoubt(f"the OneBot API answered something else: {error}") from None
    return data_of(answer)
