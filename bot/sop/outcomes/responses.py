"""Responses: whom some runs reached, and who of them clicked, replied or checked in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.audience.algebra import read
from bot.audience.bits import Bits
from bot.sop.outcomes.results import RESPONSES, Run
from bot.store.store import Store

NOBODY = Bits()


@dataclass(frozen=True, slots=True)
class Clicks:
    """The clicks of one step, in all its runs; ``clicks`` is None where only people are known."""

    members: Bits = NOBODY
    visitors: int = 0
    clicks: int | None = 0


class Responses:
    """Reads facts of members; nothing here counts rows."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def facts(self, runs: Iterable[Run], outcome: str) -> Bits:
        """Everybody with an outcome in any of these runs."""
        return await self._union(self._keys.sop_result(run.name, outcome) for run in runs)

    async def reached(self, runs: Sequence[Run], to: str) -> Bits:
        """The members these runs reached."""
        if to == "member":
            return await self.facts((run for run in runs if run.sent), "sent")
        there = [run for run in runs if run.present]
        return await self._union(self._keys.sop_members(run.name, "present") for run in there)

    async def responded(self, runs: Sequence[Run], response: str) -> Bits:
        """Who replied or checked in after any of these runs, also of those held out."""
        assert response in RESPONSES
        there = [run for run in runs if run.replied or run.checked_in]
        return await self._union(self._keys.sop_members(run.name, response) for run in there)

    async def clicks(self, sop: str, steps: Collection[str]) -> dict[str, Clicks]:
        """The clicks of each step that has tracked links."""
        keys, asked = self._keys, sorted(steps)
        if not asked:
            return {}
        names = [f"sop/{sop}/{step}" for step in asked]
        numbers = await self._store.call("HMGET", keys.link_steps(), *names)
        known = {s: n.decode() for s, n in zip(asked, numbers, strict=True) if n is not None}
        facts = await read(self._store, [keys.link_clicked(0, f"s{n}") for n in known.values()])
        found = {}
        for step, number in known.items():
            fields = (f"{number}:visitors", f"{number}:clicks")
            sums = await self._store.call("HMGET", keys.link_by("step", 0), *fields)
            visitors, clicks = (int(one or 0) for one in sums)
            found[step] = Clicks(facts[keys.link_clicked(0, f"s{number}")], visitors, clicks)
        return found

    async def _union(self, names: Iterable[str]) -> Bits:
        return Bits.union((await read(self._store, [*names])).values())
