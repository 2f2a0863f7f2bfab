"""A running bot with its API on a real port, and tools that hold tokens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.tokens import SCOPES, Tokens
from tests.console.house import CONFIG, House, opened

_houses = count(1)


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.text)

    @property
    def at(self) -> list[tuple[str, str]]:
        """Where the faults of a problem are."""
        assert self.headers["Content-Type"].startswith("application/problem+json")
        return [(one["where"], one["at"]) for one in self.json["errors"]]


@dataclass(frozen=True)
class Tool:
    """Another system with a token."""

    client: ClientSession
    token: str

    async def ask(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **more: str
    ) -> Said:
        """One request under /api/v1."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        sent = None if data is None else BytesIO(data)
        async with self.client.request(
            method, f"/api/v1{path}", data=sent, headers=headers
        ) as answer:
            return Said(answer.status, answer.headers, await answer.text())

    async def get(self, path: str) -> Any:
        """What is there; fails on any refusal."""
        said = await self.ask("GET", path)
        assert said.status == 200, said.text
        return said.json


@dataclass
class Shop:
    """The bot, and tools made for it."""

    house: House

    @property
    def tokens(self) -> Tokens:
        """The tokens."""
        return Tokens(self.house.store)

    async def tool(
        self, *scopes: str, name: str = "shop", per_minute: int = 60_000, days: int = 1
    ) -> Tool:
        """A tool with these scopes, or all."""
        _, text = await self.tokens.make(
            name, scopes or SCOPES, "ann", seconds=days * 86_400, per_minute=per_minute
        )
        return self.holding(text)

    def holding(self, token: str) -> Tool:
        """A tool with this token."""
        client = ClientSession(self.house.url)
        self.house.clients.append(client)
        return Tool(client, token)

    async def audited(self) -> list[tuple[str, str, str]]:
        """Who did what on what, the newest first."""
        rows = await self.house.console.audit.recent()
        return [(change.who, change.what, change.on) for _, change in rows]


@pytest.fixture
async def shop(valkey: str) -> AsyncIterator[Shop]:
    """A running bot, without anybody in it."""
    async with opened(valkey, f"api{next(_houses)}") as house:
        yield Shop(house)


@pytest.fixture
async def strict(valkey: str) -> AsyncIterator[Shop]:
    """One where starting needs approval."""
    async with opened(valkey, f"strict{next(_houses)}", f"{CONFIG}\n[sop]\napproval = true") as one:
        yield Shop(one)
