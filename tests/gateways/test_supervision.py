"""Supervision: a gateway that ends comes back, and no event is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from random import Random

import pytest
from pydantic import BaseModel

from bot.gateways import supervision
from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.supervision import Connection, Status
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account
from bot.model.delivery import Delivery, Misconfigured, Receipt
from bot.model.event import BaseEvent, ContactAdded

from .clock import MovableClock, settle
from .test_backoff import Longest


def event(number: int) -> BaseEvent:
    return ContactAdded(id=f"e{number}", gateway="g", at=0, account=Account(id="u1"))


class NoSettings(BaseModel):
    """Nothing to set."""


class Scripted(Adapter):
    """Receives whatever the test's script does; notes when each attempt began."""

    def __init__(
        self, inlet: Inlet, script: Callable[[Scripted], AsyncIterator[BaseEvent]]
    ) -> None:
        super().__init__(inlet, NoSettings())
        self.script = script
        self.began: list[float] = []
        self.closed = 0
        self.patience: float | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    @property
    def silence(self) -> float | None:
        return self.patience

    def receive(self) -> AsyncIterator[BaseEvent]:
        self.began.append(self.inlet.clock.now() / 1000)
        return self.script(self)

    async def send(self, delivery: Delivery) -> Receipt:
        raise NotImplementedError

    async def close(self) -> None:
        self.closed += 1


class Inbox:
    """Accepts events; ``away`` makes it fail, ``held`` makes it wait."""

    def __init__(
        self, *, away: bool = False, held: asyncio.Event | None = None, impossible: str = ""
    ) -> None:
        self.events: list[str] = []
        self.away = away
        self.held = held
        self.impossible = impossible
        self.under_way = 0
        self.most_under_way = 0

    async def accept(self, event: BaseEvent) -> bool:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
            if self.held:
                await self.held.wait()
            if self.away:
                raise ConnectionError("the store is away")
            if event.id == self.impossible:
                raise ValueError("cannot be written")
            self.events.append(event.id)
            return True
        finally:
            self.under_way -= 1


class Bench:
    """One connection on a clock the test moves."""

    def __init__(
        self,
        script: Callable[[Scripted], AsyncIterator[BaseEvent]],
        inbox: Inbox | None = None,
        *,
        window: int = 256,
        patience: float | None = None,
    ) -> None:
        self.clock = MovableClock()
        self.inbox = inbox or Inbox()
        self.changes: list[Status] = []
        self.changed = asyncio.Event()
        self.connection = Connection(
            "g",
            lambda inlet: Scripted(inlet, script),
            self.inbox.accept,
            self.clock,
            Longest(),
            on_change=self.note,
            window=window,
        )
        adapter = self.connection.adapter
        assert isinstance(adapter, Scripted)
        self.adapter = adapter
        self.adapter.patience = patience

    async def __aenter__(self) -> Bench:
        await self.connection.start()
        await settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        stopping = asyncio.create_task(self.connection.stop())
        await self.clock.advance(60)
        await stopping

    def note(self, status: Status) -> None:
        self.changes.append(status)
        self.changed.set()

    async def becomes(self, state: str) -> None:
        while self.status.state != state:
            self.changed.clear()
            await self.changed.wait()

    @property
    def status(self) -> Status:
        return self.connection.status

    @property
    def waits(self) -> list[float]:
        """Seconds between the attempts."""
        began = self.adapter.began
        return [round(b - a, 3) for a, b in pairwise(began)]


async def fails(adapter: Scripted) -> AsyncIterator[BaseEvent]:
    raise OSError("no route to host")
    yield


async def returns_at_once(adapter: Scripted) -> AsyncIterator[BaseEvent]:
    return
    yield


async def stays(adapter: Scripted) -> AsyncIterator[BaseEvent]:
    adapter.inlet.alive()
    await asyncio.Event().wait()
    yield event(0)


@pytest.mark.parametrize("script", [fails, returns_at_once])
async def test_a_gateway_that_cannot_be_reached_is_tried_for_ever_and_never_hammered(
    script: Callable[[Scripted], AsyncIterator[BaseEvent]],
) -> None:
    async with Bench(script) as bench:
        await bench.clock.advance(250)
        assert bench.waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
        assert bench.status.state == "waiting"


async def test_a_connection_that_held_half_a_minute_comes_back_quickly() -> None:
    lives = [29.0, 31.0, 0.0]

    async def lives_a_while(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        adapter.inlet.alive()
        await adapter.inlet.clock.sleep(lives.pop(0) if lives else 1e9)
        raise OSError("gone")
        yield

    async with Bench(lives_a_while) as bench:
        await bench.clock.advance(120)
        assert bench.waits == [29 + 1, 31 + 1, 0 + 2]  # 29 s were not stable, 31 s were
        assert bench.status.state == "online"
        assert bench.status.reconnects == 3


async def test_a_wrong_setting_is_shown_and_tried_once_a_minute() -> None:
    async def wrong(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        raise Misconfigured("access token refused")
        yield

    async with Bench(wrong) as bench:
        assert (bench.status.state, bench.status.last_error) == (
            "misconfigured",
            "access token refused",
        )
        await bench.clock.advance(125)
        assert bench.waits == [60, 60]


async def test_a_silent_connection_is_cut_and_made_again() -> None:
    async with Bench(stays, patience=90) as bench:
        await bench.clock.advance(89)
        assert bench.status.state == "online"
        await bench.clock.advance(3)
        assert "nothing heard for 90 s" in bench.status.last_error
        await bench.clock.advance(1)
        assert len(bench.adapter.began) == 2
        assert bench.status.state == "online"


async def test_traffic_keeps_a_connection() -> None:
    async with Bench(stays, patience=90) as bench:
        for _ in range(20):
            await bench.clock.advance(80)
            bench.adapter.inlet.alive()
        assert len(bench.adapter.began) == 1


@pytest.mark.parametrize("hours", [-1, 1])
async def test_setting_the_wall_clock_neither_cuts_nor_saves_a_connection(hours: int) -> None:
    async with Bench(stays, patience=90) as bench:
        await bench.clock.advance(60)
        bench.clock.jump(hours * 3600)
        await bench.clock.advance(25)
        assert len(bench.adapter.began) == 1
        await bench.clock.advance(10)
        assert len(bench.adapter.began) == 2


async def test_before_anything_was_heard_silence_means_nothing() -> None:
    async def listens(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        await asyncio.Event().wait()
        yield event(0)

    async with Bench(listens, patience=90) as bench:
        await bench.clock.advance(3600)
        assert len(bench.adapter.began) == 1
        assert bench.status.state == "connecting"


async def test_events_reach_the_inbox_together_and_in_order() -> None:
    async def bursts(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        for number in range(1000):
            yield event(number)
        await asyncio.Event().wait()

    async with Bench(bursts) as bench:
        await bench.clock.advance(1)
        assert bench.inbox.events == [f"e{n}" for n in range(1000)]
        assert 100 < bench.inbox.most_under_way <= 256
        assert bench.status.state == "online"
        assert bench.status.last_event is not None


async def test_while_the_inbox_is_away_reading_waits_and_nothing_is_lost_or_cut() -> None:
    taken = 0

    async def floods(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield event(number)
        await asyncio.Event().wait()

    async with Bench(floods, Inbox(away=True), window=10, patience=20) as bench:
        await bench.clock.advance(120)
        assert taken == 10
        assert "the inbox took no events" in bench.status.last_error
        assert "the store is away" in bench.status.last_error
        assert len(bench.adapter.began) == 1, "silence was our own doing"
        bench.inbox.away = False
        await bench.clock.advance(10)
        assert bench.inbox.events == [f"e{n}" for n in range(100)]


async def test_an_event_that_can_never_be_kept_does_not_hold_up_the_others() -> None:
    async def three(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        for number in range(3):
            yield event(number)
        await asyncio.Event().wait()

    async with Bench(three, Inbox(impossible="e1")) as bench:
        assert bench.inbox.events == ["e0", "e2"]


async def test_a_stop_brings_what_was_read_to_disk() -> None:
    async def two(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        yield event(0)
        yield event(1)
        await asyncio.Event().wait()

    held = asyncio.Event()
    async with Bench(two, Inbox(held=held)) as bench:
        stopping = asyncio.create_task(bench.connection.stop())
        await settle()
        assert not stopping.done()
        held.set()
        await stopping
        assert bench.inbox.events == ["e0", "e1"]
        assert bench.status.state == "stopped"
        assert bench.adapter.closed == 1


async def test_a_stop_ends_though_the_inbox_stays_away() -> None:
    async def one(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        yield event(0)
        await asyncio.Event().wait()

    async with Bench(one, Inbox(away=True)) as bench:
        stopping = asyncio.create_task(bench.connection.stop())
        await bench.clock.advance(supervision.DRAIN + 1)
        await asyncio.wait_for(stopping, 5)
        assert bench.status.state == "stopped"


async def test_a_receive_that_will_not_end_is_left_behind_and_harms_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervision, "GRACE", 0.02)
    release = asyncio.Event()
    attempts = 0

    async def stubborn(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        nonlocal attempts
        attempts += 1
        adapter.inlet.alive()
        try:
            await asyncio.Event().wait()
        finally:
            if attempts == 1:
                await release.wait()
        yield event(0)

    async with Bench(stubborn, patience=10) as bench:
        await bench.clock.advance(12)
        await bench.becomes("waiting")
        await bench.clock.advance(2)
        assert (attempts, bench.status.state) == (2, "online")
        before = bench.status
        release.set()  # the old one tidies up only now
        await settle()
        assert bench.status == before
        assert not bench.connection._strays


async def test_callbacks_alone_need_no_connecting() -> None:
    async with Bench(lambda adapter: Adapter.receive(adapter)) as bench:
        await bench.clock.advance(3600)
        assert (len(bench.adapter.began), bench.status.state) == (1, "connecting")
        await bench.adapter.inlet.accept(event(1))
        bench.adapter.inlet.alive()
        assert bench.status.state == "online"
        assert bench.inbox.events == ["e1"]


async def test_a_listener_says_that_its_connection_is_lost_and_found() -> None:
    async with Bench(stays) as bench:
        bench.adapter.inlet.lost("closed by the other side")
        assert (bench.status.state, bench.status.last_error) == (
            "connecting",
            "closed by the other side",
        )
        bench.adapter.inlet.alive()
        assert (bench.status.state, bench.status.reconnects) == ("online", 1)


async def test_no_secret_reaches_the_status() -> None:
    async def leaks(adapter: Scripted) -> AsyncIterator[BaseEvent]:
        raise OSError("ws://bot:hunter2@qq.example/?access_token=s3cret refused, Bearer s3cret")
        yield

    async with Bench(leaks) as bench:
        assert "refused" in bench.status.last_error
        assert "s3cret" not in bench.status.last_error
        assert "hunter2" not in bench.status.last_error


async def test_changes_are_told_once_each_and_a_failing_watcher_is_survived() -> None:
    async with Bench(fails) as bench:
        await bench.clock.advance(4)
        states = [status.state for status in bench.changes]
        assert states == ["connecting", "waiting"] * 3
        assert [s.since for s in bench.changes] == sorted(s.since for s in bench.changes)

    def raises(status: Status) -> None:
        raise RuntimeError("watcher")

    clock = MovableClock()
    connection = Connection(
        "g",
        lambda inlet: Scripted(inlet, stays),
        Inbox().accept,
        clock,
        Random(1),
        on_change=raises,
    )
    await connection.start()
    await settle()
    assert connection.status.state == "online"
    await connection.stop()
