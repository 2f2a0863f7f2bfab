"""Bells: waking whoever waits for work, here at once and on other nodes soon."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any
from weakref import WeakKeyDictionary


class Bell:
    """Named wake-up calls inside one process.

    Every task hears every ring: one that comes while a task is at work ends its next wait at once,
    whoever else was woken by it. Work put into the store by another node is found by each waiter's
    own look, at the latest after the ``seconds`` it waits.
    """

    def __init__(self) -> None:
        self._rings: defaultdict[str, int] = defaultdict(int)
        self._waiting: dict[str, asyncio.Event] = {}
        self._heard: WeakKeyDictionary[asyncio.Task[Any], dict[str, int]] = WeakKeyDictionary()

    def ring(self, name: str) -> None:
        """Wake whoever waits for ``name``, or the next time they will."""
        self._rings[name] += 1
        waiting = self._waiting.pop(name, None)
        if waiting:
            waiting.set()

    async def wait(self, name: str, seconds: float) -> None:
        """Wait for a ring this task has not heard, at most ``seconds``."""
        task = asyncio.current_task()
        assert task is not None
        heard = self._heard.setdefault(task, {})
        if heard.get(name, 0) == self._rings[name]:
            event = self._waiting.setdefault(name, asyncio.Event())
            try:
                async with asyncio.timeout(seconds):
                    await event.wait()
            except TimeoutError:
                return
        heard[name] = self._rings[name]
