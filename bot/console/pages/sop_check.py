"""The plan check's pages: a draft's findings as part of a form, and those of a SOP."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.sop_draft import Draft, by_field
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.phrase import Phrase
from bot.sop.changes.proposals import Proposals
from bot.sop.check import Finding, PlanCheck, fix_of
from bot.sop.faults import NoSuchSop, WrongState
from bot.sop.record import Sop, Version
from bot.sop.sops import Sops as Room

AHEAD = (7, 30, 90)
"""Days a SOP's page can look ahead."""
USUAL = 30


class SopCheck:
    """``/sops/check`` for forms, ``/sops/{id}/check`` for what runs."""

    def __init__(
        self, frame: Frame, room: Room, plan_check: PlanCheck, proposals: Proposals
    ) -> None:
        self._frame = frame
        self._room = room
        self._check = plan_check
        self._proposals = proposals

    def routes(self) -> list[web.RouteDef]:
        """What forms ask, and the page of one SOP with its fixes."""
        return [
            self._frame.post("/sops/check", self.draft, "author"),
            self._frame.get("/sops/{id}/check", self.one, "author"),
            self._frame.post("/sops/{id}/check", self.fix, "author"),
        ]

    async def draft(self, page: Page) -> web.StreamResponse:
        """What would go wrong with what is in the start form.

        A part of a page; a page of its own for a browser that goes there itself.
        """
        data = await self._drafted(page)
        whole = page.request.headers.get("Sec-Fetch-Dest") == "document"
        template = "sop_check.html" if whole else "sop_findings.html"
        return page.render(template, 422 if data["problems"] else 200, sop=None, **data)

    async def one(self, page: Page) -> web.StreamResponse:
        """What would go wrong with a SOP in the next days."""
        sop, version = await self._sop(page)
        return await self._show(page, sop, version)

    async def fix(self, page: Page) -> web.StreamResponse:
        """Change the SOP as a finding offers, or propose it."""
        sop, version = await self._sop(page)
        try:
            fix = fix_of(page.field("fix", 2000))
        except ValueError:
            raise web.HTTPNotFound from None
        if page.field("base") != str(version.number):
            wrong = msgid("Somebody else changed it just now: this is how it is.")
            return await self._show(page, sop, version, wrong)
        template, by = fix.apply(version.template), page.operator.name
        try:
            if self._proposals.required or not page.may("manager"):
                note = page.words.say(fix.title)
                made = await self._proposals.edit(sop.id, by, template=template, note=note)
                told = msgid("It is proposed: somebody else has to approve it.")
                return page.redirect(f"/sops/approvals/{made.id}", told)
            await self._room.edit(sop.id, by, template=template)
        except WrongState as error:
            return await self._show(page, sop, version, Phrase.of(error))
        except Problems as problems:
            return await self._show(page, sop, version, problems.problems[0].said)
        return page.redirect(f"/sops/{sop.id}/check", msgid("It is changed."))

    # inside

    async def _drafted(self, page: Page) -> dict[str, Any]:
        """Findings, or what keeps it from being a plan at all."""
        try:
            template = await self._room.shelf.get(page.field("template"))
        except Problems:
            raise web.HTTPNotFound from None
        try:
            version = await Draft.of(page, template).version(page, self._room, template)
        except Problems as problems:
            return {"findings": (), "problems": [*by_field(problems, template).values()]}
        except ValueError as error:
            return {"findings": (), "problems": [Phrase.of(error)]}
        return {"findings": await self._check.check(version, days=USUAL), "problems": ()}

    async def _sop(self, page: Page) -> tuple[Sop, Version]:
        try:
            sop = await self._room.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None
        return sop, await self._room.version(sop)

    async def _show(
        self, page: Page, sop: Sop, version: Version, wrong: str = ""
    ) -> web.StreamResponse:
        days = next((n for n in AHEAD if page.arg("days") == str(n)), USUAL)
        findings: list[Finding] = await self._check.check(version, sop=sop, days=days)
        return page.render(
            "sop_check.html",
            422 if wrong else 200,
            sop=sop,
            base=version.number,
            findings=findings,
            problems=[wrong] if wrong else (),
            days=days,
            ahead=AHEAD,
            fixes=f"/sops/{sop.id}/check" if sop.state in ("running", "paused") else "",
        )
