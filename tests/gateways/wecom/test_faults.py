"""A fault an operator must end is told with what to do, not tried over and over, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from bot.gateways.supervision import Connection
from bot.gateways.wecom import WeCom, WeComSettings
from bot.gateways.wecom.callback import WRONG_COMPANY, WRONG_KEY, WRONG_TIME
from bot.gateways.wecom.errors import RULES, WeComError, failure
from bot.model.delivery import Misconfigured
from bot.model.event import BaseEvent
from bot.model.fault import Fault
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer

from .company import company
from .shop import settings

FOLLOWERS = "externalcontact/get_follow_user_list"
HOUR = 3600


class Supervised:
    """A gateway under supervision, in the test's time."""

    def __init__(self, server: WeComServer, store: Store, clock: TestClock) -> None:
        self.clock = clock
        ours = WeComSettings.model_validate(settings(server))
        self.connection = Connection(
            *("wecom", lambda inlet: WeCom(inlet, ours), _accepted, clock, Random(1)), store=store
        )

    @property
    def state(self) -> str:
        """How it is now."""
        return self.connection.status.state

    async def settles(self) -> None:
        """Wait until it is connected, or waits for a later time."""
        async with asyncio.timeout(10):
            while not self._settled:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.001)  # who was told to wait has begun to

    @property
    def _settled(self) -> bool:
        later = (self.connection.status.next_try or 0) > self.clock.now()
        return self.state == "online" or later

    async def passes(self, seconds: int) -> None:
        """Let time pass a minute at a time."""
        for _ in range(seconds // 60):
            self.clock.advance(60)
            await self.settles()


async def _accepted(event: BaseEvent) -> bool:
    return True


@asynccontextmanager
async def supervised(
    server: WeComServer, store: Store, clock: TestClock
) -> AsyncIterator[Supervised]:
    made = Supervised(server, store, clock)
    await made.connection.start()
    try:
        await made.settles()
        yield made
    finally:
        await made.connection.stop()


@pytest.mark.parametrize(
    ("code", "path", "do"),
    [
        (40001, "gettoken", "Secret"),
        (40013, "gettoken", "企业 ID"),
        (40091, "gettoken", "Secret"),
        (41001, FOLLOWERS, "proxy"),
        (48002, FOLLOWERS, "可调用接口的应用"),
        (60020, FOLLOWERS, "企业可信IP"),
        (60020, "gettoken", "企业可信IP"),
        (301002, FOLLOWERS, "AgentId"),
    ],
)
async def test_it_says_what_to_do_asks_ever_less_often_and_comes_back_once_mended(
    store: Store, clock: TestClock, code: int, path: str, do: str
) -> None:
    async with company(clock) as server:
        server.refuse[path] = [code] * 1000
        async with supervised(server, store, clock) as ours:
            status = ours.connection.status
            assert ours.state == "misconfigured"
            assert str(code) in status.last_error
            assert do in status.remedy
            assert status.next_try == clock.now() + 60_000
            await ours.passes(3 * HOUR)
            assert ours.state == "misconfigured"
            assert 3 <= server.asked[path] <= 8
            server.refuse.clear()
            await ours.passes(HOUR)
            assert ours.state == "online"
            assert ours.connection.status.next_try is None


@pytest.mark.parametrize("code", [45009, 45099])
async def test_however_a_banned_address_is_answered_it_asks_ever_less_often(
    store: Store, clock: TestClock, code: int
) -> None:
    async with company(clock) as server:
        server.refuse["gettoken"] = [code] * 1000
        async with supervised(server, store, clock) as ours:
            await ours.passes(3 * HOUR)
            assert ours.state == "waiting"
            assert str(code) in ours.connection.status.last_error
            assert 3 <= server.asked["gettoken"] <= 8
            server.refuse.clear()
            await ours.passes(HOUR)
            assert ours.state == "online"


async def test_the_address_wecom_saw_is_told_and_what_was_mended_can_be_tried_at_once(
    store: Store, clock: TestClock
) -> None:
    async with company(clock) as server:
        server.trusted = frozenset({"192.0.2.1"})
        async with supervised(server, store, clock) as ours:
            await ours.passes(HOUR)
            assert "127.0.0.1" in ours.connection.status.remedy
            server.trusted = None
            await ours.connection.adapter.refresh()
            ours.connection.retry()
            while ours.state != "online":
                await asyncio.sleep(0.001)


async def test_a_wrong_secret_is_not_tried_more_often_by_pressing_a_button(
    store: Store, clock: TestClock
) -> None:
    async with company(clock) as server:
        server.refuse["gettoken"] = [40001] * 1000
        async with supervised(server, store, clock) as ours:
            for _ in range(20):
                await ours.connection.adapter.refresh()
                ours.connection.retry()
                await asyncio.sleep(0.005)
                await ours.settles()
            assert server.asked["gettoken"] == 1


async def test_a_fault_that_comes_later_is_told_and_not_tried_over_and_over(
    store: Store, clock: TestClock
) -> None:
    async with company(clock) as server:
        server.world.add("ann", server.world.meet("Bo").external_userid)
        async with supervised(server, store, clock) as ours:
            adapter = ours.connection.adapter
            assert isinstance(adapter, WeCom)
            while not (await adapter.sync.status()).complete:
                await asyncio.sleep(0.005)
            server.trusted = frozenset({"192.0.2.1"})
            asked = sum(server.asked.values())
            for _ in range(6 * 60):
                clock.advance(60)
                await asyncio.sleep(0.002)
            [fault] = await _faults(ours)
            assert isinstance(fault, Fault)
            assert "broken off" in fault
            assert "企业可信IP" in fault.remedy
            assert sum(server.asked.values()) - asked <= 40  # a count by path and one by app


async def _faults(ours: Supervised) -> tuple[str, ...]:
    """What it tells once it has something to tell."""
    async with asyncio.timeout(10):
        while not (found := (await ours.connection.adapter.health()).faults):
            await asyncio.sleep(0.005)
        return found


def test_every_fault_an_operator_must_end_says_how() -> None:
    told = {code: failure(WeComError(code, "")) for code, rule in RULES.items() if rule.do == "fix"}
    assert {40001, 40013, 40091, 40056, 41001, 48002, 50001, 60020, 301002} <= told.keys()
    for code, error in told.items():
        assert isinstance(error, Misconfigured)
        assert isinstance(error.reason, Fault), code
        assert len(error.reason.remedy) > 20, code
    for fault in (WRONG_KEY, WRONG_COMPANY, WRONG_TIME):
        assert len(fault.remedy) > 20


def test_problem_and_remedy_are_translated() -> None:
    reason = failure(
        WeComError(60020, "not allow to access from your ip, from ip: 192.0.2.7")
    ).reason
    assert isinstance(reason, Fault)
    chinese = {"{what} WeCom saw {address}.": "{what}企业微信看到的是 {address}。"}
    said = reason.remedy.said(lambda text: chinese.get(text, "做这个。"))
    assert said == "做这个。企业微信看到的是 192.0.2.7。"
