"""Results: what became of every step and target."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import Field

from bot.clock import millis
from bot.model.base import Frozen
from bot.sop.record import ALWAYS
from bot.store.facts import Facts
from bot.store.store import Store

OUTCOMES = ("sent", "failed", "in_doubt", "task", "done")
REASONS = (
    *("missed", "left", "opted out", "not in the audience", "condition", "group gone"),
    *("cannot be reached", "text failed", "step removed", "frequency cap", "too late"),
    *("quiet hours", "hold-out", "stop condition", "quit", "no such SOP", "staff", "stopped"),
    *("route full", "route already", "route gone", "route barred", "route refused"),
    *("route wait", "route making", "route ask", "had another"),
    "no moments",
)
"""Why a target was skipped: every word there is."""
RESPONSES = ("replied", "checked-in", "tagged", "converted")
"""What members did after it, within a day."""
HOLD_OUT = "hold-out"
CHUNK = 25
"""Runs one script counts."""


class Run(Frozen):
    """One step at one of its times, in one version, and how many targets ended how.

    ``at`` is the first due moment (UTC ms). ``deferred`` counts those quiet hours held back,
    whatever became of them then. ``missed``: its time passed and nobody got it. ``waiting`` are
    on their way. ``ways``: how many went each way, or were to get each variant. ``after`` says how
    many members did each of RESPONSES, also of those held out to compare; ``present`` are the
    members of the groups when these got it.
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
    done: int = 0
    deferred: int = 0
    skipped: dict[str, int] = Field(default={})
    ways: dict[str, int] = Field(default={})
    after: dict[str, int] = Field(default={})
    present: int = 0
    missed: bool = False

    @property
    def id(self) -> str:
        """Its name within the SOP: ``version/step/occurrence``."""
        return f"{self.version}/{self.step}/{self.occurrence}"

    @property
    def name(self) -> str:
        """What keys, deliveries and links call it."""
        return f"{self.sop}/{self.id}"

    @property
    def ended(self) -> int:
        """Targets of which an end is known."""
        ends = sum((self.sent, self.failed, self.in_doubt, self.task, self.done))
        return ends + sum(self.skipped.values())

    @property
    def waiting(self) -> int:
        """Targets planned of which no end is known yet."""
        return max(0, self.planned - self.ended)

    @property
    def each(self) -> bool:
        """Whether it comes for each target at its own time, once."""
        return self.occurrence == ALWAYS

    @property
    def moment(self) -> int | None:
        """When it was to happen (UTC ms); None for steps that come for each member by itself."""
        if "T" not in self.occurrence:
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

    async def has(self, sop: str, name: str) -> bool:
        """Whether there is a run of that name."""
        return await self._store.call("ZSCORE", self._store.keys.sop_runs(sop), name) is not None

    async def runs(
        self, sop: str, start: int = 0, limit: int = 20, ways: Collection[str] = ()
    ) -> list[Run]:
        """A SOP's runs, the latest first; ``ways``: those to count too."""
        key = self._store.keys.sop_runs(sop)
        found = await self._store.table(
            "ZRANGE", key, start, start + limit - 1, "REV", "WITHSCORES"
        )
        rows = [(name, int(float(at))) for name, at in found.items()]
        runs: list[Run] = []
        for i in range(0, len(rows), CHUNK):
            runs += await self._some(sop, rows[i : i + CHUNK], ways)
        return runs

    async def run(self, sop: str, name: str, at: int = 0, ways: Collection[str] = ()) -> Run:
        """One run by its name, ``version/step/occurrence``."""
        (run,) = await self._some(sop, [(name, at)], ways)
        return run

    async def _some(
        self, sop: str, rows: Sequence[tuple[str, int]], ways: Collection[str]
    ) -> list[Run]:
        kinds = ["result:planned", "result:deferred", *(f"result:{one}" for one in OUTCOMES)]
        kinds += [f"members:{one}" for one in (*RESPONSES, "present")]
        kinds += [f"result:skipped:{reason}" for reason in REASONS]
        kinds += [f"result:way:{way}" for way in ways]
        keys, names = self._store.keys, [name for name, _ in rows]
        counted = await self._store.run(
            "sop_counts", [keys.fence()], [self._store.prefix, sop, len(kinds), *kinds, *names]
        )
        missed = await self._store.call("SMISMEMBER", keys.sop_missed(sop), *names)
        found = []
        for n, (name, at) in enumerate(rows):
            part = counted[n * len(kinds) : (n + 1) * len(kinds)]
            counts = {kind.partition(":")[2]: c for kind, c in zip(kinds, part, strict=True)}
            found.append(_run(sop, name, at, counts, bool(missed[n]), ways))
        return found

    async def targets(
        self, run: Run, outcome: str, start: int = 0, limit: int = 50
    ) -> tuple[int, list[int]]:
        """How many ended so ("sent", "skipped:left" …), and a page of their numbers."""
        numbers = await self._facts.numbers(self._store.keys.sop_result(run.name, outcome))
        return len(numbers), numbers[start : start + limit]


def _run(
    sop: str, name: str, at: int, counts: dict[str, int], missed: bool, ways: Collection[str]
) -> Run:
    version, step, occurrence = name.split("/", 2)
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
        done=counts["done"],
        after={response: counts[response] for response in RESPONSES},
        present=counts["present"],
        skipped={r: n for r in REASONS if (n := counts[f"skipped:{r}"])},
        ways={way: n for way in ways if (n := counts[f"way:{way}"])},
        missed=missed,
    )
