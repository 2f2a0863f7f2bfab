"""The intake: events on their way to disk, in order, many at a time, none lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from bot.clock import Clock
from bot.gateways.adapter import Accept
from bot.gateways.backoff import Backoff
from bot.model.event import BaseEvent

log = structlog.get_logger(__name__)


class Intake:
    """Accepts what ``put`` hands over; ``run`` works until it is cancelled.

    Events are accepted in rounds: a round asks for everything queued at once, in order, so it
    shares one fsync, and what failed leads the next round. At most ``size`` wait; then ``put``
    waits. An event the inbox calls impossible (ValueError, TypeError) is logged and left out,
    so that it cannot hold up the others for ever.
    """

    def __init__(
        self,
        accept: Accept,
        clock: Clock,
        backoff: Backoff,
        failed: Callable[[BaseException], None],
        size: int = 256,
    ) -> None:
        self._accept = accept
        self._clock = clock
        self._backoff = backoff
        self._failed = failed
        self._size = size
        self._queue: deque[BaseEvent] = deque()
        self._some = asyncio.Event()
        self._room = asyncio.Event()
        self._idle = asyncio.Event()
        self._signal()

    def __len__(self) -> int:
        """How many events are not yet on disk."""
        return len(self._queue)

    @property
    def full(self) -> bool:
        """Whether ``put`` is waiting for the inbox."""
        return len(self._queue) >= self._size

    async def put(self, event: BaseEvent) -> None:
        """Take one event; returns when there is room for another.

        The event is kept even when the wait is cancelled.
        """
        self._queue.append(event)
        self._signal()
        await self._room.wait()

    async def drained(self) -> None:
        """Return once everything handed over is on disk."""
        await self._idle.wait()

    async def run(self) -> None:
        """Accept round after round; after a failing one wait with backoff."""
        while True:
            await self._some.wait()
            failed = await self._round()
            if failed is None:
                self._backoff.reset()
            else:
                self._failed(failed)
                await self._clock.sleep(self._backoff.next())

    async def _round(self) -> BaseException | None:
        batch = tuple(self._queue)
        answers = await asyncio.gather(*map(self._accept, batch), return_exceptions=True)
        again: list[BaseEvent] = []
        error: BaseException | None = None
        for event, answer in zip(batch, answers, strict=True):
            if isinstance(answer, (ValueError, TypeError)):
                log.error(
                    "event.impossible", gateway=event.gateway, id=event.id, reason=str(answer)
                )
            elif isinstance(answer, BaseException):
                again.append(event)
                error = error or answer
        for _ in batch:
            self._queue.popleft()
        self._queue.extendleft(reversed(again))
        self._signal()
        return error

    def _signal(self) -> None:
        for event, wanted in (
            (self._some, bool(self._queue)),
            (self._idle, not self._queue),
            (self._room, not self.full),
        ):
            if wanted:
                event.set()
            else:
                event.clear()
