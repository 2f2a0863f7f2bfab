"""The group robots' adapter keeps the contract of one that only speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from aiohttp import web

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.wecom_robot import WeComRobot, WeComRobotSettings
from bot.model.capabilities import SegmentKind
from bot.model.delivery import Misconfigured, Refused, Retry, SendError
from bot.testing.conformance import AdapterConformance, Arrived, Platform, Traits
from bot.testing.wecom import WeComServer

SEND = "webhook/send"
KEYS = ("key-of-the-first-robot", "key-of-the-second-robot")
CODES: dict[type[SendError], int] = {Retry: 45009, Refused: 40008, Misconfigured: 93004}
NATIVE: Mapping[str, SegmentKind] = {"image": "image", "file": "file", "news": "link_card"}


class Company(WeComServer):
    """A company whose answer to the next message is lost when it is ``silent``."""

    silent = False

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        answer = await super()._answer(request)
        if self.silent and request.match_info["path"] == SEND and request.transport:
            self.silent = False
            request.transport.abort()
        return answer


class RobotPlatform(Platform):
    """Two groups, each with its robot; nobody can answer one."""

    traits = Traits(
        places=frozenset(),
        tells=frozenset(),
        repeats=frozenset(),
        ending="never",
        logins=False,
    )
    secrets = KEYS

    def __init__(self) -> None:
        super().__init__()
        self.server = Company(self.clock)
        self._robots = [self.server.robots.make(key) for key in KEYS]

    def make(self, inlet: Inlet) -> Adapter:
        robots = {self.group(number): key for number, key in enumerate(KEYS)}
        keys = {"robots": robots, "api_url": self.server.url}
        return WeComRobot(inlet, WeComRobotSettings.model_validate(keys))

    async def say(
        self, account: str, group: str | None, text: str, *, to_bot: bool = False
    ) -> bool:
        raise NotImplementedError

    async def repeat(self) -> bool:
        raise NotImplementedError

    async def sent(self) -> Sequence[Arrived]:
        return [
            Arrived(self.group(number), None, *_content(body))
            for number, robot in enumerate(self._robots)
            for body in robot.received
        ]

    async def refuse(self, error: type[SendError]) -> None:
        self.server.refuse[SEND] = [CODES[error]]

    async def fall_silent(self) -> None:
        self.server.silent = True


def _content(body: Mapping[str, Any]) -> tuple[str, tuple[SegmentKind, ...]]:
    """The words, and what else is shown; whom the words call is a mention each."""
    kind, text = str(body["msgtype"]), body.get("text", {})
    called: list[SegmentKind] = ["mention" for _ in text.get("mentioned_list", ())]
    shown = (NATIVE[kind],) if kind in NATIVE else ()
    return str(text.get("content", "")), (*called, *shown)


class TestGroupRobots(AdapterConformance):
    @pytest.fixture
    async def platform(self) -> AsyncIterator[Platform]:
        platform = RobotPlatform()
        async with platform.server.serve():
            yield platform
