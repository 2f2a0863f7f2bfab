"""Points that do not follow from records: gifts, what is spent, and what is taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.checkins.ledger import Entry, What
from bot.checkins.programme import Programme
from bot.checkins.records import Kept, Records
from bot.checkins.standing import Reckoning
from bot.clock import Clock
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store

TRIES = 20
"""Times a change is tried anew because the ledger changed meanwhile."""
Also = Callable[[Effects], Awaitable[None]]
"""Adds to the effects of a change, each time it is tried."""


class Points:
    """Changes ledgers, each change in one step that fails when the ledger grew meanwhile.

    Whatever can lower a balance (what is spent, what staff take away) enters something into the
    same list, whose length is guarded: a balance that was read is at least there when it is spent.
    """

    def __init__(self, store: Store, records: Records, clock: Clock) -> None:
        self._store = store
        self._records = records
        self._clock = clock

    async def give(
        self,
        programme: Programme,
        member: int,
        points: int,
        by: str,
        reason: str,
        group: int = 0,
        *,
        also: Also | None = None,
    ) -> bool:
        """Give a member points. Raises ValueError without a reason or for less than 1."""
        return await self._change(
            programme, member, programme.scope(group), points, "gift", by, reason, also
        )

    async def spend(
        self,
        programme: Programme,
        member: int,
        points: int,
        by: str,
        reason: str,
        group: int = 0,
        *,
        also: Also | None = None,
    ) -> bool:
        """Take points for something; False when the member has not as many.

        Raises ValueError without a reason or for less than 1.
        """
        return await self._change(
            programme, member, programme.scope(group), -points, "spent", by, reason, also
        )

    async def reverse(
        self, programme: Programme, member: int, ident: int, by: str, reason: str, group: int = 0
    ) -> bool:
        """Take back a stored entry; False when there is none of that id or it was taken back.

        Raises ValueError without a reason.
        """

        def undone(kept: Kept) -> Entry | None:
            found = next((one for one in kept.stored if one.id == ident), None)
            if found is None or found.of is not None or any(e.of == ident for e in kept.stored):
                return None
            return Entry(
                what="reversal",
                points=-found.points,
                at=self._clock.now(),
                by=by,
                reason=reason,
                of=ident,
            )

        return await self._enter(programme, member, programme.scope(group), by, reason, undone)

    async def _change(
        self,
        programme: Programme,
        member: int,
        scope: int,
        points: int,
        what: What,
        by: str,
        reason: str,
        also: Also | None,
    ) -> bool:
        if points == 0 or (points < 0) == (what == "gift"):
            raise ValueError("points are whole numbers of at least 1")

        def change(kept: Kept) -> Entry | None:
            now = self._clock.now()
            if points < 0 and Reckoning(programme, kept, now).points + points < 0:
                return None
            return Entry(what=what, points=points, at=now, by=by, reason=reason)

        return await self._enter(programme, member, scope, by, reason, change, also)

    async def _enter(
        self,
        programme: Programme,
        member: int,
        scope: int,
        by: str,
        reason: str,
        change: Callable[[Kept], Entry | None],
        also: Also | None = None,
    ) -> bool:
        if not reason.strip():
            raise ValueError("a change of points needs a reason")
        for _ in range(TRIES):
            kept = await self._records.read(programme.name, member, scope)
            entry = change(kept)
            if entry is None:
                return False
            effects = Effects(self._store.keys)
            self._records.enter(effects, programme.name, member, scope, kept, entry)
            after = {"points": entry.points, "what": entry.what, "reason": reason}
            on = f"{programme.name} member {member}"
            audit(
                effects,
                Change(at=entry.at, who=by, what="checkin.points", on=on, after=after),
            )
            if also:
                await also(effects)
            if await self._store.apply(effects):
                return True
        raise RuntimeError("the ledger kept changing")
