"""The agenda: what running SOPs will do and what they did, as entries of a calendar."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.sop.foresight.foreseen import Foreseen
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.sop.templates.step import Action
from bot.sop.times.schedule import DAY_MS
from bot.store.bits import Bits

FARTHEST = 400
"""Days looked ahead at most."""
MOST = 300
"""Times of one SOP read of the past, the latest ones."""
WRITES = frozenset({"message", "moment", "task", "route"})
"""The kinds of step that say something to somebody."""
_KINDS = ("planned", "sent", "done", "failed", "in_doubt")

To = Literal["member", "group"]
Only = Mapping[To, Bits]
"""The members and groups a page is about."""
Foresee = Callable[[int], Awaitable[Sequence[Foreseen]]]
"""What all running SOPs do in so many days from now."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Another SOP writes to ``count`` of the same at ``at`` (UTC ms), too near."""

    sop: str
    step: str
    at: int
    count: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A step on the calendar, from the first to the last of its targets (UTC ms).

    ``count`` are its targets, of which ``by_staff`` need a tap; not ``certain``: it hangs on what
    they do before. Once it is ``past``, ``sent`` and
    ``failed`` say how many got it and how many could not (or may not have).
    """

    at: int
    until: int
    sop: str
    step: str
    action: Action
    to: To
    count: int
    by_staff: int = 0
    deferred: bool = False
    certain: bool = True
    past: bool = False
    sent: int = 0
    failed: int = 0
    clashes: tuple[Clash, ...] = ()


@dataclass(slots=True)
class _Heap:
    """Rows of one step that are told as one entry."""

    first: Foreseen
    until: int = 0
    who: Bits = field(default_factory=Bits)
    by_staff: Bits = field(default_factory=Bits)
    deferred: bool = False
    certain: bool = True
    clashes: dict[str, Clash] = field(default_factory=dict)

    def add(self, row: Foreseen, clashes: Iterable[Clash]) -> None:
        self.until, self.who = row.due, self.who | row.who
        self.by_staff, self.deferred = self.by_staff | row.by_staff, self.deferred or row.deferred
        self.certain = self.certain and row.certain
        for clash in clashes:
            self.clashes.setdefault(clash.sop, clash)

    def slot(self) -> Slot:
        row, clashes = self.first, tuple(self.clashes.values())
        count, tapped = self.who.count(), self.by_staff.count()
        return Slot(
            *(row.due, self.until, row.sop, row.step, row.action, row.to, count, tapped),
            deferred=self.deferred,
            certain=self.certain,
            clashes=clashes,
        )


class Agenda:
    """Reads what is foreseen and what became of the past; ``distance`` is in seconds."""

    def __init__(self, sops: Sops, foresee: Foresee, distance: float) -> None:
        self._sops = sops
        self._foresee = foresee
        self._distance = int(distance * 1000)

    async def between(
        self,
        start: int,
        end: int,
        key: Callable[[int], object],
        *,
        sop: str = "",
        only: Only | None = None,
    ) -> list[Slot]:
        """What is from ``start`` until before ``end`` (UTC ms), in order.

        Of one step the times for which ``key`` answers the same are one entry. ``sop`` and
        ``only`` narrow it; clashes with what is then not shown are told all the same.
        """
        now = self._sops.means.store.clock.now()
        found = await self._past(start, min(now, end), sop, only) if start < now else []
        days = min(FARTHEST, -(-(end - now) // DAY_MS))
        if days > 0:
            rows = await self._foresee(days)
            ahead = slots_of(rows, self._distance, key, sop=sop, only=only)
            found += [slot for slot in ahead if max(start, now) <= slot.at < end]
        return sorted(found, key=lambda slot: (slot.at, slot.sop, slot.step))

    # what was

    async def _past(self, start: int, end: int, sop: str, only: Only | None) -> list[Slot]:
        sops = [one for one in await self._sops.all() if sop in ("", one.id)]
        found = await asyncio.gather(*(self._runs(one, start, end, only) for one in sops))
        return [slot for slots in found for slot in slots]

    async def _runs(self, sop: Sop, start: int, end: int, only: Only | None) -> list[Slot]:
        """The times of a SOP that everybody had together.

        Where each member has their own only the first is kept; results tell of these.
        """
        store = self._sops.means.store
        found = await store.table(
            "ZRANGE",
            store.keys.sop_runs(sop.id),
            *(f"({end}", start, "BYSCORE", "REV", "LIMIT", 0, MOST, "WITHSCORES"),
        )
        named = {name: int(float(at)) for name, at in found.items() if "T" in name.split("/", 2)[2]}
        slots = await asyncio.gather(
            *(self._run(sop, name, at, only) for name, at in named.items())
        )
        return [slot for slot in slots if slot is not None]

    async def _run(self, sop: Sop, name: str, at: int, only: Only | None) -> Slot | None:
        number, ident, _ = name.split("/", 2)
        version = await self._sops.versions.get(sop.id, int(number))
        step, to = version.step(ident), version.template.to
        if only is None:
            counts = await self._counts(f"{sop.id}/{name}")
        else:
            counts = await self._counts_of(f"{sop.id}/{name}", only[to])
        planned, sent, done, failed, doubt = counts
        if not planned:
            return None
        action = step.action if step else "message"
        return Slot(
            *(at, at, sop.id, ident, action, to, planned),
            past=True,
            sent=sent + done,
            failed=failed + doubt,
        )

    async def _counts(self, run: str) -> list[int]:
        facts, keys = self._sops.means.facts, self._sops.means.store.keys
        return await asyncio.gather(*(facts.count(keys.sop_result(run, kind)) for kind in _KINDS))

    async def _counts_of(self, run: str, among: Bits) -> list[int]:
        algebra, keys = self._sops.means.algebra, self._sops.means.store.keys
        found = await asyncio.gather(*(algebra.fact(keys.sop_result(run, kind)) for kind in _KINDS))
        return [(bits & among).count() for bits in found]


def slots_of(
    rows: Iterable[Foreseen],
    distance: int,
    key: Callable[[int], object],
    *,
    sop: str = "",
    only: Only | None = None,
) -> list[Slot]:
    """What is foreseen as entries; SOPs that write to the same within ``distance`` ms clash."""
    ordered = sorted((row for row in rows if row.who), key=lambda row: (row.due, row.sop, row.step))
    heaps: dict[tuple[object, ...], _Heap] = {}
    for row, clashes in zip(ordered, _clashes(ordered, distance, only), strict=True):
        if sop not in ("", row.sop):
            continue
        if only is not None:
            row = replace(row, who=row.who & only[row.to], by_staff=row.by_staff & only[row.to])
        if row.who:
            heap = heaps.setdefault((row.sop, row.step, key(row.due)), _Heap(row))
            heap.add(row, clashes)
    return [heap.slot() for heap in heaps.values()]


def _clashes(rows: Sequence[Foreseen], distance: int, only: Only | None) -> list[list[Clash]]:
    """With whom each row clashes; the rows are in order."""
    found: list[list[Clash]] = [[] for _ in rows]
    near: deque[int] = deque()
    for index, row in enumerate(rows):
        if row.action not in WRITES:
            continue
        while near and rows[near[0]].due <= row.due - distance:
            near.popleft()
        for other in near:
            before = rows[other]
            if before.sop == row.sop or before.to != row.to:
                continue
            both = before.who & row.who
            count = (both & only[row.to] if only else both).count()
            if count:
                found[index].append(Clash(before.sop, before.step, before.due, count))
                found[other].append(Clash(row.sop, row.step, row.due, count))
        near.append(index)
    return found
