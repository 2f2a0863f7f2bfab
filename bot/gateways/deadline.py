"""Waiting for something with a deadline on the injected clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.clock import Clock

T = TypeVar("T")


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The work's result; once ``seconds`` have passed it is cancelled.

    Raises TimeoutError then, and whatever the work raises.
    """
    task = asyncio.create_task(work)
    alarm = asyncio.create_task(clock.sleep(seconds))
    try:
        await asyncio.wait((task, alarm), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise TimeoutError(f"no answer within {seconds:g} s")
    finally:
        alarm.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=1)
            if task.done() and not task.cancelled():
                task.exception()
