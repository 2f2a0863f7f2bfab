"""A bot behind its real web server, and what was written while a test tried to break it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.app import App
from bot.clock import SystemClock
from bot.config import Config
from bot.server import Server
from bot.settings.server import GatewaySettings, WebSettings
from bot.settings.welcome import WelcomeMessage, WelcomeSettings
from bot.store.address import unix
from bot.store.store import Store
from bot.surface.surface import Surface

HARMLESS = ("nodes", "gateway:owner", "fence", "hits:", "console:tries", "counters")
"""Keys that chores write by themselves, and what only counts."""


@dataclass
class House:
    """The bot and a way to its doors."""

    app: App
    base: str
    http: aiohttp.ClientSession
    routes: list[web.RouteDef]
    _after: str = field(default="0")

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, str]:
        """Post bytes as they are, anything else as JSON; status and text of the answer."""
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        sent = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        url = self.base + path
        async with self.http.post(url, data=io.BytesIO(data), headers=sent) as answer:
            return answer.status, await answer.text(errors="replace")

    async def event(self, **fields: Any) -> tuple[int, str]:
        """Post an event to the sandbox's door; a message of u1 in tea unless told otherwise."""
        event = {"type": "message", "group": "tea", "member": {"id": "u1", "name": "小明"}}
        return await self.post("/sandbox/api/events", event | fields)

    async def says(self, text: str, **fields: Any) -> None:
        status, answer = await self.event(text=text, **fields)
        assert status == 202, answer

    async def hears(self, count: int = 1) -> list[dict[str, Any]]:
        """The next messages of the bot."""
        found: list[dict[str, Any]] = []
        async with asyncio.timeout(15):
            while len(found) < count:
                query = {"after": self._after, "wait": "10"}
                url = f"{self.base}/sandbox/api/messages"
                async with self.http.get(url, params=query) as answer:
                    assert answer.status == 200, await answer.text()
                    page = await answer.json()
                self._after = page["next"]
                found += page["messages"]
        return found

    async def written(self) -> dict[str, bytes | None]:
        """Everything in the store, except what is written all the time."""
        store = self.app.store
        names = await store.call("KEYS", f"{store.prefix}*")
        kept = [n for n in names if not n.removeprefix(store.prefix.encode()).startswith(_harmless)]
        return {n.decode("utf-8", "replace"): await store.call("DUMP", n) for n in kept}


_harmless = tuple(word.encode() for word in HARMLESS)


@pytest.fixture
async def house(valkey: str, store: Store, tmp_path: Path) -> AsyncIterator[House]:
    hook = GatewaySettings(adapter="onebot11", mode="http", api_url="http://127.0.0.1:9/")  # type: ignore[call-arg]
    config = Config(
        workspace=store.keys.workspace,
        data_dir=tmp_path,
        handlers=("handlers.welcome", "tests.promises.echo", "tests.promises.asking"),
        web=WebSettings(port=0),
        welcome=WelcomeSettings(
            messages=(WelcomeMessage(text="欢迎 {{ member.name }} 来到 {{ group.name }}"),),
            window=0.0,
        ),
        gateways={"hook": hook, "line": GatewaySettings(adapter="onebot11")},
    )
    app = App(config, SystemClock(), Random(1), unix(valkey))
    async with app:
        surface = Surface(app)
        routes = surface.routes()
        async with Server(app, routes) as server, aiohttp.ClientSession() as http:
            await surface.start(server.port)
            yield House(app, f"http://127.0.0.1:{server.port}", http, routes)
            await surface.stop()
