"""A company on the test server and what we make of it: callbacks in, events handled, lists read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

from bot.clock import Days
from bot.delivery.inbox import Inbox
from bot.gateways.adapter import Inlet
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.events import read
from bot.gateways.wecom.notes import written
from bot.gateways.wecom.settings import WeComSettings
from bot.gateways.wecom.sync import Sync
from bot.gateways.wecom.xml import parse
from bot.metrics import Metrics
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.event import BaseEvent
from bot.routing.contexts import Contexts
from bot.routing.dispatcher import Dispatcher
from bot.routing.presence import Presence
from bot.store.bell import Bell
from bot.store.facts import Facts
from bot.store.members import Group, Members
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer
from bot.testing.wecom.callbacks import xml

from .caller import KEYS
from .company import client, company

GATEWAY = "wecom"


class Mirror:
    """``server`` is the truth; ``heard`` are the events handlers were given."""

    def __init__(
        self, server: WeComServer, api: WeComApi, store: Store, clock: TestClock, **settings: Any
    ) -> None:
        self.server, self.world, self.store, self.clock = server, server.world, store, clock
        self.api = api
        self.settings = WeComSettings.model_validate(KEYS | settings)
        self.heard: list[BaseEvent] = []
        self.accepted: list[BaseEvent] = []
        self._bell = Bell()
        self._inbox = Inbox(store, self._bell)
        self.members = Members(store)
        self._facts = Facts(store)
        self.sync = self.another()
        contexts = Contexts(
            store=store,
            members=self.members,
            facts=self._facts,
            writer=cast(Any, None),
            capabilities=lambda gateway: Capabilities(),
            role=lambda gateway, account: None,
            workspace={},
            translate=str,
        )
        rule = SimpleNamespace(role=None, payload=self._hear)
        index = SimpleNamespace(match=lambda event: [SimpleNamespace(rule=rule)])
        self.dispatcher = Dispatcher(
            *("node", self._inbox, cast(Any, index), contexts),
            *(Presence(Days("Asia/Shanghai")), self._bell, Metrics()),
        )

    def another(self) -> Sync:
        """The sync of one more node."""
        inlet = Inlet(GATEWAY, self.accept, self.clock, lambda: None)
        return Sync(self.api, inlet, self.settings, self.store)

    async def accept(self, event: BaseEvent) -> bool:
        self.accepted.append(event)
        return await self._inbox.accept(event)

    async def _hear(self, ctx: Any, match: Any) -> None:
        self.heard.append(ctx.event)

    # what WeCom tells

    async def tell(self, *which: dict[str, Any], lists: str = "items") -> None:
        """These callbacks come, or all that wait; ``lists`` as ``Variants.member_list``."""
        if not which:
            which = tuple(self.server.callbacks.waiting)
            self.server.callbacks.waiting = []
        for fields in which:
            root = parse(xml(fields, lists).encode())
            report = read(root, GATEWAY, self.settings.unconfirmed.join_scenes)
            for event in report.events:
                await self.accept(event)
            for note in report.notes:
                await self.store.call("RPUSH", self.store.keys.wecom_notes(GATEWAY), written(note))
                await self.store.call("EXPIRE", self.store.keys.wecom_notes(GATEWAY), 60)

    def lose(self) -> None:
        """Callbacks that wait never come."""
        self.server.callbacks.waiting = []

    async def turn(self, seconds: float = 0) -> None:
        """Time passes, then the sync has its turn, and everything is handled."""
        self.clock.advance(seconds)
        await self.settle()
        await self.sync.turn()
        await self.settle()

    async def round(self) -> None:
        """All lists are compared, a while after anything happened, and what is left over again."""
        self.clock.advance(90)
        self.sync.soon()
        await self.turn()
        for _ in range(3):
            await self.turn(61)

    async def settle(self) -> None:
        """Wait until every event was handled."""
        keys = self.store.keys
        async with asyncio.timeout(10):
            while True:
                self._bell.ring("inbox")
                waiting = await self.store.call("EXISTS", keys.inbox_ready(), keys.inbox_owner())
                if not waiting and not self.dispatcher.busy:
                    return
                await asyncio.sleep(0.001)

    # what we know

    async def group(self, chat: str) -> Group | None:
        """A group of ours."""
        where = Conversation(gateway=GATEWAY, group=chat).key
        number = await self.store.text("HGET", self.store.keys.group_ids(), where)
        return await self.members.group(int(number)) if number else None

    async def present(self, chat: str) -> set[str]:
        """Who we think is in a group."""
        group = await self.group(chat)
        assert group
        return await self._accounts(self.store.keys.group_present(group.number))

    async def tagged(self, tag: str) -> set[str]:
        """Who has a tag of ours."""
        return await self._accounts(self.store.keys.tag(tag))

    async def contacts(self, staff: str) -> set[str]:
        """Whom we think a staff member has."""
        key = self.store.keys.contacts(GATEWAY, staff)
        numbers = await self.store.texts("ZRANGEBYSCORE", key, "(0", "+inf")
        return {await self._account(int(number)) for number in numbers}

    async def number(self, account: str) -> int:
        """An account's member number."""
        return await self.members.number(GATEWAY, Account(id=account))

    async def _accounts(self, fact: str) -> set[str]:
        return {await self._account(number) for number in await self._facts.numbers(fact)}

    async def _account(self, number: int) -> str:
        account = await self.members.account(number, GATEWAY)
        assert account
        return account


@asynccontextmanager
async def mirror(store: Store, clock: TestClock, **about: Any) -> AsyncIterator[Mirror]:
    """A company with Ann and Ben, and us; ``settings`` are those of the gateway."""
    settings = about.pop("settings", {})
    async with company(clock, **about) as server, client(server, clock) as api:
        made = Mirror(server, api, store, clock, **settings)
        await made.dispatcher.start()
        try:
            yield made
        finally:
            await made.dispatcher.stop()
