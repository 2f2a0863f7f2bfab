"""Supervision: keeps one gateway connected, and tells how it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

import structlog

from bot.clock import Clock
from bot.gateways.adapter import Accept, Adapter, Inlet
from bot.gateways.backoff import Backoff
from bot.gateways.deadline import within
from bot.gateways.intake import Intake
from bot.model.delivery import Misconfigured, SendError
from bot.model.event import BaseEvent
from bot.model.fault import Fault
from bot.redaction import without_secrets
from bot.store.store import Store

log = structlog.get_logger(__name__)

State = Literal["connecting", "online", "waiting", "misconfigured", "stopped"]

STABLE = 30.0
"""Seconds online after which the next failure starts again with a short wait."""
DRAIN = 10.0
"""Seconds a stop waits for events that are on their way to disk."""
LONGEST = 300
"""Letters of an error that are kept."""
GRACE = 5.0
"""Seconds an ended ``receive`` or a ``close`` may take to tidy up."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a gateway is doing; times are UTC milliseconds.

    ``reconnects`` counts how often it came online again after the first time; ``last_error``
    is readable, holds no secret and stays until the next one. ``next_try``: when it connects again.
    """

    state: State
    since: int
    last_event: int | None = None
    reconnects: int = 0
    last_error: str = ""
    next_try: int | None = None

    @property
    def remedy(self) -> str:
        """What an operator does about ``last_error``, where the adapter knows."""
        return self.last_error.remedy if isinstance(self.last_error, Fault) else ""


class Connection:
    """Runs the adapter of one gateway: connects for ever, and brings its events to the inbox.

    ``make`` builds the adapter from its inlet. Used once: ``start``, then ``stop``.
    Whatever ends ``receive`` leads to a wait with backoff; ``Misconfigured`` to the longest.
    """

    def __init__(
        self,
        gateway: str,
        make: Callable[[Inlet], Adapter],
        accept: Accept,
        clock: Clock,
        random: Random,
        *,
        on_change: Callable[[Status], None] | None = None,
        backoff: Backoff | None = None,
        window: int = 256,
        store: Store | None = None,
    ) -> None:
        self.gateway = gateway
        self._accept = accept
        self._clock = clock
        self._on_change = on_change
        self._backoff = backoff or Backoff(random)
        self._intake = Intake(
            self._keep, clock, Backoff(random, first=0.2, cap=5.0), self._store_failed, window
        )
        self._status = Status("stopped", clock.now())
        self._times_online = 0
        self._heard = False
        self._again = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._strays: set[asyncio.Task[None]] = set()
        self.adapter = make(Inlet(gateway, self._keep, clock, self._alive, self._lost, store))

    @property
    def status(self) -> Status:
        """How the gateway is doing now."""
        return self._status

    async def start(self) -> None:
        """Begin to connect; returns at once."""
        self._set("connecting")
        self._tasks = [
            asyncio.create_task(self._run(), name=f"gateway {self.gateway}"),
            asyncio.create_task(self._intake.run(), name=f"intake {self.gateway}"),
        ]

    async def stop(self) -> None:
        """Stop reading, bring what was read to disk (within 10 s), close the adapter."""
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        reading, keeping = tasks
        await _cancel(reading)
        try:
            await within(self._clock, DRAIN, self._intake.drained())
        except TimeoutError:
            log.error("gateway.events_left", gateway=self.gateway, count=len(self._intake))
        await _cancel(keeping)
        try:
            await within(self._clock, GRACE, self.adapter.close())
        except Exception as error:  # supervision boundary: a stop must end
            log.warning("gateway.close_failed", gateway=self.gateway, reason=_words(error))
        self._set("stopped")

    def retry(self) -> None:
        """Connect now, should it be waiting: an operator has mended something."""
        self._again.set()

    # what the adapter tells

    def _alive(self) -> None:
        self._heard = True
        if self._status.state == "connecting":
            self._times_online += 1
            self._set("online", reconnects=self._times_online - 1)

    def _lost(self, reason: str) -> None:
        self._heard = True
        if self._status.state in ("connecting", "online"):
            self._set("connecting", last_error=_safe(reason))

    async def _keep(self, event: BaseEvent) -> bool:
        new = await self._accept(event)
        self._status = replace(self._status, last_event=self._clock.now())
        return new

    def _store_failed(self, error: BaseException) -> None:
        log.warning("gateway.inbox_away", gateway=self.gateway, reason=_words(error))
        said = f"the inbox took no events: {_words(error)}"
        self._set(self._status.state, last_error=said, next_try=self._status.next_try)

    # the loop

    async def _run(self) -> None:
        while True:
            self._set("connecting")
            try:
                await self._attempt()
            except Misconfigured as error:
                await self._wait("misconfigured", error, max(self._backoff.cap, error.after))
            except Exception as error:  # supervision boundary: recorded in the status
                await self._wait("waiting", error, self._backoff.next())

    async def _wait(self, state: State, error: Exception, seconds: float) -> None:
        self._again.clear()
        at = self._clock.now() + int(seconds * 1000)
        self._set(state, last_error=_words(error), next_try=at)
        with suppress(TimeoutError):
            await within(self._clock, seconds, self._again.wait())

    async def _attempt(self) -> None:
        """One connection, until it ends, fails or falls silent; always raises."""
        self._heard = False
        pump = asyncio.create_task(self._pump(), name=f"receive {self.gateway}")
        watch = asyncio.create_task(self._watch())
        try:
            await asyncio.wait((pump, watch), return_when=asyncio.FIRST_COMPLETED)
            (pump if pump.done() else watch).result()
        finally:
            watch.cancel()
            await self._end(pump)

    async def _pump(self) -> None:
        events = self.adapter.receive()
        try:
            async for event in events:
                self._alive()
                await self._intake.put(event)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        raise ConnectionError("the connection ended")

    async def _watch(self) -> None:
        """Raise once nothing was heard for too long; forget failures once stable.

        Counts its own sleeps: a wall clock that is set must neither cut nor save a connection.
        """
        quiet = online = 0.0
        began = False
        while True:
            silence = self.adapter.silence
            tick = 1.0 if silence is None else min(1.0, silence / 4)
            await self._clock.sleep(tick)
            online = online + tick if self._status.state == "online" else 0.0
            if online >= STABLE:
                self._backoff.reset()
            began = began or self._heard
            # While the inbox is away we do not read, so silence says nothing about the peer.
            listening = began and silence is not None and not self._intake.full
            quiet = quiet + tick if listening and not self._heard else 0.0
            self._heard = False
            if silence is not None and quiet >= silence:
                raise ConnectionError(f"nothing heard for {silence:g} s")

    async def _end(self, pump: asyncio.Task[None]) -> None:
        """Cancel a ``receive``; one that will not end is left behind and can change nothing."""
        if not await _cancel(pump):
            log.error("gateway.receive_stuck", gateway=self.gateway)
            self._strays.add(pump)
            pump.add_done_callback(self._strays.discard)

    def _set(
        self,
        state: State,
        *,
        last_error: str | None = None,
        reconnects: int | None = None,
        next_try: int | None = None,
    ) -> None:
        before = self._status
        after = replace(
            before,
            state=state,
            since=before.since if state == before.state else self._clock.now(),
            last_error=before.last_error if last_error is None else last_error,
            reconnects=before.reconnects if reconnects is None else reconnects,
            next_try=next_try,
        )
        if after == before:
            return
        self._status = after
        log.info("gateway.status", gateway=self.gateway, state=state, reason=last_error)
        if self._on_change:
            try:
                self._on_change(after)
            except Exception:  # supervision boundary: a watcher must not end the connection
                log.exception("gateway.on_change_failed", gateway=self.gateway)


async def _cancel(task: asyncio.Task[None]) -> bool:
    """Cancel and wait; False when the task has not ended after the grace period."""
    task.cancel()
    await asyncio.wait((task,), timeout=GRACE)
    if task.done() and not task.cancelled():
        task.exception()
    return task.done()


def _words(error: BaseException) -> str:
    if isinstance(error, SendError):
        return _safe(error.reason)
    return _safe(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _safe(reason: str) -> str:
    """Without secrets and not long; a phrase that is so stays one."""
    safe = without_secrets(reason)[:LONGEST]
    return reason if safe == reason else safe
