"""Windows: when somebody may be written to, between quiet hours, blackouts and caps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.model.capabilities import Quota
from bot.model.delivery import Cap, Delivery
from bot.settings.rooms import DeliverySettings
from bot.settings.spans import blacked_out
from bot.sop.templates.guards import Guards
from bot.sop.times.schedule import DAY, day_of, instant

ZoneOf = Callable[[Delivery], Awaitable[tuple[ZoneInfo, tuple[str, ...]]]]
"""The zone of whom a delivery goes to, and the blackout dates of what sends it."""

WEEK = 7
LONGEST = 400
"""Days in a row nothing may leave on, at most."""


@dataclass(frozen=True, slots=True)
class Opening:
    """From ``due`` until before ``until`` (UTC ms) messages may leave; both are on one date.

    ``why`` says what closed the time before: "quiet hours", "blackout" or nothing.
    """

    due: int
    until: int
    why: str = ""


class Windows:
    """Quiet hours, blackout dates and caps, as they are on the clocks of a zone."""

    def __init__(self, settings: DeliverySettings, clock: Clock, zone_of: ZoneOf) -> None:
        self._quiet = tuple(settings.quiet_hours.split("-")) if settings.quiet_hours else None
        self._settings = settings
        self._clock = clock
        self._zone_of = zone_of

    def opening(self, ms: int, zone: ZoneInfo, blackout: Sequence[str] = ()) -> Opening:
        """The first window that has not ended at ``ms``; ``blackout``: dates beside ours."""
        spans, why, due = (*self._settings.blackout, *blackout), "", ms
        while True:
            day, quiet = day_of(due, zone), self._allowed(due, zone)
            if spans and blacked_out(day, spans):
                why, due = "blackout", instant(_after(day, spans), "00:00", zone)
            elif quiet != due:
                why, due = why or "quiet hours", quiet
            else:
                break
        midnight = instant(day_of(due, zone) + DAY, "00:00", zone)
        starts = [start for start, _ in self._quiet_hours(due, zone) if start > due]
        return Opening(due, min([midnight, *starts]), why)

    def edges(self, after: int, until: int, zone: ZoneInfo) -> list[int]:
        """The moments in (after, until] at which what ``opening`` says may change."""
        found, day = set[int](), day_of(after, zone)
        while (midnight := instant(day, "00:00", zone)) <= until:
            found.add(midnight)
            found.update(edge for span in self._quiet_hours(midnight, zone) for edge in span)
            day += DAY
        return sorted(edge for edge in found if after < edge <= until)

    def caps(
        self,
        who: str,
        ms: int,
        zone: ZoneInfo,
        topic: str | None = None,
        guards: Guards | None = None,
    ) -> tuple[Cap, ...]:
        """What a delivery to ``who`` (m7, g3) counts against on the date of ``ms``."""
        day, ours, own = day_of(ms, zone), self._settings, guards or Guards()
        found = [
            _cap(who, day, zone, 1, ours.daily_cap),
            _cap(who, day, zone, WEEK, ours.weekly_cap),
        ]
        if topic:
            name = f"{who}:{topic}"
            found += [
                _cap(name, day, zone, 1, _least(own.daily_cap, ours.topic_caps.get(topic))),
                _cap(name, day, zone, WEEK, own.weekly_cap),
            ]
        return tuple(cap for cap in found if cap is not None)

    async def window(self, delivery: Delivery) -> Delivery | None:
        """A delivery whose window ended in its next one, or None when that is too late.

        The wait is not held against it: it expires later by as much.
        """
        now, (zone, blackout) = self._clock.now(), await self._zone_of(delivery)
        opening = self.opening(now, zone, blackout)
        expires = delivery.expires
        if expires is not None:
            if now >= expires:
                return None
            expires += opening.due - now
        caps = tuple(_moved(cap, day_of(opening.due, zone), zone) for cap in delivery.caps)
        changed = {"due": opening.due, "until": opening.until, "expires": expires, "caps": caps}
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


def moment_gateway(gateway: str) -> str:
    """What the quotas of a gateway's moments are counted under, apart from messages."""
    return f"{gateway}:moment"


def quota_cap(quota: Quota, gateway: str, who: str, day: date, zone: ZoneInfo) -> Cap:
    """What a delivery counts against a gateway's quota for ``who`` on a date."""
    name = f"{who}:{gateway}"
    if quota.period == "month":
        ends = instant((day.replace(day=1) + 32 * DAY).replace(day=1), "00:00", zone)
        return Cap(keys=(f"{name}:{day:%Y-%m}",), limit=quota.count, ends=ends)
    cap = _cap(name, day, zone, 1 if quota.period == "day" else WEEK, quota.count)
    assert cap is not None
    return cap


def _cap(name: str, day: date, zone: ZoneInfo, days: int, limit: int | None) -> Cap | None:
    if limit is None:
        return None
    keys = tuple(f"{name}:{day - DAY * n}" for n in range(days))
    return Cap(keys=keys, limit=limit, ends=instant(day + DAY * days, "00:00", zone))


def _moved(cap: Cap, day: date, zone: ZoneInfo) -> Cap:
    """The same cap counted on another date."""
    name, _, dated = cap.keys[0].rpartition(":")
    if len(dated) == len("2026-01"):
        return cap
    moved = _cap(name, day, zone, len(cap.keys), cap.limit)
    assert moved is not None
    return moved


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _after(day: date, spans: Sequence[str]) -> date:
    """The first date from ``day`` on that is not blacked out."""
    for n in range(LONGEST):
        if not blacked_out(day + DAY * n, spans):
            return day + DAY * n
    return day + DAY * LONGEST
