"""Asked: steps whose time passed and that wait for an operator's word."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sop.deeds import told
from bot.sop.faults import WrongState
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.store.effects import Effects

ENDED = ("stopping", "stopped", "finished")


@dataclass(frozen=True, slots=True)
class Question:
    """One occurrence's targets, due from ``first`` to ``last`` (UTC ms): send it now, or skip?"""

    sop: str
    step: str
    occurrence: str
    count: int
    first: int
    last: int

    @property
    def name(self) -> str:
        """Which time of its step it is."""
        return self.occurrence.split("/", 2)[2]


class Asked:
    """Lists what waits for a word, and does what was said."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._store = sops.means.store
        self._keys = sops.means.store.keys

    async def of(self, sop: Sop) -> list[Question]:
        """What waits in one SOP, the longest waiting first."""
        if sop.state in ENDED:
            return []
        found = []
        for occurrence in await self._store.texts("HKEYS", self._keys.sop_open(sop.id)):
            key = self._keys.sop_asked(occurrence)
            count = int(await self._store.call("ZCARD", key))
            if count:
                first = await self._store.texts("ZRANGE", key, 0, 0, "WITHSCORES")
                last = await self._store.texts("ZRANGE", key, -1, -1, "WITHSCORES")
                step, due = occurrence.split("/", 2)[1], (int(float(first[1])), int(float(last[1])))
                found.append(Question(sop.id, step, occurrence, count, *due))
        return sorted(found, key=lambda one: one.first)

    async def all(self) -> list[Question]:
        """What waits in all SOPs."""
        return [one for sop in await self._sops.all() for one in await self.of(sop)]

    async def targets(self, occurrence: str) -> list[int]:
        """The numbers of the members or groups that wait."""
        names = await self._store.texts("ZRANGE", self._keys.sop_asked(occurrence), 0, -1)
        return sorted(int(name.partition(":")[0]) for name in names)

    async def send(self, ident: str, occurrence: str, by: str) -> int:
        """Make them due now; how many. Raises NoSuchSop, and WrongState when it does not run."""
        sop = await self._sops.get(ident)
        if sop.state != "running":
            raise WrongState(f'"{ident}" is {sop.state}: resume it first')
        await self._told(sop, occurrence, by, "missed → sent now")
        freed = await self._sops.recall.release(sop, occurrence, self._store.clock.now())
        self._sops.means.bell.ring("planner")
        return freed

    async def skip(self, ident: str, occurrence: str, by: str) -> int:
        """End them as missed; how many. Raises NoSuchSop."""
        sop = await self._sops.get(ident)
        await self._told(sop, occurrence, by, "missed → skipped")
        return await self._sops.recall.drain(sop, occurrence, "+inf", "missed", asked=True)

    async def _told(self, sop: Sop, occurrence: str, by: str, change: str) -> None:
        """Written down before it is done: with thousands it takes more than one step."""
        count = await self._store.call("ZCARD", self._keys.sop_asked(occurrence))
        effects = Effects(self._keys)
        what = f"{occurrence.partition('/')[2]}: {change}"
        told(effects, sop, "sop.decided", by, self._store.clock.now(), what, str(count))
        if count:
            await self._store.apply(effects)
