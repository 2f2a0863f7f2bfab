"""The only place that reads time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Where everybody asks for the time; tests pass one they can move."""

    def now(self) -> int:
        """UTC milliseconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed on this clock."""


class SystemClock:
    """The machine's clock, steady between corrections by the store's server.

    All nodes follow the server's clock, so they agree on leases, limits and due times. A step of
    the machine's own wall clock is not seen until the server sees it.
    """

    def __init__(self) -> None:
        self._ahead = time.time_ns() // 1_000_000 - self._steady()

    def now(self) -> int:
        """UTC milliseconds since 1970."""
        return self._steady() + self._ahead

    def follow(self, server: int) -> None:
        """Agree with a clock that shows ``server`` (UTC ms) right now."""
        self._ahead = server - self._steady()

    @staticmethod
    def _steady() -> int:
        return time.monotonic_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait until ``seconds`` have passed."""
        await asyncio.sleep(seconds)


class Days:
    """Which day it is: numbers by day are counted in one zone, the workspace's."""

    def __init__(self, zone: str = "UTC") -> None:
        self._zone = ZoneInfo(zone)

    def of(self, ms: int) -> date:
        """The day of a moment (UTC ms) in the zone."""
        return datetime.fromtimestamp(ms / 1000, self._zone).date()


def utc(ms: int) -> datetime:
    """UTC milliseconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def millis(moment: datetime) -> int:
    """An aware datetime as UTC milliseconds; raises ValueError when it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone has no UTC time")
    return round(moment.timestamp() * 1000)
