"""Who ended how: the members or groups behind every number of a SOP's results."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.sops import run_label
from bot.console.paging import offset
from bot.console.sop_words import OUTCOMES, SKIPS, outcome_word, outcomes
from bot.sop.record import Sop
from bot.sop.results import Run
from bot.sop.sops import NoSuchSop, Sops
from bot.store.members import Group, Member, Members

PAGE = 50
KINDS = {*OUTCOMES, "deferred", "planned", *(f"skipped:{reason}" for reason in SKIPS)}


class SopTargets:
    """The page of one outcome of one run."""

    def __init__(self, frame: Frame, sops: Sops, members: Members, directory: Directory) -> None:
        self._frame = frame
        self._sops = sops
        self._members = members
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """``/sops/{id}/targets?run=…&outcome=…``."""
        return [self._frame.get("/sops/{id}/targets", self.show)]

    async def show(self, page: Page) -> web.StreamResponse:
        """The names, a page at a time."""
        try:
            sop = await self._sops.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None
        name, outcome = page.arg("run", 300), page.arg("outcome", 60)
        if outcome not in KINDS:
            raise web.HTTPNotFound
        to = await self._written_to(sop, name)
        run = await self._sops.results.run(sop.id, name)
        if not run.planned:
            raise web.HTTPNotFound
        numbers = await self._numbers(run, outcome)
        members: Sequence[Member] = []
        groups: Sequence[Group] = []
        if to == "member":
            members, more = await self._some_members(page, numbers)
        else:
            groups, more = await self._some_groups(page, {*numbers})
        return page.render(
            "sop_targets.html",
            sop=sop,
            run=run,
            label=run_label(page, run),
            outcome=outcome_word(page.words, outcome),
            hidden={"run": name, "outcome": outcome},
            total=len(numbers),
            members=members,
            groups=groups,
            more=more,
        )

    async def _written_to(self, sop: Sop, name: str) -> str:
        """Whether the run's targets are members or groups; not found when there is no such run."""
        number, _, rest = name.partition("/")
        for version in await self._sops.versions(sop.id):
            if str(version.number) == number and "/" in rest:
                return version.template.to
        raise web.HTTPNotFound

    async def _numbers(self, run: Run, outcome: str) -> list[int]:
        """The targets; those on the way are who was planned and has no end."""
        if outcome != "waiting":
            return await self._targets(run, outcome)
        ends = [name for name, _, _ in outcomes(run) if name != "waiting"]
        ended = await asyncio.gather(*(self._targets(run, end) for end in ends))
        gone = {number for numbers in ended for number in numbers}
        return [number for number in await self._targets(run, "planned") if number not in gone]

    async def _targets(self, run: Run, outcome: str) -> list[int]:
        return (await self._sops.results.targets(run, outcome, 0, run.planned))[1]

    async def _some_members(
        self, page: Page, numbers: Sequence[int]
    ) -> tuple[Sequence[Member], str]:
        words, cursor = page.arg("q"), page.arg("after", 2000)
        if words:
            found = await self._directory.search(words, cursor, within={*numbers})
            return found.members, page.here(after=found.next) if found.next else ""
        start = offset(cursor)
        more = page.here(after=start + PAGE) if start + PAGE < len(numbers) else ""
        return await self._members.some(numbers[start : start + PAGE]), more

    async def _some_groups(self, page: Page, numbers: set[int]) -> tuple[Sequence[Group], str]:
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        fitting = [
            group
            for group in await self._members.groups()
            if group.number in numbers and wanted in group.name.casefold()
        ]
        more = page.here(after=start + PAGE) if start + PAGE < len(fitting) else ""
        return fitting[start : start + PAGE], more
