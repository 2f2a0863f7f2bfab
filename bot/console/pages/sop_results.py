"""Results: what became of a SOP, by step and by time, and second tries."""

from __future__ import annotations

from collections.abc import Awaitable

from aiohttp import web

from bot.console.cards import Need
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.sop_progress import SopProgress
from bot.console.paging import offset
from bot.console.sop_words import STATES, outcomes, run_word, when_words
from bot.i18n.mark import msgid
from bot.sop.faults import NoSuchSop, WrongState
from bot.sop.outcomes.asked import Asked, Question
from bot.sop.outcomes.numbers import Numbers
from bot.sop.outcomes.report import Report
from bot.sop.outcomes.results import Run
from bot.sop.outcomes.retry import Retry
from bot.sop.record import Sop
from bot.sop.sops import Sops

PAGE = 20
EXPORTS = {
    "steps": msgid("Steps"),
    "times": msgid("Times"),
    "targets": msgid("Everybody, with outcome"),
    "staff": msgid("Staff"),
}
PERSONAL = ("targets", "staff")
"""Exports that name people: for managers."""


class SopResults:
    """The page of all results, and the decisions on what failed, is in doubt or was missed."""

    def __init__(
        self,
        frame: Frame,
        sops: Sops,
        report: Report,
        asked: Asked,
        retry: Retry,
        progress: SopProgress,
    ) -> None:
        self._frame = frame
        self._sops = sops
        self.report = report
        self._asked = asked
        self._retry = retry
        self._progress = progress

    def routes(self) -> list[web.RouteDef]:
        """``/sops/{id}/results`` and its decisions."""
        return [
            self._frame.get("/sops/{id}/results", self.show),
            self._frame.post("/sops/{id}/retry", self.again),
            self._frame.post("/sops/{id}/doubt", self.doubt),
            self._frame.post("/sops/{id}/asked", self.answer),
        ]

    async def waiting(self, page: Page) -> Need | None:
        """For the overview: how many missed steps wait for a word."""
        if not (questions := await self._asked.all()):
            return None
        one, many = (
            msgid("{n} missed step waits for your decision"),
            msgid("{n} missed steps wait for your decision"),
        )
        sops = {question.sop for question in questions}
        href = f"/sops/{questions[0].sop}" if len(sops) == 1 else "/sops"
        return Need(page.words.count(one, many, len(questions)), href, "warn")

    # parts

    async def runs(
        self, page: Page, sop: Sop, start: int, limit: int
    ) -> list[tuple[Run, Numbers, str, list[tuple[str, int, str]]]]:
        """A page of runs with their numbers, labels and ends."""
        found = await self.report.runs(sop, start, limit)
        return [(run, numbers, run_label(page, run), outcomes(run)) for run, numbers in found]

    async def questions(self, page: Page, sop: Sop) -> list[tuple[Question, str]]:
        """What waits for a word, each with which time of its step it is."""
        found = await self._asked.of(sop)
        return [(one, run_label(page, _run_of(sop, one))) for one in found]

    # pages

    async def show(self, page: Page) -> web.StreamResponse:
        """Every number there is."""
        sop = await self._sop(page)
        version, account = await self._sops.version(sop), await self.report.of(sop)
        start = offset(page.arg("after"))
        count = await self._sops.results.count(sop.id)
        words, lines = page.words, []
        for line in account.lines:
            step = version.settled.find(line.step)
            when = when_words(words, version.template, step) if step else ""
            when = when or words.say(msgid("in an older version"))
            lines.append((line, when, outcomes(line.numbers)))
        may = page.may("manager")
        return page.render(
            "sop_results.html",
            sop=sop,
            state=STATES[sop.state],
            progress=await self._progress.part(page, sop),
            questions=await self.questions(page, sop),
            account=account,
            total_ends=outcomes(account.total),
            lines=lines,
            staff=await self._sops.tasks.shares(sop.id),
            exports=[(k, words.say(v)) for k, v in EXPORTS.items() if may or k not in PERSONAL],
            runs=await self.runs(page, sop, start, PAGE),
            more=page.here(after=start + PAGE) if start + PAGE < count else "",
        )

    # decisions

    async def again(self, page: Page) -> web.StreamResponse:
        """What failed is due again."""
        sop, run = await self._known(page)
        tried = self._retry.failed(sop.id, run, page.operator.name)
        return await self._decided(page, sop, tried, msgid("What failed is tried again now."))

    async def doubt(self, page: Page) -> web.StreamResponse:
        """What is in doubt is sent again, or left."""
        sop, run = await self._known(page)
        resend = {"resend": True, "leave": False}.get(page.field("do"))
        if resend is None:
            raise web.HTTPNotFound
        decided = self._retry.in_doubt(sop.id, run, page.operator.name, resend=resend)
        done = msgid("They are on their way again.") if resend else msgid("They stay as they are.")
        return await self._decided(page, sop, decided, done)

    async def answer(self, page: Page) -> web.StreamResponse:
        """What was missed is sent now, or skipped."""
        sop, occurrence = await self._sop(page), page.field("occurrence", 300)
        if occurrence not in {one.occurrence for one in await self._asked.of(sop)}:
            return page.redirect(f"/sops/{sop.id}", msgid("It is decided already."))
        act, done = {
            "send": (self._asked.send, msgid("It goes out now.")),
            "skip": (self._asked.skip, msgid("It is skipped.")),
        }.get(page.field("do"), (None, ""))
        if act is None:
            raise web.HTTPNotFound
        decided = act(sop.id, occurrence, page.operator.name)
        return await self._decided(page, sop, decided, done)

    # inside

    async def _decided(
        self, page: Page, sop: Sop, decision: Awaitable[int], done: str
    ) -> web.StreamResponse:
        """The room itself writes the audit."""
        try:
            if not await decision:
                done = msgid("It is decided already.")
        except WrongState:
            done = msgid("Somebody else changed it just now: this is how it is.")
        return page.redirect(f"/sops/{sop.id}", done)

    async def _sop(self, page: Page) -> Sop:
        try:
            return await self._sops.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None

    async def _known(self, page: Page) -> tuple[Sop, str]:
        sop, run = await self._sop(page), page.field("run", 300)
        if not await self._sops.results.has(sop.id, run):
            raise web.HTTPNotFound
        return sop, run


def run_label(page: Page, run: Run) -> str:
    """Which time of its step a run is, for this reader."""
    return run_word(page.words, run, page.formats.moment(run.moment) if run.moment else "")


def _run_of(sop: Sop, question: Question) -> Run:
    """The run a question's targets would be of."""
    return Run(
        sop=sop.id,
        version=sop.version,
        step=question.step,
        occurrence=question.name,
        at=question.first,
    )
