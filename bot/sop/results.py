"""Results: what became of every step and target."""

from __future__ import annotations

import asyncio
from datetime import datetime

from pydantic import Field

from bot.clock import millis
from bot.model.base import Frozen
from bot.sop.record import JOINED
from bot.store.facts import Facts
from bot.store.store import Store

OUTCOMES = ("sent", "failed", "in_doubt", "task")
REASONS = (
    *("missed", "left", "opted out", "not in the audience", "condition", "group gone"),
    *("cannot be reached", "text failed", "step removed", "frequency cap", "too late"),
    *("staff", "stopped"),
)
"""Why a target was skipped: every word there is."""


class Run(Frozen):
    """One step at one of its times, in one version, and how many targets ended how.

    ``at`` is the first due moment (UTC ms). ``deferred`` counts those quiet hours held back,
    whatever became of them then. ``missed``: its time passed and nobody got it. ``waiting`` are
    on their way.
    """

    sop: str
    version: int
    step: str
    occurrence: str
    at: int
    planned: int = 0
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    task: int = 0
    deferred: int = 0
    skipped: dict[str, int] = Field(default={})
    missed: bool = False

    @property
    def name(self) -> str:
        """What keys, deliveries and links call it."""
        return f"{self.sop}/{self.version}/{self.step}/{self.occurrence}"

    @property
    def waiting(self) -> int:
        """Targets planned of which no end is known yet."""
        ended = self.sent + self.failed + self.in_doubt + self.task + sum(self.skipped.values())
        return max(0, self.planned - ended)

    @property
    def moment(self) -> int | None:
        """When it was to happen (UTC ms); None for steps that come for each member by itself."""
        if self.occurrence == JOINED or self.occurrence.isdecimal():
            return None
        return millis(datetime.fromisoformat(self.occurrence))


class Results:
    """Reads what scripts and the sender wrote; nothing is counted twice."""

    def __init__(self, store: Store, facts: Facts) -> None:
        self._store = store
        self._facts = facts

    async def count(self, sop: str) -> int:
        """How many runs there are."""
        return int(await self._store.call("ZCARD", self._store.keys.sop_runs(sop)))

    async def runs(self, sop: str, start: int = 0, limit: int = 20) -> list[Run]:
        """A SOP's runs, the latest first."""
        key = self._store.keys.sop_runs(sop)
        found = await self._store.table(
            "ZRANGE", key, start, start + limit - 1, "REV", "WITHSCORES"
        )
        return [await self.run(sop, name, int(float(at))) for name, at in found.items()]

    async def run(self, sop: str, name: str, at: int = 0) -> Run:
        """One run by its name, ``version/step/occurrence``."""
        version, step, occurrence = name.split("/", 2)
        kinds = ["planned", "deferred", *OUTCOMES, *(f"skipped:{reason}" for reason in REASONS)]
        keys = self._store.keys
        counted = await asyncio.gather(
            *(self._facts.count(keys.sop_result(f"{sop}/{name}", kind)) for kind in kinds)
        )
        counts = dict(zip(kinds, counted, strict=True))
        missed = await self._store.call("SISMEMBER", keys.sop_missed(sop), name)
        return Run(
            sop=sop,
            version=int(version),
            step=step,
            occurrence=occurrence,
            at=at,
            planned=counts["planned"],
            deferred=counts["deferred"],
            sent=counts["sent"],
            failed=counts["failed"],
            in_doubt=counts["in_doubt"],
            task=counts["task"],
            skipped={r: n for r in REASONS if (n := counts[f"skipped:{r}"])},
            missed=bool(missed),
        )

    async def targets(
        self, run: Run, outcome: str, start: int = 0, limit: int = 50
    ) -> tuple[int, list[int]]:
        """How many ended so ("sent", "skipped:left" …), and a page of their numbers."""
        numbers = await self._facts.numbers(self._store.keys.sop_result(run.name, outcome))
        return len(numbers), numbers[start : start + limit]
