"""The report: what became of a SOP, of each of its steps and runs, and who is behind a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.reports.interval import Arm, Comparison, compare
from bot.sop.outcomes.numbers import Numbers, rows
from bot.sop.outcomes.responses import NOBODY, Clicks, Responses
from bot.sop.outcomes.results import HOLD_OUT, OUTCOMES, REASONS, RESPONSES, Results, Run
from bot.sop.record import Sop, Version
from bot.sop.templates.step import Step
from bot.sop.versions import Versions
from bot.store.bits import Bits
from bot.store.store import Store, as_text

ALL = 1_000_000
REACHED, CLICKED = "reached", "clicked"
PEOPLE = (REACHED, CLICKED, *RESPONSES)
"""Outcomes that are of members, also where the SOP writes to groups."""
KINDS = frozenset(
    {"planned", "waiting", "deferred", *OUTCOMES, *PEOPLE, *(f"skipped:{r}" for r in REASONS)}
)
"""Every outcome a number can be of, beside ``way:`` with a name."""
Goal = Literal["clicked", "replied", "checked-in", "converted"]
COMPARED: tuple[Goal, ...] = ("replied", "checked-in", "converted")


@dataclass(frozen=True, slots=True)
class Line:
    """A step with what became of it in all its runs."""

    step: str
    numbers: Numbers
    compared: dict[Goal, Comparison]
    """Its variants against the hold-out, else the first; empty when there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Account:
    """A SOP, its steps in their order (those of older versions last), and all together."""

    to: Literal["member", "group"]
    total: Numbers
    lines: tuple[Line, ...]


class Report:
    """Reads results and works out what they come to; the same numbers wherever they are shown."""

    def __init__(self, store: Store, results: Results, versions: Versions) -> None:
        self._store = store
        self._results = results
        self._versions = versions
        self._responses = Responses(store)

    async def of(self, sop: Sop) -> Account:
        """All of a SOP."""
        version = await self._versions.get(sop.id, sop.version)
        to, runs = version.template.to, await self._runs(sop)
        steps = _by_step(version, runs)
        lines, reached, clicked = list[Line](), list[Bits](), list[Bits]()
        for step, own in steps.items():
            who = await self._responses.reached(own, to)
            clicks = await self._responses.together(own, to)
            numbers = await self._numbers(own, who, clicks, to)
            kept = version.settled.find(step)
            arms: dict[Goal, Comparison] = {}
            if kept and to == "member" and (kept.variant or kept.holdout):
                arms = await self._compared(own, kept, who, clicks or Clicks())
            lines.append(Line(step, numbers, arms))
            reached.append(who)
            clicked.append((clicks or Clicks()).members & who)
        total = await self._people(rows(runs), runs, Bits.union(reached))
        told = [line.numbers for line in lines if line.numbers.clicks is not None]
        if told:
            total = replace(
                total,
                clicked=Bits.union(clicked).count(),
                visitors=sum(one.visitors for one in told),
                answering=sum(one.answering for one in told),
                received=sum(one.received for one in told),
                answered=sum(one.answered or 0 for one in told),
                clicks=sum(one.clicks or 0 for one in told),
            )
        return Account(to, total, tuple(lines))

    async def totals(self, sop: str) -> Numbers:
        """The rows of all runs together, quickly; nothing about people."""
        return rows(await self._results.runs(sop, 0, ALL))

    async def clicks(self, sop: Sop) -> Clicks | None:
        """Clicks on the links of all runs, quickly; None when none had tracked links."""
        version = await self._versions.get(sop.id, sop.version)
        runs = await self._results.runs(sop.id, 0, ALL)
        return await self._responses.together(runs, version.template.to)

    async def runs(self, sop: Sop, start: int, limit: int) -> list[tuple[Run, Numbers]]:
        """A page of runs, the latest first, each with its numbers."""
        version = await self._versions.get(sop.id, sop.version)
        to, every = version.template.to, await self._runs(sop)
        found = []
        for run in every[start : start + limit]:
            clicks = await self._responses.together([run], to)
            who = await self._responses.reached([run], to)
            found.append((run, await self._numbers([run], who, clicks, to)))
        return found

    async def who(self, sop: Sop, outcome: str, *, step: str = "", run: str = "") -> Bits:
        """The members or groups behind a number: of one run, of a step, or of the whole SOP.

        Members where the outcome is one of PEOPLE, else what the SOP writes to.
        """
        version = await self._versions.get(sop.id, sop.version)
        to, every = version.template.to, await self._runs(sop)
        chosen = [one for one in every if run in ("", one.id) and step in ("", one.step)]
        match outcome:
            case "waiting":
                return await self._waiting(chosen)
            case "reached":
                return await self._responses.reached(chosen, to)
            case response if response in RESPONSES:
                reached = await self._responses.reached(chosen, to)
                return reached & await self._responses.responded(chosen, response)
            case "clicked":
                clicks = await self._responses.together(chosen, to)
                reached = await self._responses.reached(chosen, to)
                return (clicks or Clicks()).members & reached
            case _:
                return await self._responses.facts(chosen, outcome)

    async def why(self, sop: Sop, runs: Sequence[str], numbers: Sequence[int]) -> dict[int, str]:
        """Why targets of some runs failed, as the gateway said."""
        found: dict[int, str] = {}
        for run in runs if numbers else ():
            key = self._store.keys.sop_failed(f"{sop.id}/{run}")
            kept = await self._store.call("HMGET", key, *numbers)
            for number, one in zip(numbers, kept, strict=True):
                if one is not None:
                    found[number] = as_text(one).partition("\n")[2]
        return found

    async def names(self, sop: Sop, step: str = "") -> list[str]:
        """The names of a step's runs, or of all."""
        runs = await self._store.texts("ZRANGE", self._store.keys.sop_runs(sop.id), 0, -1, "REV")
        return [run for run in runs if step in ("", run.split("/", 2)[1])]

    # inside

    async def _runs(self, sop: Sop) -> list[Run]:
        ways = {HOLD_OUT: None}
        for version in await self._versions.all(sop.id):
            for step in version.settled.step:
                ways |= dict.fromkeys(step.ways)
        return await self._results.runs(sop.id, 0, ALL, tuple(ways))

    async def _numbers(
        self, runs: Sequence[Run], reached: Bits, clicks: Clicks | None, to: str
    ) -> Numbers:
        found = await self._people(rows(runs), runs, reached)
        if clicks is None:
            return found
        each = await self._responses.clicks(runs, to)
        linked = [run for run in runs if run.name in each]
        got = {run.name: await self._responses.reached([run], to) for run in linked}
        answers = ((each[name].members & got[name]).count() for name in got)
        return replace(
            found,
            clicked=(clicks.members & reached).count(),
            received=sum(one.count() for one in got.values()),
            answered=sum(answers) + clicks.answering,
            visitors=clicks.visitors,
            answering=clicks.answering,
            clicks=clicks.clicks,
        )

    async def _people(self, numbers: Numbers, runs: Sequence[Run], reached: Bits) -> Numbers:
        after = {
            response: (await self._responses.responded(runs, response) & reached).count()
            for response in RESPONSES
        }
        return replace(numbers, reach=reached.count(), after=after)

    async def _waiting(self, runs: Sequence[Run]) -> Bits:
        found = []
        for run in runs:
            if run.waiting:
                ends = [name for name in OUTCOMES if getattr(run, name)]
                ends += [f"skipped:{reason}" for reason in run.skipped]
                ended = Bits.union([await self._responses.facts([run], end) for end in ends])
                found.append(await self._responses.facts([run], "planned") - ended)
        return Bits.union(found)

    async def _compared(
        self, runs: Sequence[Run], step: Step, reached: Bits, clicks: Clicks
    ) -> dict[Goal, Comparison]:
        """The variants, and those held out: what part of each did what was hoped for."""
        arms = {"sent": reached}
        if step.variant:
            ways = [one.name for one in step.variant]
            arms = {w: reached & await self._responses.facts(runs, f"way:{w}") for w in ways}
        held = NOBODY
        if step.holdout:
            held = await self._responses.facts(runs, f"way:{HOLD_OUT}") - reached
        found: dict[Goal, Comparison] = {}
        hits: dict[Goal, Bits] = {"clicked": clicks.members}
        for response in COMPARED:
            hits[response] = await self._responses.responded(runs, response)
        for goal, who in hits.items():
            # Those held out got no link to click.
            among = arms if goal == "clicked" or not held else {HOLD_OUT: held, **arms}
            if len(among) > 1 and who:
                told = [Arm(n, (who & b).count(), b.count()) for n, b in among.items()]
                found[goal] = compare(told)
        return found


def _by_step(version: Version, runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs of each step; those of steps that are gone come last."""
    found: dict[str, list[Run]] = {step.id: [] for step in version.settled.step}
    for run in runs:
        found.setdefault(run.step, []).append(run)
    return found
