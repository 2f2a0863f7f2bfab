"""Our gateway ``wecom`` against the test server, with its callbacks behind a real web server."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web

from bot.gateways.adapter import Inlet
from bot.gateways.wecom import WeCom, WeComSettings
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, DeliveryClass, Receipt
from bot.model.event import BaseEvent
from bot.model.message import Image, Message, Segment
from bot.store.store import Store
from bot.testing.wecom import WeComServer

from .company import AGENT, SECRET

TOKEN, KEY = "QDG6eK", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def settings(server: WeComServer, **more: Any) -> dict[str, Any]:
    """What an operator pastes."""
    keys = {"secret": SECRET, "token": TOKEN, "aes_key": KEY, "api_url": server.url}
    return {"corp_id": server.corp_id, "agent_id": AGENT, **keys, **more}


def picture(text: str = "one") -> Image:
    """A PNG, as far as anybody here looks."""
    data = b"\x89PNG\r\n\x1a\n" + text.encode()
    return Image(url=f"data:image/png;base64,{b64encode(data).decode()}")


class Shop:
    """A node's gateway; what came stands in ``events``, how it is in ``status``."""

    def __init__(self, server: WeComServer, store: Store, **more: Any) -> None:
        self.server = server
        self.events: list[BaseEvent] = []
        self.status: list[str] = []
        self._numbers = count(1)
        inlet = Inlet(
            "wecom",
            self._accept,
            store.clock,
            alive=lambda: self.status.append("alive"),
            lost=self.status.append,
            store=store,
        )
        self.adapter = WeCom(inlet, WeComSettings.model_validate(settings(server, **more)))

    async def _accept(self, event: BaseEvent) -> bool:
        self.events.append(event)
        return True

    async def scans(self, *, name: str = "", code: bool = True, told: bool = True) -> str:
        """Somebody becomes a contact of Ann's and, unless not ``told``, we hear of it; their id."""
        customer = self.server.world.meet(name).external_userid
        self.server.world.add("ann", customer, code=code)
        if told:
            await self.server.callbacks.flush()
        return customer

    def delivery(
        self,
        *parts: str | Segment,
        priority: DeliveryClass = "notice",
        id: str = "",  # noqa: A002, as Delivery has it
        attempt: int = 0,
        **to: str,
    ) -> Delivery:
        """One delivery to ``group=…`` or ``account=…``."""
        return Delivery(
            id=id or f"d{next(self._numbers)}",
            to=Conversation(gateway="wecom", **to),
            message=Message.of(*parts),
            priority=priority,
            attempt=attempt,
        )

    async def say(self, *parts: str | Segment, **about: Any) -> Receipt:
        """Send a delivery."""
        return await self.adapter.send(self.delivery(*parts, **about))

    async def welcome(self, customer: str, *parts: str | Segment, **about: Any) -> Receipt:
        """Send a welcome."""
        words = parts or ("Welcome!",)
        return await self.say(*words, account=customer, priority="welcome", **about)


@asynccontextmanager
async def shop(server: WeComServer, store: Store, **more: Any) -> AsyncIterator[Shop]:
    """A gateway that WeCom calls back."""
    ours = Shop(server, store, **more)
    async with called(server, ours.adapter):
        try:
            yield ours
        finally:
            await ours.adapter.close()


@asynccontextmanager
async def called(server: WeComServer, adapter: Any) -> AsyncIterator[None]:
    """Let WeCom's callbacks come to an adapter."""
    app = web.Application()
    app.router.add_route("*", "/gateways/wecom", adapter.webhook)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        server.callbacks.to(f"http://{host}:{port}/gateways/wecom", TOKEN, KEY)
        yield
    finally:
        await server.callbacks.close()
        await runner.cleanup()
