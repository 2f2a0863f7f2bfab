"""Windows: when somebody may be written to, between quiet hours and within a day's cap."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.model.delivery import Cap, Delivery
from bot.settings.rooms import DeliverySettings
from bot.sop.schedule import DAY, day_of, instant

ZoneOf = Callable[[Delivery], Awaitable[ZoneInfo]]
"""The zone of whom a delivery goes to."""


@dataclass(frozen=True, slots=True)
class Opening:
    """From ``due`` until before ``until`` (UTC ms) messages may leave; both are on one date."""

    due: int
    until: int


class Windows:
    """Quiet hours and the daily cap, as they are on the clocks of a zone."""

    def __init__(self, settings: DeliverySettings, clock: Clock, zone_of: ZoneOf) -> None:
        self._quiet = tuple(settings.quiet_hours.split("-")) if settings.quiet_hours else None
        self._limit = settings.daily_cap
        self._clock = clock
        self._zone_of = zone_of

    def opening(self, ms: int, zone: ZoneInfo) -> Opening:
        """The first window that has not ended at ``ms``."""
        due = self._allowed(ms, zone)
        midnight = instant(day_of(due, zone) + DAY, "00:00", zone)
        starts = [start for start, _ in self._quiet_hours(due, zone) if start > due]
        return Opening(due, min([midnight, *starts]))

    def cap(self, who: str, ms: int, zone: ZoneInfo) -> Cap | None:
        """What a delivery to ``who`` counts against on the date of ``ms``."""
        if self._limit is None:
            return None
        day = day_of(ms, zone)
        return Cap(key=f"{who}:{day}", limit=self._limit, ends=instant(day + DAY, "00:00", zone))

    async def window(self, delivery: Delivery) -> Delivery | None:
        """A delivery whose window ended in its next one, or None when that is too late.

        The wait is not held against it: it expires later by as much.
        """
        now, zone = self._clock.now(), await self._zone_of(delivery)
        opening = self.opening(now, zone)
        expires = delivery.expires
        if expires is not None:
            if now >= expires:
                return None
            expires += opening.due - now
        cap = delivery.cap
        if cap is not None:
            cap = self.cap(cap.key.rpartition(":")[0], opening.due, zone)
        changed = {"due": opening.due, "until": opening.until, "expires": expires, "cap": cap}
        return delivery.model_copy(update=changed)

    def _allowed(self, ms: int, zone: ZoneInfo) -> int:
        for start, end in self._quiet_hours(ms, zone):
            if start <= ms < end:
                return end
        return ms

    def _quiet_hours(self, ms: int, zone: ZoneInfo) -> list[tuple[int, int]]:
        """The quiet hours around a moment: as moments, so clock changes only shorten or stretch."""
        if self._quiet is None:
            return []
        start, end = self._quiet
        over = DAY if end <= start else timedelta()
        days = [day_of(ms, zone) + DAY * n for n in (-1, 0, 1)]
        return [(instant(d, start, zone), instant(d + over, end, zone)) for d in days]
