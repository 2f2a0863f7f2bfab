"""A shop that listens: a real web server on loopback, which checks what it is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

import pytest
import standardwebhooks.webhooks
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from bot.clock import Clock, utc

Respond = Callable[["Heard"], Awaitable[web.Response]]


@dataclass(frozen=True)
class Heard:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    text: str

    @property
    def id(self) -> str:
        """What the message is called."""
        return self.headers["webhook-id"]

    @property
    def body(self) -> Any:
        """What it says."""
        return json.loads(self.text)

    def verified(self, secret: str) -> Any:
        """The body, when a judge of others says it is signed by ``secret``."""
        return Webhook(secret).verify(self.text, self.headers)


@dataclass
class Receiver:
    """What came, and how it is answered."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses of the next answers; then ``status``."""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    respond: Respond | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, number: int) -> list[Heard]:
        """Everything heard, once it is that many."""
        async with asyncio.timeout(10):
            while len(self.heard) < number:
                self._news.clear()
                await self._news.wait()
        return self.heard

    async def take(self, request: web.Request) -> web.Response:
        """One request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        heard = Heard(request.path_qs, headers, await request.text())
        self.heard.append(heard)
        self._news.set()
        if self.respond:
            return await self.respond(heard)
        status = self.answers.pop(0) if self.answers else self.status
        text = "x" * 100_000 if status == 500 else ""
        return web.Response(status=status, text=text, headers=self.headers)


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver, app = Receiver(), web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def judge_by(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the judge look at the test's clock, also when that is far from today."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Then:
            return cls.fromtimestamp(utc(clock.now()).timestamp(), tz)

    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", Then)
