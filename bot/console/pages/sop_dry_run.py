"""The dry run of a SOP or a draft: who will get what in the next days, who will not and why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from aiohttp import web

from bot.console.charts import Series, bars
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.console.sop_words import SKIPS, outcome_word
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.sop.faults import NoSuchSop
from bot.sop.foresight.forecast import DRAFT, Forecast
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.foresight.totals import GETS, Drill, Line, Totals
from bot.sop.record import Sop, Version
from bot.sop.sops import Sops
from bot.sop.templates.anchor import ENROLLED
from bot.sop.templates.words import spoken
from bot.sop.times.schedule import DAY
from bot.store.members import Member, Members

SPANS = (7, 14, 30)
SINCE = (0, 7, 30)
"""Days ago a draft is taken to have started, where steps count from moments of the past."""
USUAL_SINCE = 7
PAGE = 50
GETTERS = msgid("Would get it")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is run dry; ``sop`` is None for a draft, which the page's form carries along."""

    sop: Sop | None
    version: Version
    days: int
    since: int = 0

    @property
    def path(self) -> str:
        return f"/sops/{self.sop.id}/dry-run" if self.sop else "/sops/start/dry-run"

    def title(self, language: str) -> str:
        """Its title, to read."""
        named = self.sop.identity.title if self.sop else self.version.template.title
        return spoken(named, language)

    @property
    def starts_late(self) -> bool:
        """Whether a draft's steps count from moments that may have been before its start."""
        return self.sop is None and self.version.always and self.version.template.anchor != ENROLLED


class SopDryRun:
    """The page with its numbers, and the members or groups behind each."""

    def __init__(self, frame: Frame, sops: Sops, forecast: Forecast, members: Members) -> None:
        self._frame = frame
        self._sops = sops
        self._forecast = forecast
        self._members = members

    def routes(self) -> list[web.RouteDef]:
        """``/sops/{id}/dry-run`` and ``/sops/{id}/dry-run/who?why=…``."""
        return [
            self._frame.get("/sops/{id}/dry-run", self.show),
            self._frame.get("/sops/{id}/dry-run/who", self.who),
        ]

    async def show(self, page: Page) -> web.StreamResponse:
        """Every day's steps, as a picture and a table, and the reasons over all."""
        return await self._show(page, await self._asked(page))

    async def who(self, page: Page) -> web.StreamResponse:
        """The members or groups behind a number, a page at a time."""
        return await self._who(page, await self._asked(page))

    async def draft(self, page: Page, version: Version) -> web.StreamResponse:
        """The same pages for what is not started, each by a POST of the form that started it."""
        asked = _Asked(None, version, _days(page))
        if asked.starts_late:
            given = page.arg("since")
            since = next((n for n in SINCE if given == str(n)), USUAL_SINCE)
            asked = _Asked(None, version, _days(page), since)
        if page.request.path.endswith("/who"):
            return await self._who(page, asked)
        return await self._show(page, asked)

    # inside

    async def _show(self, page: Page, asked: _Asked) -> web.Response:
        totals, problem = Totals(page.formats.zone), ""
        try:
            async for row in self._rows(asked):
                totals.add(row)
        except Problems as problems:
            problem = page.words.wrong(problems)
        lines = totals.lines
        return page.render(
            "sop_dry_run.html",
            asked=asked,
            choices=SPANS,
            since=SINCE if asked.starts_late else (),
            problem=problem,
            chart=_chart(page, lines, asked.days),
            agenda=[(day, [*ones]) for day, ones in groupby(lines, key=lambda line: line.day)],
            reasons=totals.reasons,
            gets=totals.sum(lambda line: line.gets),
            reason=lambda why: page.words.say(SKIPS.get(why) or why),
            all_=GETS,
        )

    async def _who(self, page: Page, asked: _Asked) -> web.Response:
        why, step = page.arg("why", 60), page.arg("step", 60)
        if why != GETS and why not in SKIPS:
            raise web.HTTPNotFound
        try:
            day = date.fromisoformat(page.arg("day")) if page.arg("day") else None
        except ValueError:
            raise web.HTTPNotFound from None
        drill = Drill(page.formats.zone, day, step, why)
        try:
            async for row in self._rows(asked):
                drill.add(row)
        except Problems:
            return await self._show(page, asked)
        start, total = offset(page.arg("after")), drill.who.count()
        numbers = drill.who.numbers(start, PAGE)
        members: list[Member] = []
        groups = []
        if asked.version.template.to == "member":
            members += await self._members.some(numbers)
        else:
            groups = [group for n in numbers if (group := await self._members.group(n))]
        label = (step, page.formats.weekday(day) if day else "")
        return page.render(
            "sop_dry_run_who.html",
            asked=asked,
            title=page.words.say(GETTERS)
            if why == GETS
            else outcome_word(page.words, f"skipped:{why}"),
            label=" · ".join(part for part in label if part),
            total=total,
            members=members,
            groups=groups,
            more=page.here(after=start + PAGE) if start + PAGE < total else "",
        )

    async def _rows(self, asked: _Asked) -> AsyncIterator[Foreseen]:
        """The rows of what is asked about; those of other SOPs are foreseen for its caps only."""
        what, name = asked.sop or asked.version, asked.sop.id if asked.sop else DRAFT
        async for row in self._forecast.stream(what, days=asked.days, since_days=asked.since):
            if row.sop == name:
                yield row

    async def _asked(self, page: Page) -> _Asked:
        try:
            sop = await self._sops.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None
        return _Asked(sop, await self._sops.version(sop), _days(page))


def _days(page: Page) -> int:
    days = offset(page.arg("days"))
    return days if days in SPANS else SPANS[0]


def _chart(page: Page, lines: list[Line], days: int) -> str:
    """A bar for each day: who gets something, who may, who does not."""
    every = [page.formats.today + DAY * n for n in range(days + 1)]
    sums = {day: [0, 0, 0] for day in every}
    for line in lines:
        if line.day in sums:
            found = sums[line.day]
            found[0] += line.gets
            found[1] += line.maybe
            found[2] += sum(line.skipped.values())
    names = [
        (msgid("get something"), "s1"),
        (msgid("maybe"), "s4"),
        (msgid("get nothing"), "s3"),
    ]
    series = [
        Series(page.words.say(name), [sums[day][n] for day in every], tone)
        for n, (name, tone) in enumerate(names)
    ]
    title = page.words.say(msgid("Day by day"))
    return bars(title, [page.formats.day(day) for day in every], series)
