"""What became of SOPs over the API: all together, step by step, and run by run."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bot.api.operation import Call, Operation
from bot.api.paging import Asked, Paged, page_of
from bot.api.sops import SopAsked, sop_named
from bot.clock import utc
from bot.model.base import Frozen
from bot.sop.outcomes.numbers import Numbers
from bot.sop.outcomes.report import Report
from bot.sop.sops import Sops


class RunsAsked(Asked, SopAsked):
    """Which SOP, and which page of its runs."""


class RunShown(Frozen):
    """A step at one of its times, in one version, and what became of it."""

    run: str
    step: str
    version: int
    at: datetime
    numbers: Numbers


class RunList(Paged[RunShown]):
    """Runs, the latest first."""


class StepResult(Frozen):
    """What became of one step in all its runs."""

    step: str
    numbers: Numbers


class SopResults(Frozen):
    """What became of a SOP, and of each of its steps."""

    name: str
    to: Literal["member", "group"]
    total: Numbers
    steps: tuple[StepResult, ...]


class SopResultResource:
    """``/sops/{name}/results`` and ``/sops/{name}/runs``."""

    def __init__(self, room: Sops, report: Report) -> None:
        self._room = room
        self._report = report

    def operations(self) -> list[Operation]:
        """What can be asked."""
        read: Literal["read:sops"] = "read:sops"
        return [
            Operation(
                *("GET", "/sops/{name}/results", read, self.get_sop_results, {200: SopResults}),
                *(SopAsked, None, (404,)),
            ),
            Operation(
                *("GET", "/sops/{name}/runs", read, self.list_sop_runs, {200: RunList}),
                *(RunsAsked, None, (404,)),
            ),
        ]

    async def get_sop_results(self, call: Call[SopAsked, None]) -> SopResults:
        """What became of a SOP: all together, and step by step."""
        found = await self._report.of(await sop_named(self._room, call.asked.name))
        steps = [StepResult(step=line.step, numbers=line.numbers) for line in found.lines]
        return SopResults(name=call.asked.name, to=found.to, total=found.total, steps=tuple(steps))

    async def list_sop_runs(self, call: Call[RunsAsked, None]) -> RunList:
        """The runs of a SOP, the latest first, each with its numbers."""
        sop, asked = await sop_named(self._room, call.asked.name), call.asked
        page, onward = page_of(range(await self._room.results.count(sop.id)), asked)
        shown = [
            RunShown(
                run=run.id, step=run.step, version=run.version, at=utc(run.at), numbers=numbers
            )
            for run, numbers in await self._report.runs(sop, asked.offset, len(page))
        ]
        return RunList(items=tuple(shown), next=onward)
