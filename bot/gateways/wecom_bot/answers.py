"""Answers: how a bot that only gets callbacks speaks, in streams WeCom asks about and once later.

Facts from documents 101031 and 101138: a message opens a stream which WeCom polls for six
minutes; each poll gets the whole text so far; ``response_url`` takes one message within the hour.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp

from bot.clock import Clock
from bot.gateways.frames import FrameError, load
from bot.gateways.pieces import in_bytes
from bot.gateways.wecom_bot.errors import Expired, Faults
from bot.gateways.wecom_bot.exchanges import Exchange, Exchanges
from bot.gateways.wecom_bot.message import TEXT_BYTES, stream_body, words_body
from bot.gateways.wecom_bot.settings import WeComBotSettings
from bot.model.conversation import Conversation
from bot.model.delivery import InDoubt, Refused, Retry
from bot.model.phrase import Phrase
from bot.store.bell import Bell
from bot.store.line import StoreError

POLLED = 350_000
"""Milliseconds after a message in which WeCom still asks for its stream: six minutes, nearly."""
LINGER = 2_000
"""Milliseconds after the last words until a stream is finished: another message may follow."""
PICKUP = 10_000
"""Milliseconds until words nobody asked for are sent another way."""
GREETING = 4_000
"""Milliseconds a callback may wait for a greeting, within the five seconds WeCom gives."""
LOOK = 0.2
"""Seconds until another node's doings are seen."""
POSTING = aiohttp.ClientTimeout(total=10)


class Answers:
    """Says things to messages that came to any node; WeCom may ask any node for them."""

    def __init__(
        self,
        exchanges: Exchanges,
        clock: Clock,
        session: Callable[[], aiohttp.ClientSession],
        settings: WeComBotSettings,
    ) -> None:
        self._exchanges = exchanges
        self._clock = clock
        self._session = session
        self._settings = settings
        self._faults = Faults(settings.passing_codes)
        self._bell = Bell()

    async def open(self, where: Conversation, message: str, later: str) -> dict[str, Any]:
        """The stream to answer a message with, the same when the message comes again."""
        name = self._exchanges.name(where, message)
        await self._exchanges.begin(name, Exchange(where.key, self._clock.now(), later))
        return stream_body(name, self._settings.waiting_text, finish=False)

    async def poll(self, name: str) -> dict[str, Any]:
        """What the stream holds now, finished when no more is to be expected."""
        now = self._clock.now()

        def asked(one: Exchange) -> Exchange:
            quiet = now - one.last >= LINGER if one.said else self._given_up(one, now)
            return one.asking(finished=quiet)

        found = await self._exchanges.change(name, asked)
        if found is None:
            return stream_body(name, self._settings.waiting_text)
        if found.said:
            self._bell.ring("asked")
        text = found.text or self._settings.waiting_text
        return stream_body(name, text, finish=found.finished)

    def _given_up(self, exchange: Exchange, now: int) -> bool:
        return now - exchange.at >= self._settings.patience * 1000

    async def await_greeting(self, where: Conversation, event: str) -> str:
        """Somebody opened the chat; the exchange in which a greeting is waited for.

        Begun before their coming is kept, for the greeting may be faster than that.
        """
        name = self._exchanges.name(where, event)
        await self._exchanges.begin(name, Exchange(where.key, self._clock.now(), greets=True))
        return name

    async def greeting(self, name: str) -> str:
        """What is said to who opened the chat, "" when nothing is in time."""
        ends = self._clock.now() + GREETING
        while self._clock.now() < ends:
            found = await self._exchanges.get(name)
            if found is None or found.said or found.finished:
                break
            await self._bell.wait("said", LOOK)
        said = await self._exchanges.change(name, lambda one: one.asking(finished=True))
        self._bell.ring("asked")
        return said.text if said else ""

    async def say(self, where: Conversation, ident: str, text: str) -> None:
        """Say it as a greeting or in the newest stream, else through an unused response_url.

        What was said under this id before is not said again. Raises Refused where nobody wrote
        in the last hour or all answers are used up, Retry, InDoubt, and StoreError.
        """
        found = await self._exchanges.of(where)
        for greets in (True, False):
            newest = next((name for name, one in found if one.greets is greets), None)
            if newest and await self._offer(newest, ident, text):
                return
        for name, _ in found:
            if later := await self._take_later(name):
                await self._post(name, later, text)
                return
        reason = Phrase("by callbacks an AI bot can only answer, and each message only for so long")
        raise Refused(reason)

    async def _offer(self, name: str, ident: str, text: str) -> bool:
        """Whether WeCom asked for the words in time."""
        now = self._clock.now()

        def add(one: Exchange) -> Exchange:
            fits = not one.says(ident) and self._takes(one, text, now)
            return one.adding(ident, text, now) if fits else one

        found = await self._exchanges.change(name, add)
        self._bell.ring("said")
        while found and found.says(ident):
            if found.told(ident):
                return True
            if self._clock.now() - now >= PICKUP:
                found = await self._exchanges.change(name, lambda one: one.without(ident))
                continue
            await self._bell.wait("asked", LOOK)
            found = await self._exchanges.get(name)
        return False

    def _takes(self, exchange: Exchange, text: str, now: int) -> bool:
        if exchange.finished:
            return False
        if exchange.greets:
            return not exchange.said and now - exchange.at < GREETING
        whole = in_bytes(f"{exchange.text}\n\n{text}")
        return now - exchange.at < POLLED and whole <= TEXT_BYTES

    async def _take_later(self, name: str) -> str:
        """The address of one later answer, which is used up then; "" when there is none."""
        while (found := await self._exchanges.get(name)) and found.later:
            if self._clock.now() - found.at >= self._settings.answer_seconds * 1000:
                break
            if await self._exchanges.swap(name, found, replace(found, later="")):
                return found.later
        return ""

    async def _post(self, name: str, url: str, text: str) -> None:
        try:
            async with self._session().post(url, json=words_body(text), timeout=POSTING) as answer:
                said = load(await answer.read())
        except aiohttp.ClientConnectorError:
            await self._give_back(name, url)
            raise Retry(Phrase("WeCom cannot be reached"), after=5.0) from None
        except (aiohttp.ClientError, TimeoutError, FrameError):
            raise InDoubt(Phrase("the connection ended before the answer")) from None
        if code := said.get("errcode"):
            error = self._faults.fault(int(code), str(said.get("errmsg", "")))
            if isinstance(error, Retry):
                await self._give_back(name, url)
            raise Refused(error.reason) if isinstance(error, Expired) else error

    async def _give_back(self, name: str, url: str) -> None:
        with suppress(StoreError):
            await self._exchanges.change(name, lambda one: replace(one, later=url))
