"""The dry run of a SOP: who will get what in the next days, who will not and why."""

from __future__ import annotations

from collections.abc import Sequence
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
from bot.sop.forecast import Forecast
from bot.sop.record import Sop
from bot.sop.schedule import DAY
from bot.sop.sops import NoSuchSop, Sops
from bot.sop.totals import GETS, Drill, Line, Totals
from bot.store.members import Group, Member, Members

SPANS = (7, 14, 30)
PAGE = 50
GETTERS = msgid("Would get it")


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
        sop, days = await self._sop(page), _days(page)
        totals, problem = Totals(page.formats.zone), ""
        try:
            async for row in self._forecast.stream(sop, days=days):
                if row.sop == sop.id:
                    totals.add(row)
        except Problems as problems:
            problem = "; ".join(map(str, problems.problems))
        lines = totals.lines
        return page.render(
            "sop_dry_run.html",
            sop=sop,
            days=days,
            choices=SPANS,
            problem=problem,
            chart=_chart(page, lines, days),
            agenda=[(day, [*ones]) for day, ones in groupby(lines, key=lambda line: line.day)],
            reasons=totals.reasons,
            gets=totals.sum(lambda line: line.gets),
            reason=lambda why: page.words.say(SKIPS.get(why) or why),
            all_=GETS,
        )

    async def who(self, page: Page) -> web.StreamResponse:
        """The members or groups behind a number, a page at a time."""
        sop, why, step = await self._sop(page), page.arg("why", 60), page.arg("step", 60)
        if why != GETS and why not in SKIPS:
            raise web.HTTPNotFound
        try:
            day = date.fromisoformat(page.arg("day")) if page.arg("day") else None
        except ValueError:
            raise web.HTTPNotFound from None
        drill = Drill(page.formats.zone, day, step, why)
        async for row in self._forecast.stream(sop, days=_days(page)):
            if row.sop == sop.id:
                drill.add(row)
        start, total = offset(page.arg("after")), drill.who.count()
        numbers = drill.who.numbers(start, PAGE)
        members: Sequence[Member] = []
        groups: list[Group] = []
        if (await self._sops.version(sop)).template.to == "member":
            members = await self._members.some(numbers)
        else:
            found = [await self._members.group(number) for number in numbers]
            groups = [group for group in found if group is not None]
        label = " · ".join(
            part for part in (step, page.formats.weekday(day) if day else "") if part
        )
        return page.render(
            "sop_dry_run_who.html",
            sop=sop,
            title=page.words.say(GETTERS)
            if why == GETS
            else outcome_word(page.words, f"skipped:{why}"),
            label=label,
            total=total,
            members=members,
            groups=groups,
            days=_days(page),
            more=page.here(after=start + PAGE) if start + PAGE < total else "",
        )

    async def _sop(self, page: Page) -> Sop:
        try:
            return await self._sops.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None


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
