"""Our side in adapter tests: a supervised OneBot 11 gateway with its web address."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from aiohttp import web

from bot.gateways.onebot11 import OneBot11, OneBot11Settings
from bot.gateways.supervision import Connection, Status
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, Receipt
from bot.model.event import BaseEvent
from bot.model.message import Message, Segment

from .clock import MovableClock


class Gateway:
    """A running gateway named ``qq``; its events wait in ``events``, its changes in ``changes``."""

    def __init__(self, **settings: Any) -> None:
        self.clock = MovableClock()
        self.events: asyncio.Queue[BaseEvent] = asyncio.Queue()
        self.away = False
        self.changes: list[Status] = []
        self._changed = asyncio.Event()
        self._mark = 0
        chosen = OneBot11Settings.model_validate(settings)
        self.connection = Connection(
            "qq",
            lambda inlet: OneBot11(inlet, chosen),
            self._accept,
            self.clock,
            Random(1),
            on_change=self._change,
        )
        adapter = self.connection.adapter
        assert isinstance(adapter, OneBot11)
        self.adapter = adapter

    async def _accept(self, event: BaseEvent) -> bool:
        if self.away:
            raise ConnectionError("the store is away")
        self.events.put_nowait(event)
        return True

    def _change(self, status: Status) -> None:
        self.changes.append(status)
        self._changed.set()

    async def __aenter__(self) -> Gateway:
        # The application's own limit is left at aiohttp's 1 MB: ours must not depend on it.
        app = web.Application()
        app.router.add_route("*", "/gateways/qq", self.adapter.webhook)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._address = "{}:{}/gateways/qq".format(*self._runner.addresses[0][:2])
        await self.connection.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.stop()
        await self._runner.cleanup()

    @property
    def ws_url(self) -> str:
        return f"ws://{self._address}"

    @property
    def http_url(self) -> str:
        return f"http://{self._address}"

    @property
    def status(self) -> Status:
        return self.connection.status

    async def becomes(self, state: str, reason: str = "") -> None:
        """Wait for a state, and for words in its reason."""
        while self.status.state != state or reason not in self.status.last_error:
            self._changed.clear()
            await self._changed.wait()

    async def passes(self, state: str, reason: str = "") -> None:
        """Let time fly until a state was seen, with these words in its reason."""
        while True:
            while self._mark < len(self.changes):
                seen = self.changes[self._mark]
                self._mark += 1
                if seen.state == state and reason in seen.last_error:
                    return
            await self.clock.advance(0.5)
            await asyncio.sleep(0.001)

    async def next(self) -> BaseEvent:
        return await asyncio.wait_for(self.events.get(), 10)

    async def say(self, *parts: str | Segment, **to: str) -> Receipt:
        """Send to ``group=…`` or ``account=…``."""
        conversation = Conversation(gateway="qq", **to)
        return await self.adapter.send(
            Delivery(id="d1", to=conversation, message=Message.of(*parts))
        )
