"""Turns made: what the planner needs to know of one SOP, read at one look."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sop.engine.crowd import Crowd
from bot.sop.engine.roster import Roster, names_groups
from bot.sop.engine.turn import Changed, Flight, Turn
from bot.sop.record import Sop, Version
from bot.sop.versions import Versions
from bot.store.bits import Bits
from bot.store.store import Store


class Turns:
    """Reads turns."""

    def __init__(self, store: Store, roster: Roster, versions: Versions, timezone: str) -> None:
        self._store = store
        self._roster = roster
        self._versions = versions
        self._timezone = timezone

    async def turn(self, sop: Sop, now: int) -> Turn:
        """One look at a SOP at ``now`` (UTC ms); raises Changed when it is not there any more."""
        cursors = await self._store.table("HGETALL", self._store.keys.sop_cursor(sop.id))
        if "mark" not in cursors:
            raise Changed
        version = await self._versions.get(sop.id, sop.version)
        stayed, crowd = await self._stayed(sop, version), await self.crowd(sop, version)
        return await self.at(sop, version, now, cursors, crowd, stayed)

    async def at(
        self,
        sop: Sop,
        version: Version,
        now: int,
        cursors: dict[str, str],
        crowd: Crowd,
        stayed: Sequence[Flight] = (),
    ) -> Turn:
        """A look at a version, as if its cursors stood there; ``stayed`` are on older ones."""
        template = version.settled
        return Turn(
            sop=sop,
            version=version,
            template=template,
            now=now,
            gap=now - int(cursors["mark"]),
            zone=version.zone(None, self._timezone),
            workspace_zone=self._timezone,
            cursors=cursors,
            groups=await self._roster.groups(version.audience, template.to),
            flights=(*stayed, Flight(version, template)),
            crowd=crowd,
            named=names_groups(version.audience),
        )

    async def crowd(self, sop: Sop, version: Version) -> Crowd:
        """Who fits the SOP's expressions now."""
        fixed = None
        if version.template.audience == "fixed":
            fixed = await self._roster.algebra.fact(self._store.keys.sop_audience(sop.id))
        return Crowd(self._roster.algebra, sop.id, fixed)

    async def _stayed(self, sop: Sop, current: Version) -> list[Flight]:
        """Those who stayed on older versions; each on the oldest that has them."""
        found: list[Flight] = []
        seen = Bits()
        for number in current.stayed:
            who = await self._roster.algebra.fact(self._store.keys.sop_on(sop.id, number))
            version = await self._versions.get(sop.id, number)
            if who - seen:
                found.append(Flight(version, version.settled, who - seen))
            seen |= who
        return found
