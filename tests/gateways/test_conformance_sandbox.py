"""The sandbox keeps the contract, as it is and with its switches the other way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.sandbox import Sandbox, SandboxSettings, World
from bot.gateways.sandbox.door import Door
from bot.gateways.sandbox.world import Said
from bot.model.delivery import Refused, SendError
from bot.model.message import Text, Unknown
from bot.store.bell import Bell
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.conformance import AdapterConformance, Arrived, Platform, Traits


class SandboxPlatform(Platform):
    """The sandbox's own door, as programs use it, and its feed, as people read it."""

    traits = Traits(
        acknowledged=True,
        ending="never",
        refusals=frozenset({Refused}),
        silence=False,
        logins=False,
    )

    def __init__(self, store: Store, clock: TestClock, settings: SandboxSettings) -> None:
        super().__init__(clock)
        self.store = store
        self.world = World(store, Bell())
        self.settings = settings
        self._door: Door | None = None
        self._number = 0
        self._last: dict[str, Any] = {}

    def make(self, inlet: Inlet) -> Adapter:
        self._door = Door(inlet.gateway, self.world, inlet.accept, inlet.clock, Random(1), False)
        return Sandbox(inlet, self.settings, self.world)

    async def __aenter__(self) -> SandboxPlatform:
        await self.world.make_group(self.group(0))
        for number in (0, 1):
            await self.world.enter(self.group(0), self.account(number))
        app = web.Application()
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        assert self._door
        return await self._door.guarded(self._door.take)(request)

    async def say(
        self, account: str, group: str | None, text: str, *, to_bot: bool = False
    ) -> bool:
        words = f"@bot {text}" if to_bot and group else text
        return await self._tell("message", account, group, words)

    async def join(self, account: str, group: str) -> bool:
        return await self._tell("member_joined", account, group)

    async def leave(self, account: str, group: str) -> bool:
        return await self._tell("member_left", account, group)

    async def repeat(self) -> bool:
        host, port = self._runner.addresses[0][:2]
        async with self._session.post(f"http://{host}:{port}/", json=self._last) as answer:
            return answer.status == 202

    async def _tell(self, kind: str, account: str, group: str | None, text: str = "") -> bool:
        self._number += 1
        self._last = {
            "id": f"event-{self._number}",
            "type": kind,
            "group": group,
            "member": {"id": account},
            "text": text,
        }
        return await self.repeat()

    async def sent(self) -> Sequence[Arrived]:
        feed = await self.world.feed(limit=1000)
        return [_arrived(said) for _, said in feed if said.by is None]

    async def left_there(self) -> Sequence[Arrived]:
        feed = await self.world.feed(limit=1000)
        return [_arrived(said) for _, said in feed if said.by is None and said.what == "message"]

    async def is_in(self, account: str, group: str) -> bool:
        return account in await self.world.members(group)

    async def refuse(self, error: type[SendError]) -> None:
        if error is not Refused:
            raise NotImplementedError
        await self.store.call("HDEL", self.store.keys.sandbox_groups(), self.group(0))


def _arrived(said: Said) -> Arrived:
    segments = said.message.segments
    return Arrived(
        group=said.group,
        account=said.member,
        text="".join(one.text for one in segments if isinstance(one, Text)),
        kinds=tuple(one.kind for one in segments if not isinstance(one, Text | Unknown)),
    )


class _SandboxConformance(AdapterConformance):
    settings = SandboxSettings()

    @pytest.fixture
    async def platform(self, store: Store, clock: TestClock) -> AsyncIterator[Platform]:
        async with SandboxPlatform(store, clock, self.settings) as platform:
            yield platform


class TestSandbox(_SandboxConformance):
    pass


class TestSwitched(_SandboxConformance):
    settings = SandboxSettings(idempotent=False, send_direct=False, text_only=True, invite=True)
