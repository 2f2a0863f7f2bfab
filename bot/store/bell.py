"""Bells: waking whoever waits for work, here at once and on other nodes soon."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Bell:
    """Named wake-up calls inside one process.

    Work put into the store by another node is found by each waiter's own look, at the latest
    after the ``seconds`` it waits.
    """

    def __init__(self) -> None:
        self._events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def ring(self, name: str) -> None:
        """Wake whoever waits for ``name``, or the next who will."""
        self._events[name].set()

    async def wait(self, name: str, seconds: float) -> None:
        """Wait for a ring, at most ``seconds``."""
        event = self._events[name]
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        event.clear()
