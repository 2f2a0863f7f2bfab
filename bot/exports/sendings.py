"""Sendings: the runs of SOPs, what became of each target, and whom they reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Literal

from bot.exports.pieces import Pieces, Span, batches
from bot.sop.outcomes.report import ALL
from bot.sop.outcomes.results import OUTCOMES, Results, Run
from bot.sop.sops import Sops
from bot.store.bits import Bits
from bot.store.facts import Facts, read
from bot.store.members import Members
from bot.store.store import Store

AT_ONCE = 500
ROWS = 10_000

To = Literal["member", "group"]


class Sendings:
    """Reads runs and their facts."""

    def __init__(
        self, store: Store, members: Members, facts: Facts, sops: Sops, results: Results
    ) -> None:
        self._store = store
        self._members = members
        self._facts = facts
        self._sops = sops
        self._results = results

    async def runs(self, span: Span) -> Pieces:
        """Every run that was due on one of the days."""
        async for _, run, to in self._all(span):
            yield None, [_run(run, to)]

    async def results(self, span: Span) -> Pieces:
        """What became of each target of these runs."""
        async for day, run, to in self._all(span):
            ends: dict[str, tuple[str, str | None]]
            ends = {name: (name, None) for name in OUTCOMES if getattr(run, name)}
            ends |= {f"skipped:{why}": ("skipped", why) for why in run.skipped}
            for name, (outcome, reason) in ends.items():
                numbers = await self._facts.numbers(self._store.keys.sop_result(run.name, name))
                for some in batches(numbers, ROWS):
                    yield day, [(run.name, *_target(to, n), outcome, reason) for n in some]

    async def reach(self, span: Span) -> Pieces:
        """Whom these runs reached: members written to, with the group they got it as members of,
        or those in the groups at that time.
        """
        async for day, run, to in self._all(span):
            key = self._store.keys.sop_result(run.name, "sent")
            if to == "member":
                async for group, there in self._alone(run, key):
                    for some in batches(there.numbers(), ROWS):
                        yield day, [(run.name, group, number) for number in some]
                continue
            async for group, there in self._rosters(run, await self._facts.numbers(key)):
                for some in batches(there.numbers(), ROWS):
                    yield day, [(run.name, group, number) for number in some]

    # inside

    async def _all(self, span: Span) -> AsyncIterator[tuple[date, Run, To]]:
        """The runs by day, for one file at a time."""
        found = []
        for sop in await self._sops.all():
            to = {one.number: one.template.to for one in await self._sops.versions.all(sop.id)}
            for run in await self._results.runs(sop.id, 0, ALL):
                day = span.day(run.moment or run.at)
                if span.has(day):
                    found.append((day, run, to[run.version]))
        for one in sorted(found, key=lambda row: (row[0], row[1].name)):
            yield one

    async def _alone(self, run: Run, sent: str) -> AsyncIterator[tuple[int | None, Bits]]:
        """Who was written to alone, by the group they got it as members of."""
        keys = self._store.keys
        rest = (await read(self._store, [sent]))[sent]
        places = await self._facts.numbers(keys.sop_places(run.name))
        async for group, there in self._rosters(run, places):
            part = there & rest
            yield group, part
            rest = rest - part
        yield None, rest

    async def _rosters(self, run: Run, groups: list[int]) -> AsyncIterator[tuple[int, Bits]]:
        """Who was in each group when it got the run; not known any more after 400 days."""
        keys = self._store.keys
        for some in batches(groups, AT_ONCE):
            names = {group: keys.sop_present(run.name, group) for group in some}
            there = await read(self._store, [*names.values()])
            for group, name in names.items():
                yield group, there[name]


def _target(to: To, number: int) -> tuple[int | None, int | None]:
    """Member and group, one of them."""
    return (number, None) if to == "member" else (None, number)


def _run(run: Run, to: To) -> tuple[object, ...]:
    after = (run.after.get(what, 0) for what in ("replied", "checked-in", "tagged", "converted"))
    return (
        *(run.name, run.sop, run.version, run.step, run.occurrence, run.moment or run.at),
        *(run.missed, to, run.planned, run.sent, run.failed, run.in_doubt, run.task, run.done),
        *(sum(run.skipped.values()), run.deferred, run.present, *after),
    )
