"""The clock jumps an hour, back or forth, during traffic: nothing is lost, doubled or stuck."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bot.delivery.inbox import HALF_DAY
from bot.model.capabilities import Capabilities, Rate
from bot.model.conversation import Account
from bot.model.delivery import Delivery, Retry
from bot.model.event import MemberJoined
from bot.settings.welcome import WelcomeMessage, WelcomeSettings
from bot.store.address import unix
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.welcome.scripts import configured
from tests.promises.stage import GATEWAY, Ear, StageApp, busiest, time_flies, until

HOUR = 3600

Make = Callable[..., StageApp]


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def node(valkey: str, store: Store, clock: TestClock, ear: Ear, tmp_path: Path) -> Make:
    def make(name: str = "a") -> StageApp:
        return StageApp(ear, store.keys.workspace, tmp_path / name, clock, unix(valkey))

    return make


async def jumps(clock: TestClock, seconds: float, *nodes: StageApp) -> None:
    """Set the clock, and let every node see it."""
    await until(lambda: all(node._latest == clock.now() for node in nodes))
    clock.advance(seconds)
    await until(lambda: all(node._latest == clock.now() for node in nodes))


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
async def test_questions_and_a_broadcast_go_on(
    node: Make, ear: Ear, clock: TestClock, jump: int
) -> None:
    ear.can = Capabilities(account_rate=Rate(count=40, seconds=1))
    async with node("a") as one, node("b") as two:
        for number in range(150):
            await one.queue(f"news {number}", f"g{number}")
            await two.say(f"e{number}", f"echo {number}", f"c{number % 5}")
            if number % 50 == 25:
                await jumps(clock, jump, one, two)
        began = clock.now()
        await time_flies([one, two], lambda: len(ear.heard) >= 300)
        assert clock.now() - began < 60_000, "something waited for the clock to come round"
    assert sorted(ear.texts()) == sorted(
        [*(f"news {n}" for n in range(150)), *(f"heard {n}" for n in range(150))]
    )


async def test_the_limits_hold_in_true_time_when_the_clock_goes_back(
    node: Make, ear: Ear, clock: TestClock
) -> None:
    true, went_back = [], 0

    async def answer(_: Delivery) -> None:
        true.append(clock.now() + went_back)

    ear.answer, ear.can = answer, Capabilities(account_rate=Rate(count=20, seconds=1))
    async with node() as app:
        for number in range(120):
            await app.queue(f"{number}", f"g{number}")
        for heard in (5, 6, 50, 80):
            await time_flies([app], partial(reached, true, heard))
            clock.advance(-HOUR)
            went_back += HOUR * 1000
            await until(lambda: app._latest == clock.now())
        await time_flies([app], lambda: len(true) == 120)
    assert busiest(true, 1000) <= 20
    assert true[-1] - true[0] < 12_000, "nor are they tighter than they should be"


def reached(true: list[int], heard: int) -> bool:
    return len(true) >= heard


async def test_an_event_told_again_after_the_clock_went_back_is_known(
    node: Make, ear: Ear, clock: TestClock
) -> None:
    clock.advance(HALF_DAY - clock.now() / 1000 % HALF_DAY + 60)  # just past the half day
    async with node() as app:
        assert await app.say("e1", "echo 1")
        clock.advance(-HOUR)
        assert not await app.say("e1", "echo 1")
        clock.advance(HOUR)
        assert not await app.say("e1", "echo 1")
        await until(lambda: ear.texts())
    assert ear.texts() == ["heard 1"]


async def test_a_gateway_that_asked_for_a_wait_is_not_left_alone_for_an_hour(
    node: Make, ear: Ear, clock: TestClock
) -> None:
    asked: list[str] = []

    async def answer(delivery: Delivery) -> None:
        asked.append(delivery.message.text)
        if len(asked) <= 2:
            account = delivery.message.text == "account"
            raise Retry("slow down", after=5, scope="account" if account else "chat")

    ear.answer = answer
    async with node() as app:
        await app.queue("account", "g1", "reply")
        await app.queue("chat", "g2", "reply")
        await until(lambda: len(asked) == 2)
        await until(lambda: not app.switchboard.senders[GATEWAY].busy)
        await jumps(clock, -HOUR, app)
        began = clock.now()
        await time_flies([app], lambda: len(ear.heard) == 2, 0.5)
        assert clock.now() - began < 60_000


async def test_a_greeting_that_was_about_to_be_said_is_said(
    valkey: str, store: Store, clock: TestClock, ear: Ear, tmp_path: Path
) -> None:
    app = StageApp(ear, store.keys.workspace, tmp_path / "a", clock, unix(valkey))
    script = WelcomeSettings(
        messages=(WelcomeMessage(text="hello"), WelcomeMessage(text="and more", after=3.0)),
        window=5.0,
    )
    app.rooms.welcomes.scripts.configured = tuple(configured(script))
    async with app:
        for number, jumped in enumerate([5.0, 8.0]):  # in the window, and between the two
            await app.accept(
                MemberJoined(
                    id=f"j{number}",
                    gateway=GATEWAY,
                    at=clock.now(),
                    account=Account(id=f"u{number}", name="小明"),
                    group=f"g{number}",
                )
            )
            await until(lambda: not app.dispatcher.busy)
            clock.advance(jumped - 4)
            await jumps(clock, -HOUR, app)
            began = clock.now()
            await time_flies([app], greeted(ear, f"g{number}"), 0.5)
            assert clock.now() - began < 60_000


def greeted(ear: Ear, group: str) -> Callable[[], bool]:
    return lambda: ear.texts(group) == ["hello", "and more"]
