"""Approvals: what was proposed, what it would change, and the yes or no of another operator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web

from bot.clock import millis
from bot.console.cards import Need
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.console.sop_readings import Readings
from bot.console.sop_words import setting_word, when_words
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.phrase import Phrase
from bot.sop.changes.difference import Difference, Differences
from bot.sop.changes.proposals import NoSuchProposal, OwnProposal, Proposal, Proposals
from bot.sop.faults import Locked, NoSuchSop, WrongState
from bot.sop.sops import Sops as Room
from bot.sop.templates.template import Template
from bot.store.members import Members

PAGE = 20
PROPOSALS = {
    "waiting": (msgid("waits for approval"), "warn"),
    "approved": (msgid("approved"), "good"),
    "rejected": (msgid("rejected"), "bad"),
    "withdrawn": (msgid("withdrawn"), ""),
}
"""How a proposal is: the word and its colour."""


class SopApprovals:
    """The list of proposals, and each with its difference."""

    def __init__(
        self,
        frame: Frame,
        room: Room,
        differences: Differences,
        proposals: Proposals,
        members: Members,
    ) -> None:
        self._frame = frame
        self._room = room
        self._differences = differences
        self._proposals = proposals
        self._readings = Readings(room, members)

    def routes(self) -> list[web.RouteDef]:
        """``/sops/approvals`` and each proposal with its buttons."""
        frame, one = self._frame, "/sops/approvals/{number}"
        return [
            frame.get("/sops/approvals", self.index),
            frame.get(one, self.one),
            frame.post(f"{one}/approve", self.approve),
            frame.post(f"{one}/reject", self.reject),
            frame.post(f"{one}/withdraw", self.withdraw, "author"),
        ]

    async def waiting(self, page: Page) -> Need | None:
        """For the overview: what waits for this operator's word."""
        found = [one for one in await self._proposals.waiting() if one.by != page.operator.name]
        if not found or not page.may("manager"):
            return None
        one, many = (
            msgid("{n} proposal waits for your word"),
            msgid("{n} proposals wait for your word"),
        )
        return Need(page.words.count(one, many, len(found)), "/sops/approvals", "warn")

    async def index(self, page: Page) -> web.StreamResponse:
        """Every proposal, those waiting first."""
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        fitting = [
            one
            for one in await self._proposals.all()
            if wanted in f"{one.title(page.language)} {one.name} {one.source} {one.by}".casefold()
        ]
        more = start + PAGE < len(fitting)
        return page.render(
            "sop_approvals.html",
            rows=fitting[start : start + PAGE],
            proposal_states=PROPOSALS,
            more=page.here(after=start + PAGE) if more else "",
        )

    async def one(self, page: Page) -> web.StreamResponse:
        """One proposal, and what it would change now."""
        return await self._show(page, await self._proposal(page))

    async def approve(self, page: Page) -> web.StreamResponse:
        """Yes: start or change it."""
        proposal = await self._proposal(page)
        try:
            sop = await self._proposals.approve(
                proposal.id, page.operator.name, page.field("why", 500)
            )
        except OwnProposal:
            wrong = msgid("You proposed it: somebody else has to approve it.")
            return await self._show(page, proposal, wrong, 403)
        except Problems as problems:
            return await self._show(page, proposal, page.words.wrong(problems), 422)
        except Locked as locked:
            due = page.formats.moment(millis(datetime.fromisoformat(locked.due)))
            wrong = msgid("It is locked: a step is due at {due}. Change it afterwards.")
            return await self._show(page, proposal, page.words.say(wrong, due=due), 409)
        except (WrongState, NoSuchSop):
            return await self._late(page)
        told = msgid("It is started. This is what will go out.")
        told = told if proposal.kind == "start" else msgid("It is changed.")
        return page.redirect(f"/sops/{sop.id}", told)

    async def reject(self, page: Page) -> web.StreamResponse:
        """No."""

        async def reject(ident: str, by: str) -> Proposal:
            return await self._proposals.reject(ident, by, page.field("why", 500))

        return await self._close(page, reject, msgid("It is rejected."))

    async def withdraw(self, page: Page) -> web.StreamResponse:
        """One's own, taken back."""
        return await self._close(page, self._proposals.withdraw, msgid("It is withdrawn."))

    # inside

    async def _proposal(self, page: Page) -> Proposal:
        try:
            return await self._proposals.get(str(page.number("number")))
        except NoSuchProposal:
            raise web.HTTPNotFound from None

    async def _close(
        self, page: Page, act: Callable[[str, str], Awaitable[Proposal]], done: str
    ) -> web.StreamResponse:
        proposal = await self._proposal(page)
        try:
            await act(proposal.id, page.operator.name)
        except WrongState:
            return await self._late(page)
        return page.redirect(f"/sops/approvals/{proposal.id}", done)

    async def _late(self, page: Page) -> web.StreamResponse:
        """It was decided, or its SOP changed, meanwhile."""
        wrong = msgid("Somebody else changed it just now: this is how it is.")
        return await self._show(page, await self._proposal(page), wrong, 409)

    async def _difference(self, proposal: Proposal) -> tuple[Difference, bool, Template]:
        """What it would change now, whether its SOP changed since, and its template before."""
        new = await self._proposals.draft(proposal)
        if proposal.kind == "start":
            return await self._differences.start(new), False, proposal.template
        sop = await self._room.get(proposal.name)
        old = await self._room.version(sop)
        return await self._differences.edit(sop, new), sop.version != proposal.base, old.template

    async def _show(
        self, page: Page, proposal: Proposal, problem: str = "", status: int = 200
    ) -> web.Response:
        found, outdated, before = None, False, proposal.template
        if proposal.state == "waiting":
            try:
                found, outdated, before = await self._difference(proposal)
            except Problems as problems:
                problem = problem or page.words.wrong(problems)
            except NoSuchSop as error:
                problem = problem or page.words.say(Phrase.of(error))
        to, template = proposal.template.to, proposal.template
        names = {proposal.audience: await self._readings.say(page, proposal.audience, to)}
        if found and found.audience.before:
            old = found.audience.before
            names[old] = await self._readings.say(page, old, to)
        return page.render(
            "sop_approval.html",
            status,
            proposal=proposal,
            state=PROPOSALS[proposal.state],
            found=found,
            problem=problem,
            outdated=outdated,
            to=to,
            own=proposal.by == page.operator.name,
            audience=lambda one: names[one],
            setting_word=lambda key: setting_word(page.words, key),
            when=lambda step: when_words(page.words, template, step),
            when_before=lambda step: when_words(page.words, before, step),
        )
