"""Who ended how: the members or groups behind every number of a SOP's results."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.sop_results import run_label
from bot.console.paging import offset
from bot.console.sop_words import outcome_word
from bot.sop.faults import NoSuchSop
from bot.sop.outcomes.asked import Asked
from bot.sop.outcomes.report import KINDS, PEOPLE, Report
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.store.bits import Bits
from bot.store.members import Group, Member, Members

PAGE = 50
ASKED = "asked"
MANY = 100
"""Runs whose failures are looked up for their reasons."""


class SopTargets:
    """The page of one outcome of one run, of a step or of the whole SOP."""

    def __init__(
        self,
        frame: Frame,
        sops: Sops,
        report: Report,
        asked: Asked,
        members: Members,
        directory: Directory,
    ) -> None:
        self._frame = frame
        self._sops = sops
        self._report = report
        self._asked = asked
        self._members = members
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """``/sops/{id}/targets?outcome=…``, with ``run=…`` or ``step=…``."""
        return [self._frame.get("/sops/{id}/targets", self.show)]

    async def show(self, page: Page) -> web.StreamResponse:
        """The names, a page at a time."""
        try:
            sop = await self._sops.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None
        outcome, step, run = page.arg("outcome", 60), page.arg("step", 60), page.arg("run", 300)
        numbers, label = await self._numbers(page, sop, outcome, step, run)
        to = (await self._sops.version(sop)).template.to
        members: Sequence[Member] = []
        groups: Sequence[Group] = []
        if to == "member" or outcome in PEOPLE:
            members, more = await self._some_members(page, numbers)
        else:
            groups, more = await self._some_groups(page, numbers)
        shown = [*(one.number for one in members), *(one.number for one in groups)]
        return page.render(
            "sop_targets.html",
            sop=sop,
            label=label,
            outcome=outcome_word(page.words, outcome),
            hidden={"run": run, "step": step, "outcome": outcome},
            total=numbers.count(),
            members=members,
            groups=groups,
            why=await self._why(sop, outcome, step, run, shown),
            more=more,
        )

    async def _numbers(
        self, page: Page, sop: Sop, outcome: str, step: str, run: str
    ) -> tuple[Bits, str]:
        """Whom it is about, and of what; not found when nobody made that address."""
        if outcome == ASKED:
            for one in await self._asked.of(sop):
                if one.occurrence == f"{sop.id}/{run}":
                    return Bits.of(await self._asked.targets(one.occurrence)), one.step
            raise web.HTTPNotFound
        if outcome not in KINDS and not outcome.startswith("way:"):
            raise web.HTTPNotFound
        label = step
        if run:
            if not await self._sops.results.has(sop.id, run):
                raise web.HTTPNotFound
            found = await self._sops.results.run(sop.id, run)
            label = f"{found.step} · {run_label(page, found)}"
        return await self._report.who(sop, outcome, step=step, run=run), label

    async def _why(
        self, sop: Sop, outcome: str, step: str, run: str, numbers: Sequence[int]
    ) -> dict[int, str]:
        """What the gateway said of those that failed."""
        if outcome != "failed":
            return {}
        runs = [run] if run else await self._report.names(sop, step)
        return await self._report.why(sop, runs[:MANY], numbers)

    async def _some_members(self, page: Page, numbers: Bits) -> tuple[Sequence[Member], str]:
        words, cursor = page.arg("q"), page.arg("after", 2000)
        if words:
            found = await self._directory.search(words, cursor, within={*numbers})
            return found.members, page.here(after=found.next) if found.next else ""
        start = offset(cursor)
        more = page.here(after=start + PAGE) if start + PAGE < numbers.count() else ""
        return await self._members.some(numbers.numbers(start, PAGE)), more

    async def _some_groups(self, page: Page, numbers: Bits) -> tuple[Sequence[Group], str]:
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        fitting = [
            group
            for group in await self._members.groups()
            if group.number in numbers and wanted in group.name.casefold()
        ]
        more = page.here(after=start + PAGE) if start + PAGE < len(fitting) else ""
        return fitting[start : start + PAGE], more
