"""The whole app in the test's own process, over a gateway that keeps what it is handed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bot.app import App
from bot.clock import Clock
from bot.config import Config
from bot.gateways.adapter import Adapter, Inlet
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, DeliveryClass, Receipt
from bot.model.event import BaseEvent, MessageReceived
from bot.model.message import Message
from bot.settings.server import SandboxSettings
from bot.store.address import Locate
from bot.store.effects import Effects
from bot.switchboard import Make
from bot.testing.clock import TestClock

GATEWAY = "ear"


async def _gladly(_: Delivery) -> None:
    """Take everything at once."""


@dataclass
class Ear:
    """What one chat account hears, whichever node sends it: (clock time, delivery) in order.

    ``answer`` is awaited before a delivery counts as heard, and may raise or wait.
    """

    can: Capabilities = field(default_factory=Capabilities)
    answer: Callable[[Delivery], Awaitable[None]] = _gladly
    heard: list[tuple[int, Delivery]] = field(default_factory=list)

    def texts(self, group: str | None = None) -> list[str]:
        """What was said, in order; in one group or everywhere."""
        return [d.message.text for _, d in self.heard if group is None or d.to.group == group]

    def most(self, seconds: float, group: str | None = None) -> int:
        """The most that was said in any window of this length."""
        times = [at for at, d in self.heard if group is None or d.to.group == group]
        return busiest(times, seconds * 1000)


def busiest(times: list[int], window: float) -> int:
    """The most of ascending ``times`` within any half-open window."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


class EarAdapter(Adapter):
    """One node's line to the ear."""

    exclusive = False

    def __init__(self, inlet: Inlet, ear: Ear) -> None:
        super().__init__(inlet, Config())
        self._ear = ear

    @property
    def capabilities(self) -> Capabilities:
        return self._ear.can

    async def receive(self) -> AsyncIterator[BaseEvent]:
        self.inlet.alive()
        await asyncio.Event().wait()
        yield  # type: ignore[misc]

    async def send(self, delivery: Delivery) -> Receipt:
        await self._ear.answer(delivery)
        self._ear.heard.append((self.inlet.clock.now(), delivery))
        return Receipt()


class StageApp(App):
    """The app with the ear as its only gateway."""

    def __init__(
        self, ear: Ear, workspace: str, folder: Path, clock: Clock, locate: Locate | None
    ) -> None:
        self._ear = ear
        config = Config(
            workspace=workspace,
            data_dir=folder,
            handlers=("handlers.welcome", "tests.promises.echo", "tests.promises.asking"),
            sandbox=SandboxSettings(enabled=False),
        )
        super().__init__(config, clock, Random(1), locate)

    def _gateway_makers(self) -> dict[str, Make]:
        return {GATEWAY: lambda inlet: EarAdapter(inlet, self._ear)}

    async def say(self, ident: str, text: str, group: str = "c", account: str = "u1") -> bool:
        """Let a member say something in a group."""
        return await self.accept(said(ident, text, group, self.clock, account))

    async def queue(
        self, text: str, group: str, priority: DeliveryClass = "broadcast", **more: object
    ) -> None:
        """Queue a delivery, as planner and console do."""
        effects = Effects(self.store.keys)
        to = Conversation(gateway=GATEWAY, group=group)
        now = self.clock.now()
        delivery = Delivery(to=to, message=Message.of(text), priority=priority, due=now)
        effects.deliver(delivery.model_copy(update=more))
        assert await self.store.apply(effects)
        self.bell.ring("outbox")


def said(ident: str, text: str, group: str, clock: Clock, account: str) -> MessageReceived:
    """The event of a member saying something in a group of the ear."""
    return MessageReceived(
        id=ident,
        gateway=GATEWAY,
        at=clock.now(),
        account=Account(id=account, name="小明"),
        group=group,
        message=Message.of(text),
    )


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def time_flies(
    apps: list[StageApp], condition: Callable[[], object], step: float = 0.05
) -> None:
    """Let time pass in steps, with every node looking at each, until something is so."""
    clock = apps[0].clock
    assert isinstance(clock, TestClock)
    async with asyncio.timeout(30):
        while not condition():
            for app in apps:
                app.bell.ring("timers")
                app.bell.ring("outbox")
            await asyncio.sleep(0.002)
            if not any(map(_busy, apps)):
                clock.advance(step)


def _busy(app: StageApp) -> bool:
    return bool(app.dispatcher.busy or any(s.busy for s in app.switchboard.senders.values()))
