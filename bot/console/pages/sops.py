"""SOPs: the list, one SOP with its steps and results, and what goes out in the next days."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import groupby

from aiohttp import web

from bot.console.cards import Tile
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.sop_progress import SopProgress
from bot.console.pages.sop_results import SopResults
from bot.console.paging import offset
from bot.console.sop_words import STATES, audience_words, when_words
from bot.i18n.mark import msgid
from bot.routing.template import TemplateFailed
from bot.sop.faults import NoSuchSop, WrongState
from bot.sop.foresight.preview import Preview, Upcoming
from bot.sop.outcomes.numbers import Numbers
from bot.sop.record import Sop, Version
from bot.sop.sops import Sops as Room
from bot.sop.templates.words import spoken
from bot.store.members import Group, Members

PAGE = 20
AHEAD = 30
"""Days the list looks ahead for what is due next."""
SOON = (1, 7, 30)
LINES = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A SOP in the list; ``due`` is UTC ms, None when nothing is known to come."""

    sop: Sop
    title: str
    audience: str
    due: int | None
    each: bool
    totals: Numbers


class Sops:
    """Pages about SOPs that were started."""

    def __init__(
        self,
        frame: Frame,
        room: Room,
        preview: Preview,
        members: Members,
        directory: Directory,
        results: SopResults,
        progress: SopProgress,
    ) -> None:
        self._frame = frame
        self._room = room
        self._preview = preview
        self._members = members
        self._directory = directory
        self._results = results
        self._progress = progress

    def routes(self) -> list[web.RouteDef]:
        """``/sops``, ``/sops/upcoming`` and ``/sops/{id}`` with its buttons."""
        frame = self._frame
        return [
            frame.get("/sops", self.index),
            frame.get("/sops/upcoming", self.upcoming),
            frame.get("/sops/{id}", self.one),
            frame.post("/sops/{id}/pause", self.pause),
            frame.post("/sops/{id}/resume", self.resume),
            frame.get("/sops/{id}/stop", self.ask_stop, "manager"),
            frame.post("/sops/{id}/stop", self.stop),
        ]

    async def soon(self, page: Page) -> Tile | None:
        """For the overview: how many messages the next day brings."""
        if not await self._room.all():
            return None
        number = sum(one.count for one in await self._preview.upcoming(1))
        label = page.words.say(msgid("Going out in 24 hours"))
        return Tile(label, number, "/sops/upcoming?days=1", page.words.say(msgid("from SOPs")))

    # lists

    async def index(self, page: Page) -> web.StreamResponse:
        """Every SOP, the last started first, found by title or name."""
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        fitting = [
            sop
            for sop in await self._room.all()
            if wanted in f"{sop.id} {sop.title(page.language)} {sop.identity.template}".casefold()
        ]
        places = await self._places()
        shown = fitting[start : start + PAGE]
        rows = await asyncio.gather(*(self._row(page, sop, places) for sop in shown))
        more = start + PAGE < len(fitting)
        return page.render(
            "sops.html",
            rows=rows,
            total=len(fitting),
            sop_states=STATES,
            more=page.here(after=start + PAGE) if more else "",
        )

    async def upcoming(self, page: Page) -> web.StreamResponse:
        """What goes out in the next days over all SOPs, day by day."""
        days = offset(page.arg("days"))
        days = days if days in SOON else 7
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        sops = {sop.id: sop for sop in await self._room.all()}
        found = [
            one
            for one in await self._preview.upcoming(days)
            if wanted in f"{one.sop} {sops[one.sop].title(page.language)} {one.step}".casefold()
        ]
        shown = found[start : start + LINES]
        return page.render(
            "sops_upcoming.html",
            days=days,
            choices=SOON,
            agenda=_by_day(page, shown),
            sops=sops,
            running=any(sop.state == "running" for sop in sops.values()),
            more=page.here(after=start + LINES) if start + LINES < len(found) else "",
        )

    # one

    async def one(self, page: Page) -> web.StreamResponse:
        """One SOP: state, what comes, its steps with their texts, results and versions."""
        sop = await self._sop(page)
        version = await self._room.version(sop)
        start = offset(page.arg("after"))
        count = await self._room.results.count(sop.id)
        places = await self._places()
        texts = await self._texts(version)
        ahead = await self._preview.upcoming(7, sop.id)
        return page.render(
            "sop.html",
            sop=sop,
            version=version,
            versions=await self._room.versions.all(sop.id),
            audience=lambda one: audience_words(page.words, one, places, version.template.to),
            state=STATES[sop.state],
            steps=[
                (step, when_words(page.words, version.template, step), _text_of(texts, step.id))
                for step in version.settled.step
            ],
            agenda=_by_day(page, ahead[:LINES]),
            progress=await self._progress.part(page, sop),
            questions=await self._results.questions(page, sop),
            runs=await self._results.runs(page, sop, start, PAGE),
            more=page.here(after=start + PAGE) if start + PAGE < count else "",
        )

    async def pause(self, page: Page) -> web.StreamResponse:
        """Send nothing more of it for now."""
        return await self._switch(page, self._room.pause, msgid("It is paused."))

    async def resume(self, page: Page) -> web.StreamResponse:
        """Go on."""
        return await self._switch(page, self._room.resume, msgid("It goes on."))

    async def ask_stop(self, page: Page) -> web.StreamResponse:
        """Whether it is to end for good."""
        sop = await self._sop(page)
        version = await self._room.version(sop)
        audience = audience_words(
            page.words, version.audience, await self._places(), version.template.to
        )
        numbers = await self._results.report.totals(sop.id)
        waiting = numbers.waiting + numbers.task
        return page.render("sop_stop.html", sop=sop, audience=audience, waiting=waiting)

    async def stop(self, page: Page) -> web.StreamResponse:
        """End it for good."""
        return await self._switch(page, self._room.stop, msgid("It is stopped."))

    # inside

    async def _sop(self, page: Page) -> Sop:
        try:
            return await self._room.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None

    async def _switch(
        self, page: Page, act: Callable[[str, str], Awaitable[Sop]], done: str
    ) -> web.StreamResponse:
        """The room itself writes the audit, in one with the change."""
        sop = await self._sop(page)
        try:
            await act(sop.id, page.operator.name)
        except WrongState:
            done = msgid("Somebody else changed it just now: this is how it is.")
        return page.redirect(f"/sops/{sop.id}", done)

    async def _places(self) -> dict[str, Group]:
        return {group.conversation.key: group for group in await self._members.groups()}

    async def _row(self, page: Page, sop: Sop, places: dict[str, Group]) -> Row:
        version = await self._room.version(sop)
        each, ahead = version.always, list[Upcoming]()
        if sop.state == "running" and not each:
            ahead = await self._preview.upcoming(AHEAD, sop.id)
        return Row(
            sop,
            sop.title(page.language),
            audience_words(page.words, version.audience, places, version.template.to),
            ahead[0].due if ahead else None,
            each,
            await self._results.report.totals(sop.id),
        )

    async def _texts(self, version: Version) -> dict[str, str]:
        """Every step's text as somebody of today would read it, else as it is written."""
        groups = await self._room.roster.groups(version.audience, version.template.to)
        newest = (await self._directory.newest(limit=1)).members
        member = newest[0].number if newest and version.template.to == "member" else 0
        try:
            messages = await self._preview.template(
                version.template,
                version.parameters,
                group=next(iter(groups), 0),
                member=member,
                language=version.language,
            )
        except TemplateFailed:
            written = [(s.id, words) for s in version.template.step for words in s.texts.values()]
            return {step: spoken(words, version.language) for step, words in written}
        return {step: message.summary for step, message in messages.items()}


def _by_day(page: Page, found: list[Upcoming]) -> list[tuple[str, list[Upcoming]]]:
    days = groupby(found, key=lambda one: page.formats.date_of(one.due))
    return [(page.formats.weekday(day), [*ones]) for day, ones in days]


def _text_of(texts: Mapping[str, str], step: str) -> str:
    """What a step says: all its variants, one under the other."""
    found = [text for name, text in texts.items() if name.partition("/")[0] == step]
    return "\n\n".join(found)
