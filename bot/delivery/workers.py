"""Workers: the tasks of a service that takes work from the store, ended so that none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

GOODBYE = 2.0
"""Seconds in which the store's last answer may still bring work into our hands."""


class Workers:
    """A loop that takes work, others beside it, and the pieces of work in hand."""

    def __init__(self) -> None:
        self._loops: list[asyncio.Task[None]] = []
        self._pieces: set[asyncio.Task[None]] = set()

    def begin(self, **loops: Coroutine[Any, Any, None]) -> None:
        """Run loops until the end; the first one takes the work and ends by itself when asked."""
        self._loops = [asyncio.create_task(loop, name=name) for name, loop in loops.items()]

    def do(self, piece: Coroutine[Any, Any, None], name: str) -> None:
        """Run a piece of work."""
        task = asyncio.create_task(piece, name=name)
        self._pieces.add(task)
        task.add_done_callback(self._pieces.discard)

    async def end(self, seconds: float) -> None:
        """Let what is being taken come into our hands, and wait ``seconds`` for what is there."""
        if self._loops:
            await asyncio.wait(self._loops[:1], timeout=GOODBYE)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._pieces:
            await asyncio.wait(self._pieces, timeout=seconds)
        for piece in self._pieces:
            piece.cancel()
        await asyncio.gather(*self._pieces, return_exceptions=True)
