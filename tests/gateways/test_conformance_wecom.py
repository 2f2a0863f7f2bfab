"""The WeCom adapter keeps the contract: its callbacks, its messages to staff, and what they tap."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.wecom import WeCom, WeComSettings
from bot.model.asking import AskKind
from bot.model.capabilities import SegmentKind
from bot.model.delivery import Misconfigured, Refused, Retry, SendError
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.conformance import AdapterConformance, Arrived, Platform, Put, Traits
from bot.testing.wecom import WeComServer
from bot.testing.wecom.mass import SENT
from bot.testing.wecom.variants import Variants

from .wecom.company import AGENT, SECRET
from .wecom.shop import KEY, TOKEN, settings

SENDS = ("message/send", "externalcontact/add_msg_template")
CODES: dict[type[SendError], int] = {Retry: 45009, Refused: 60011, Misconfigured: 48002}
NATIVE: Mapping[str, SegmentKind] = {
    "image": "image",
    "video": "video",
    "file": "file",
    "link": "link_card",
    "news": "link_card",
    "miniprogram": "mini_program",
}


class Company(WeComServer):
    """A company whose answer to the next message or task is lost when it is ``silent``."""

    silent = False

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        answer = await super()._answer(request)
        if self.silent and request.match_info["path"] in SENDS and request.transport:
            self.silent = False
            request.transport.abort()
        return answer


class WeComPlatform(Platform):
    """The test server: staff speak with the app, customers are reached by taps and welcomes."""

    traits = Traits(
        places=frozenset({"direct"}),
        overhears=False,
        acknowledged=True,
        ending="never",
        webhook=True,
        welcomes=True,
        reminders=3,
    )
    secrets = (SECRET, TOKEN, KEY)
    staff = "ann"

    def __init__(self, store: Store, clock: TestClock) -> None:
        super().__init__(clock)
        self.store = store
        self.server = Company(clock, variants=Variants(retry_after=0.0))
        self.server.app(AGENT, SECRET)
        world = self.server.world
        for number in range(20):
            world.hire(self.account(number))
        world.hire(self.staff)
        people = (self.account(0), self.account(1))
        self._groups = [
            world.create_group(self.staff, name, *people).chat_id for name in ("tea", "books")
        ]
        self._customers = [world.meet().external_userid for _ in range(2)]
        for customer in self._customers:
            world.add(self.staff, customer)
        self.server.callbacks.waiting.clear()  # before there was a bot
        self._last: dict[str, Any] = {}

    def group(self, number: int) -> str:
        return self._groups[number]

    def make(self, inlet: Inlet) -> Adapter:
        keys = settings(self.server)
        return WeCom(replace(inlet, store=self.store), WeComSettings.model_validate(keys))

    async def start(self, url: str) -> None:
        self.server.callbacks.to(url, TOKEN, KEY)
        assert await self.server.callbacks.verify()

    # people

    async def say(
        self, account: str, group: str | None, text: str, *, to_bot: bool = False
    ) -> bool:
        if group is not None:
            raise NotImplementedError
        self.server.world.say(account, AGENT, text)
        return await self._tell()

    async def join(self, account: str, group: str) -> bool:
        self.server.world.join(group, account)
        return await self._tell()

    async def leave(self, account: str, group: str) -> bool:
        world = self.server.world
        if account not in world.groups[group].members:
            world.join(group, account)
            self.server.callbacks.waiting.clear()
        world.leave(group, account)
        return await self._tell()

    async def repeat(self) -> bool:
        self.server.callbacks.waiting.append(self._last)
        return await self._tell()

    async def _tell(self) -> bool:
        posted = (await self.server.callbacks.flush())[-1]
        self._last = posted.fields
        return posted.statuses[-1] == 200

    async def sent(self) -> Sequence[Arrived]:
        server = self.server
        found = [_arrived(one.body, account=one.userid) for one in server.messages.received]
        found += [_arrived(one.body, account=one.external_userid) for one in server.welcomes.sent]
        for task in server.mass.tasks.values():
            kind = "account" if task.chat_type == "single" else "group"
            reached = [one.id for one in task.targets if one.status == SENT]
            found += [_arrived(task.body, **{kind: ident}) for ident in reached]
        return found

    # where staff confirm

    async def target(self, kind: AskKind, number: int) -> str:
        return self._customers[number] if kind == "direct" else self._groups[number]

    async def put(self) -> Sequence[Put]:
        waiting = [one for one in self.server.mass.tasks.values() if not one.cancelled]
        return [
            Put(staff, tuple(one.id for one in task.targets), *_content(task.body))
            for task in waiting
            for staff, tapped in task.tapped.items()
            if not tapped
        ]

    async def tap(self) -> None:
        for name, task in self.server.mass.tasks.items():
            if not task.cancelled and not task.tapped[self.staff]:
                self.server.mass.tap(name, self.staff)

    async def lose(self, target: str) -> None:
        self.server.world.removed_by_customer(self.staff, target)
        self.server.callbacks.waiting.clear()

    async def come(self) -> str:
        customer = self.server.world.meet().external_userid
        self.server.world.add(self.staff, customer)
        assert await self._tell()
        return customer

    # faults

    async def refuse(self, error: type[SendError]) -> None:
        for path in SENDS:
            self.server.refuse[path] = [CODES[error]]

    async def fall_silent(self) -> None:
        self.server.silent = True

    async def lock_out(self) -> None:
        apps = self.server.tokens.apps
        apps["another"] = apps.pop(SECRET)
        self.server.tokens.revoke()

    async def forge(self) -> int:
        self.server.callbacks.fail("signature")
        self.server.world.say(self.account(0), AGENT, "hello")
        return (await self.server.callbacks.flush())[-1].statuses[-1]


def _arrived(body: Mapping[str, Any], **who: str) -> Arrived:
    text, kinds = _content(body)
    return Arrived(who.get("group"), who.get("account"), text, kinds)


def _content(body: Mapping[str, Any]) -> tuple[str, tuple[SegmentKind, ...]]:
    """The words, and what else is shown, of an app's message or one with attachments."""
    kinds = [str(one["msgtype"]) for one in body.get("attachments", ())]
    kinds += [str(body.get("msgtype", ""))]
    text = str(body.get("text", {}).get("content", ""))
    return text, tuple(NATIVE[kind] for kind in kinds if kind in NATIVE)


class TestWeCom(AdapterConformance):
    @pytest.fixture
    async def platform(self, store: Store, clock: TestClock) -> AsyncIterator[Platform]:
        platform = WeComPlatform(store, clock)
        async with platform.server.serve():
            yield platform
