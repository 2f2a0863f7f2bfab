"""Answers: how a bot that only gets callbacks speaks, in streams WeCom asks about and once later.

Facts from documents 101031 and 101138: a message opens a stream which WeCom polls for six
minutes; each poll gets the whole text so far; ``response_url`` takes one message within the hour.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp

from bot.clock import Clock
from bot.gateways.deadline import within
from bot.gateways.frames import FrameError, load
from bot.gateways.pieces import in_bytes
from bot.gateways.wecom_bot.errors import Expired, fault
from bot.gateways.wecom_bot.message import TEXT_BYTES, stream_body, words_body
from bot.model.conversation import Conversation
from bot.model.delivery import InDoubt, Refused, Retry
from bot.model.phrase import Phrase

T = TypeVar("T")

POLLED = 350_000
"""Milliseconds after a message in which WeCom still asks for its stream: six minutes, nearly."""
LATER = 3_600_000
LINGER = 2_000
"""Milliseconds after the last words until a stream is finished: another message may follow."""
PICKUP = 10.0
"""Seconds until words nobody asked for are sent another way."""
GREETING = 4.0
"""Seconds a callback may wait for a greeting, within the five WeCom gives."""
POSTING = aiohttp.ClientTimeout(total=10)
MOST = 5000
EACH = 10


@dataclass(slots=True, eq=False)
class Exchange:
    """A message somebody sent, and what is answered to it; times are UTC ms."""

    id: str
    at: int
    later: str
    texts: list[str] = field(default_factory=list)
    last: int = 0
    finished: bool = False
    asked: list[asyncio.Future[None]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was said so far."""
        return "\n\n".join(self.texts)


class Answers:
    """The open exchanges of this process; after a restart only those to come can be answered."""

    def __init__(
        self,
        clock: Clock,
        session: Callable[[], aiohttp.ClientSession],
        waiting_text: str,
        patience: float,
    ) -> None:
        self._clock = clock
        self._session = session
        self._waiting_text = waiting_text
        self._patience = patience * 1000
        self._exchanges: OrderedDict[str, Exchange] = OrderedDict()
        self._of: OrderedDict[str, deque[Exchange]] = OrderedDict()
        self._greetings: dict[str, asyncio.Future[str]] = {}

    def open(self, ident: str, where: Conversation, later: str) -> dict[str, Any]:
        """The stream to answer a message with, the same when the message comes again."""
        if ident not in self._exchanges:
            exchange = Exchange(ident, self._clock.now(), later)
            self._exchanges[ident] = exchange
            self._of.setdefault(where.key, deque(maxlen=EACH)).append(exchange)
            self._of.move_to_end(where.key)
            for bounded in (self._exchanges, self._of):
                if len(bounded) > MOST:
                    bounded.popitem(last=False)
        return stream_body(ident, self._waiting_text, finish=False)

    def poll(self, ident: str) -> dict[str, Any]:
        """What the stream holds now, finished when no more is to be expected."""
        exchange = self._exchanges.get(ident)
        if exchange is None:
            return stream_body(ident, self._waiting_text)
        now = self._clock.now()
        if exchange.texts:
            exchange.finished |= now - exchange.last >= LINGER
        else:
            exchange.finished |= now - exchange.at >= self._patience
        asked, exchange.asked = exchange.asked, []
        for one in asked:
            if not one.done():
                one.set_result(None)
        text = exchange.text or self._waiting_text
        return stream_body(ident, text, finish=exchange.finished)

    @contextmanager
    def greeting(self, where: Conversation) -> Iterator[Awaitable[str]]:
        """Somebody opened the chat: what is said to them, "" when nothing is in time.

        Begun before their coming is kept, for the greeting may be faster than that.
        """
        said: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._greetings[where.key] = said
        waiting = self._greeted(said)
        try:
            yield waiting
        finally:
            waiting.close()
            if self._greetings.get(where.key) is said:
                del self._greetings[where.key]

    async def _greeted(self, said: asyncio.Future[str]) -> str:
        try:
            return await within(self._clock, GREETING, _result(said))
        except TimeoutError:
            return ""

    async def say(self, where: Conversation, text: str) -> None:
        """Say it in the newest stream, else through an unused response_url.

        Raises Refused where nobody wrote in the last hour, or all answers are used up.
        """
        greeting = self._greetings.pop(where.key, None)
        if greeting and not greeting.done():
            greeting.set_result(text)
            return
        exchanges = list(reversed(self._of.get(where.key, ())))
        if exchanges and await self._in_stream(exchanges[0], text):
            return
        for exchange in exchanges:
            if exchange.later and self._clock.now() - exchange.at < LATER:
                await self._later(exchange, text)
                return
        reason = Phrase("by callbacks an AI bot can only answer, and each message only for so long")
        raise Refused(reason)

    async def _in_stream(self, exchange: Exchange, text: str) -> bool:
        """Whether WeCom asked for the words in time."""
        whole = in_bytes(f"{exchange.text}\n\n{text}") <= TEXT_BYTES
        if exchange.finished or self._clock.now() - exchange.at >= POLLED or not whole:
            return False
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        exchange.texts.append(text)
        exchange.asked.append(asked)
        exchange.last = self._clock.now()
        try:
            await within(self._clock, PICKUP, _result(asked))
        except TimeoutError:
            exchange.texts.remove(text)
            exchange.asked.remove(asked)
            return False
        return True

    async def _later(self, exchange: Exchange, text: str) -> None:
        url, exchange.later = exchange.later, ""
        try:
            async with self._session().post(url, json=words_body(text), timeout=POSTING) as answer:
                said = load(await answer.read())
        except aiohttp.ClientConnectorError:
            exchange.later = url
            raise Retry(Phrase("WeCom cannot be reached"), after=5.0) from None
        except (aiohttp.ClientError, TimeoutError, FrameError):
            raise InDoubt(Phrase("the connection ended before the answer")) from None
        if code := said.get("errcode"):
            error = fault(int(code), str(said.get("errmsg", "")))
            if isinstance(error, Retry):
                exchange.later = url
            raise Refused(error.reason) if isinstance(error, Expired) else error


async def _result(future: asyncio.Future[T]) -> T:
    return await future
