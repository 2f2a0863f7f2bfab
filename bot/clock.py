"""The only place that reads time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where everybody asks for the time; tests pass one they can move."""

    def now(self) -> int:
        """UTC milliseconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed on this clock."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """UTC milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed."""
        await asyncio.sleep(seconds)


def utc(ms: int) -> datetime:
    """UTC milliseconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def millis(moment: datetime) -> int:
    """An aware datetime as UTC milliseconds; raises ValueError when it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone has no UTC time")
    return round(moment.timestamp() * 1000)
