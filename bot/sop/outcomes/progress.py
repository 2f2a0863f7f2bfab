"""Progress: how far a SOP is now."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sop.outcomes.numbers import Numbers
from bot.sop.outcomes.report import Report
from bot.sop.outcomes.responses import Clicks
from bot.sop.record import Sop
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """``numbers`` of all runs; ``due`` are targets whose time has come and that are not planned
    yet, ``later`` those whose time is still to come; ``clicks`` those on its links, if it has any.
    """

    numbers: Numbers
    due: int
    later: int
    clicks: Clicks | None

    @property
    def remaining(self) -> int:
        """What goes out as fast as it may."""
        return self.numbers.waiting + self.due


class Progress:
    """Reads how far a SOP is."""

    def __init__(self, store: Store, report: Report) -> None:
        self._store = store
        self._report = report

    async def of(self, sop: Sop) -> Standing:
        """As it stands now; raises StoreError."""
        keys, now = self._store.keys, self._store.clock.now()
        numbers = await self._report.totals(sop.id)
        open_ = await self._store.texts("HKEYS", keys.sop_open(sop.id))
        due = [self._store.ask("ZCOUNT", keys.sop_due(one), "-inf", now) for one in open_]
        later = [self._store.ask("ZCOUNT", keys.sop_due(one), f"({now}", "+inf") for one in open_]
        return Standing(
            numbers,
            sum([int(await one) for one in due]),
            sum([int(await one) for one in later]),
            await self._report.clicks(sop),
        )
