"""Repeated work: small things done every so often for as long as the app runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.store.line import StoreError

log = structlog.get_logger(__name__)


class Repeat:
    """Calls each piece of work at its interval; a failure is logged and does not end it."""

    def __init__(self) -> None:
        self._work: list[tuple[str, float, Callable[[], Awaitable[object]]]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def every(self, seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Add work; call before ``start``."""
        self._work.append((name, seconds, work))

    async def start(self) -> None:
        """Begin; everything is done once at once."""
        self._tasks = [
            asyncio.create_task(self._run(name, seconds, work), name=f"repeat {name}")
            for name, seconds, work in self._work
        ]

    async def stop(self) -> None:
        """End all of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _run(self, name: str, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await work()
            except StoreError as error:
                log.warning("repeat.waiting", work=name, reason=str(error))
            except Exception:  # supervision boundary: one failing chore must not end the others
                log.exception("repeat.failed", work=name)
            await asyncio.sleep(seconds)
