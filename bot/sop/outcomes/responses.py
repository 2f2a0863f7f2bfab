"""Responses: whom some runs reached, and who of them clicked, replied or checked in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.sop.outcomes.results import RESPONSES, Run
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.store import Store

NOBODY = Bits()


@dataclass(frozen=True, slots=True)
class Clicks:
    """Clicks on the links of one message or several.

    ``visitors`` are those nobody knows, ``members`` and ``answering`` who clicked in messages that
    reached somebody.
    """

    members: Bits = NOBODY
    visitors: int = 0
    answering: int = 0
    clicks: int = 0


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
        """Who did that within a day after any of these runs, also of those held out."""
        assert response in RESPONSES
        there = [run for run in runs if run.after[response]]
        return await self._union(self._keys.sop_members(run.name, response) for run in there)

    async def clicks(self, runs: Collection[Run], to: str) -> dict[str, Clicks]:
        """The clicks of each run that had tracked links, by the run's name.

        ``to`` is what the SOP writes to, member or group.
        """
        keys = self._keys
        names = sorted({run.name for run in runs})
        if not names:
            return {}
        asked = [f"sop/{name}" for name in names]
        numbers = await self._store.call("HMGET", keys.link_steps(), *asked)
        known = {run: int(n) for run, n in zip(names, numbers, strict=True) if n is not None}
        if not known:
            return {}
        fields = [f"{n}:{what}" for n in known.values() for what in ("visitors", "clicks")]
        sums = await self._store.call("HMGET", keys.link_by("step", 0), *fields)
        facts = await read(self._store, [keys.link_clicked(0, f"s{n}") for n in known.values()])
        pairs = zip(sums[::2], sums[1::2], strict=True)
        got = {run.name for run in runs if (run.sent if to == "member" else run.present)}
        found = {}
        for (run, n), (visitors, clicks) in zip(known.items(), pairs, strict=True):
            members, seen = facts[keys.link_clicked(0, f"s{n}")], int(visitors or 0)
            if run in got:
                found[run] = Clicks(members, seen, seen, int(clicks or 0))
            else:
                found[run] = Clicks(NOBODY, seen, 0, int(clicks or 0))
        return found

    async def together(self, runs: Collection[Run], to: str) -> Clicks | None:
        """The clicks of some runs added up; None when none of them had tracked links."""
        found = (await self.clicks(runs, to)).values()
        if not found:
            return None
        return Clicks(
            Bits.union(one.members for one in found),
            sum(one.visitors for one in found),
            sum(one.answering for one in found),
            sum(one.clicks for one in found),
        )

    async def _union(self, names: Iterable[str]) -> Bits:
        return Bits.union((await read(self._store, [*names])).values())
