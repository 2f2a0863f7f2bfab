"""A company on the test server, and clients of its app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import Clock
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.errors import WeComError
from bot.gateways.wecom.limits import Limits as OurLimits
from bot.store.store import Store
from bot.testing.wecom import WeComServer

AGENT, SECRET = 1000002, "app-secret"


@asynccontextmanager
async def company(clock: Clock, **about: Any) -> AsyncIterator[WeComServer]:
    """A served company with one app, and Ann and Ben who have customers."""
    server = WeComServer(clock, **about)
    server.app(AGENT, SECRET)
    server.world.hire("ann", "Ann")
    server.world.hire("ben", "Ben")
    async with server.serve():
        yield server


@asynccontextmanager
async def client(
    server: WeComServer,
    clock: Clock,
    store: Store | None = None,
    secret: str = SECRET,
    limits: OurLimits | None = None,
) -> AsyncIterator[WeComApi]:
    """Our client of the company's app."""
    api = WeComApi(server.url, server.corp_id, SecretStr(secret), clock, store, limits, Random(1))
    try:
        yield api
    finally:
        await api.close()


async def refused(api: WeComApi, path: str, body: dict[str, Any] | None = None) -> WeComError:
    """What a call that must be refused raises."""
    with pytest.raises(WeComError) as told:
        await (api.get(path) if body is None else api.post(path, body))
    return told.value


def text(to: str, words: str = "hello", **more: Any) -> dict[str, Any]:
    """An app message's body."""
    message = {"touser": to, "msgtype": "text", "agentid": AGENT, "text": {"content": words}}
    return message | more
