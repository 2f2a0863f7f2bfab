"""Figures: what links, campaigns, SOPs, groups and staff came to, with how each number is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from markupsafe import Markup

from bot.console import charts, figure_words
from bot.console.figure_subjects import SHOWN, Subjects
from bot.console.figure_words import CUTS, PERIODS, Asked, asked, complaint, cuts, opens
from bot.console.files import download, file_of
from bot.console.frame import Frame
from bot.console.link_words import VERDICTS
from bot.console.page import Page
from bot.console.paging import offset
from bot.figures.drawing import ranks, timeline
from bot.figures.figures import FigureRoom
from bot.figures.finder import Finder, Unclear
from bot.figures.funnel import STAGES, funnel_of
from bot.figures.names import BYS, Names
from bot.figures.period import BadPeriod, last
from bot.figures.row import Figures, Row
from bot.figures.subject import BadSubject, Subject
from bot.figures.tables import cell, table_of
from bot.i18n.mark import msgid
from bot.links.rules import VERSION
from bot.reports.picture import NoPicture, png_of

HOURS = [f"{hour:02}" for hour in range(24)]
PAGE = 50
TOP = 10
DAYS = 30
SORTS = ("name", "reach", "hits", "clicks", "people", "rate", "median", "converted")
"""What rows can be ordered by; the most first, but for names."""


class FigurePages:
    """``/figures``, its files and its picture; everything asked for is in the address."""

    def __init__(
        self,
        frame: Frame,
        room: FigureRoom,
        names: Names,
        subjects: Subjects,
        finder: Finder,
    ) -> None:
        self._frame = frame
        self._room = room
        self._names = names
        self._subjects = subjects
        self._finder = finder

    def routes(self) -> list[web.RouteDef]:
        """The page, its choosing, ``/figures.png``, ``.csv``, ``.xlsx`` and ``.parquet``."""
        frame = self._frame
        return [
            frame.get("/figures", self.show),
            frame.get("/figures/find", self.find),
            frame.get("/figures.png", self.picture),
            frame.get("/figures.{form:csv|xlsx|parquet}", self.file),
        ]

    async def brief(self, page: Page, subject: Subject) -> Markup:
        """The figures of the last 30 days, as a part of the page of what they are about."""
        period = last(DAYS, self._room.today)
        figures = await self._room.of(subject, period)
        there = Asked(subject, period, f"{DAYS}d")
        return page.part(
            "figures_brief.html",
            asked=there,
            total=figures.total,
            complete=figures.complete,
            words_of=figure_words,
        )

    async def show(self, page: Page) -> web.StreamResponse:
        """Everything about a subject in a period."""
        try:
            there = asked(page, self._room.today)
            figures = await self._room.of(there.subject, there.period, there.by)
        except (BadSubject, BadPeriod) as error:
            return await self._choose(page, complaint(page, error))
        if page.arg("since"):
            return page.redirect(there.href())
        names = await self._names.of(there.by, _keys(figures), page.words, there.subject)
        rows, start = _sorted(figures, names, page.arg("sort")), offset(page.arg("after"))
        return page.render(
            "figures.html",
            asked=there,
            about=await self._names.subject(there.subject, page.words),
            figures=figures,
            total=figures.total,
            chart=_chart(page, there, figures, names),
            funnel=funnel_of(figures.total),
            stages=STAGES,
            judged=_judged(page, figures.total),
            rules=VERSION,
            rows=rows[start : start + PAGE],
            more=page.here(after=start + PAGE) if start + PAGE < len(rows) else "",
            names=_told(page, there, names),
            columns=figure_words.useful(figures.rows),
            what=BYS[there.by],
            sort=page.arg("sort"),
            home=_home(there.subject),
            **await self._choices(page, there),
        )

    async def find(self, page: Page) -> web.StreamResponse:
        """Go to the figures of what was typed; offer what fits where several do."""
        text = page.arg("q")
        labels = await self._subjects.all(page.words)
        if text in labels:
            return page.redirect(self._there(page, labels[text]).href())
        try:
            inquiry = await self._finder.find(text)
        except Unclear as unclear:
            named = {called: subject for subject, called in unclear.fitting}
            return await self._choose(page, complaint(page, unclear), named)
        return page.redirect(self._there(page, inquiry.subject).href())

    async def picture(self, page: Page) -> web.StreamResponse:
        """The chart as PNG."""
        there, figures, names = await self._asked(page)
        about = await self._names.subject(there.subject, page.words)
        zone = self._room.zone
        if there.by in ("day", "hour"):
            chart = timeline(figures, about, page.words, zone)
        else:
            chart = ranks(figures, about, names, page.words, zone)
        try:
            body = await png_of(chart)
        except NoPicture:
            raise web.HTTPServiceUnavailable from None
        return download(body, "png", f"figures-{_file(there)}")

    async def file(self, page: Page) -> web.StreamResponse:
        """The table as it stands, with what each figure is."""
        there, figures, names = await self._asked(page)
        about = await self._names.subject(there.subject, page.words)
        ordered = tuple(_sorted(figures, names, page.arg("sort")))
        shown = Figures(
            *(figures.subject, figures.by, figures.period, figures.total, ordered),
            figures.complete,
        )
        table = table_of(shown, names, page.words, self._room.zone, about)
        form, zone = page.request.match_info["form"], page.formats.zone.key
        return await file_of(table, form, f"figures-{_file(there)}", zone, page.formats.now)

    # inside

    async def _asked(self, page: Page) -> tuple[Asked, Figures, dict[str, str]]:
        """For files, which have no place for a complaint."""
        try:
            there = asked(page, self._room.today)
            figures = await self._room.of(there.subject, there.period, there.by)
        except (BadSubject, BadPeriod):
            raise web.HTTPNotFound from None
        names = await self._names.of(there.by, _keys(figures), page.words, there.subject)
        return there, figures, names

    async def _choose(
        self, page: Page, problem: str, found: Mapping[str, Subject] | None = None
    ) -> web.Response:
        """Only the choosing, with what is wrong or what fits."""
        return page.render(
            "figures_choose.html",
            422 if problem else 200,
            problem=problem,
            found=[(k, self._there(page, v).href()) for k, v in (found or {}).items()],
            **await self._choices(page, self._there(page, Subject())),
        )

    def _there(self, page: Page, subject: Subject) -> Asked:
        """A subject in the period the page has, if that is one."""
        try:
            there = asked(page, self._room.today)
            return there.about(subject)
        except (BadSubject, BadPeriod):
            return Asked(subject, last(DAYS, self._room.today), f"{DAYS}d")

    async def _choices(self, page: Page, there: Asked) -> dict[str, Any]:
        """What the forms on top need."""
        every = await self._subjects.all(page.words)
        return {
            "words_of": figure_words,
            "there": there,
            "suggested": [*every][:SHOWN],
            "periods": PERIODS,
            "cuts": {by: CUTS[by] for by in cuts(there.subject)},
            "opens": opens,
        }


def _keys(figures: Figures) -> list[str]:
    return [row.key for row in figures.rows]


def _sorted(figures: Figures, names: Mapping[str, str], by: str) -> Sequence[Row]:
    if by == "name":
        return sorted(figures.rows, key=lambda row: names.get(row.key, row.key))
    if by not in SORTS:
        return figures.rows

    def size(row: Row) -> float:
        value = cell(row, by)
        return -1 if value is None else float(value)  # type: ignore[arg-type]

    return sorted(figures.rows, key=size, reverse=True)


def _told(page: Page, there: Asked, names: Mapping[str, str]) -> dict[str, str]:
    """Names as a page shows them: days as its reader writes them."""
    if there.by != "day":
        return {**names}
    days = {day.isoformat(): day for day in there.period.days}
    return {key: page.formats.weekday(days[key]) if key in days else key for key in names}


def _chart(page: Page, there: Asked, figures: Figures, names: Mapping[str, str]) -> Markup:
    say, rows = page.words.say, _filled(figures)
    title = say(CUTS[there.by])
    clicks = charts.Series(say(msgid("Clicks")), [row.clicks for row in rows], "s1")
    hits = charts.Series(say(msgid("Fetches")), [row.hits or 0 for row in rows], "s3")
    if there.by == "hour":
        return charts.bars(say(msgid("Clicks by hour of the day")), HOURS, [clicks])
    if there.by == "day":
        labels = [page.formats.day(day) for day in there.period.days]
        whole = say(msgid("Clicks and fetches, day by day"))
        if len(labels) > 1:
            return charts.area(whole, labels, [clicks, hits])
        return charts.bars(whole, labels, [clicks])
    ranks = [
        charts.Rank(names.get(row.key, row.key), row.clicks, _opened(there, row.key))
        for row in rows[:TOP]
    ]
    return charts.ranks(f"{title}: {say(msgid('Clicks'))}", ranks) if ranks else Markup("")


def _filled(figures: Figures) -> Sequence[Row]:
    """The rows; of days and hours also those nothing happened in, so that time runs evenly."""
    known = {row.key: row for row in figures.rows}
    if figures.by not in ("day", "hour"):
        return figures.rows
    days = [day.isoformat() for day in figures.period.days]
    return [known.get(key, Row(key)) for key in (HOURS if figures.by == "hour" else days)]


def _opened(there: Asked, key: str) -> str:
    subject = opens(there.by, key)
    return there.about(subject).href() if subject else ""


def _judged(page: Page, total: Row) -> list[charts.Rank]:
    return [
        charts.Rank(page.words.say(text), total.verdicts[verdict])
        for verdict, text in VERDICTS.items()
        if total.verdicts.get(verdict)
    ]


def _home(subject: Subject) -> str:
    """The page of what the figures are about."""
    match subject.kind:
        case "link":
            return f"/links/{subject.name}"
        case "group":
            return f"/groups/{subject.name}"
        case "sop" | "step" | "run":
            return f"/sops/{subject.name.partition('/')[0]}/results"
    return ""


def _file(there: Asked) -> str:
    return f"{there.subject}-{there.by}-{there.period}".replace(":", "-").replace("/", "-")
