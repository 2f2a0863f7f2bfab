"""Our side in these tests: a supervised AI-bot gateway named ``bot``, with its web address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any

from aiohttp import web

from bot.gateways.supervision import Connection, Status
from bot.gateways.wecom_bot import WeComBot, WeComBotSettings
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, DeliveryClass, Receipt
from bot.model.event import BaseEvent
from bot.model.message import Message, Segment
from bot.store.store import Store
from bot.testing.wecom_bot import AiBotServer, Variants

from ..clock import MovableClock


class Bot:
    """A running gateway; its events wait in ``events``. ``forgets``: the inbox had it already."""

    def __init__(self, store: Store, clock: MovableClock, **settings: Any) -> None:
        self.clock = clock
        self.events: asyncio.Queue[BaseEvent] = asyncio.Queue()
        self.away = False
        self.url = ""
        self.seen: set[str] = set()
        self._changed = asyncio.Event()
        self._numbers = 0
        chosen = WeComBotSettings.model_validate(settings)
        self.connection = Connection(
            "bot",
            lambda inlet: WeComBot(replace(inlet, address=self._address), chosen),
            self._accept,
            clock,
            Random(1),
            on_change=lambda _: self._changed.set(),
            store=store,
        )
        adapter = self.connection.adapter
        assert isinstance(adapter, WeComBot)
        self.adapter = adapter

    def _address(self) -> str:
        return self.url.removesuffix("/gateways/bot")

    async def _accept(self, event: BaseEvent) -> bool:
        if self.away:
            raise ConnectionError("the store is away")
        if event.id in self.seen:
            return False
        self.seen.add(event.id)
        self.events.put_nowait(event)
        return True

    async def __aenter__(self) -> Bot:
        app = web.Application()
        app.router.add_route("*", "/gateways/bot", self.adapter.webhook)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = "http://{}:{}/gateways/bot".format(*self._runner.addresses[0][:2])
        await self.connection.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.stop()
        await self._runner.cleanup()

    @property
    def status(self) -> Status:
        return self.connection.status

    async def becomes(self, state: str, reason: str = "") -> None:
        while self.status.state != state or reason not in self.status.last_error:
            self._changed.clear()
            await self._changed.wait()

    async def flies(self, state: str, reason: str = "") -> None:
        """Let time fly until it is so."""
        while self.status.state != state or reason not in self.status.last_error:
            await self.clock.advance(0.5)
            await asyncio.sleep(0.001)

    async def next(self) -> BaseEvent:
        return await asyncio.wait_for(self.events.get(), 10)

    async def say(
        self,
        *parts: str | Segment,
        priority: DeliveryClass = "reply",
        id: str = "",  # noqa: A002, as Delivery has it
        **to: str,
    ) -> Receipt:
        """Send to ``group=…`` or ``account=…``."""
        self._numbers += 1
        return await self.adapter.send(
            Delivery(
                id=id or f"d{self._numbers}",
                to=Conversation(gateway="bot", **to),
                message=Message.of(*parts),
                priority=priority,
            )
        )


@asynccontextmanager
async def online(
    store: Store, variants: Variants | None = None, **settings: Any
) -> AsyncIterator[tuple[AiBotServer, Bot]]:
    """A server and a bot that is subscribed there."""
    clock = MovableClock()
    async with AiBotServer(clock, variants=variants) as wecom:
        chosen = {"url": wecom.url, "bot_id": wecom.bot_id, "secret": wecom.secret}
        async with Bot(store, clock, **(chosen | settings)) as bot:
            await bot.becomes("online")
            yield wecom, bot
