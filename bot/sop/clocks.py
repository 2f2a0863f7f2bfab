"""Clocks: whose time counts for a delivery, and on which dates it is not sent."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.model.delivery import Delivery
from bot.sop.record import zone_or_none
from bot.sop.versions import Versions
from bot.store.members import Members
from bot.store.store import Store


class Clocks:
    """Knows the zone of whom a delivery goes to: its SOP's, else the member's, else ours."""

    def __init__(self, store: Store, members: Members, versions: Versions, timezone: str) -> None:
        self._store = store
        self._members = members
        self._versions = versions
        self._timezone = timezone

    async def of(self, delivery: Delivery) -> tuple[ZoneInfo, tuple[str, ...]]:
        """The zone, and the blackout dates of the SOP."""
        own, member = None, delivery.member
        if member is not None:
            led = await self._members.survivors([member])
            key = self._store.keys.member(led.get(member, member))
            own = await self._store.text("HGET", key, "attribute:timezone")
        if delivery.result is not None:
            ident, number, _ = delivery.result.run.split("/", 2)
            version = await self._versions.get(ident, int(number))
            return version.zone(own, self._timezone), version.template.guards.blackout
        return zone_or_none(own) or ZoneInfo(self._timezone), ()
