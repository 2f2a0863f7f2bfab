"""Campaigns with their funnels."""

from __future__ import annotations

from aiohttp import web

from bot.console import figure_words
from bot.console.figure_words import PERIODS, Asked, asked
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.figures.figures import FigureRoom
from bot.figures.funnel import STAGES, funnel_of
from bot.figures.period import BadPeriod
from bot.figures.subject import BadSubject, Subject

PAGE = 20


class FigureCampaigns:
    """``/figures/campaigns``: those with most clicks first."""

    def __init__(self, frame: Frame, room: FigureRoom) -> None:
        self._frame = frame
        self._room = room

    def routes(self) -> list[web.RouteDef]:
        """The one page."""
        return [self._frame.get("/figures/campaigns", self.show)]

    async def show(self, page: Page) -> web.StreamResponse:
        """A funnel for each."""
        try:
            there = asked(page, self._room.today)
        except (BadPeriod, BadSubject):
            return page.redirect("/figures/campaigns")
        if page.arg("since"):
            return page.redirect(page.here(since=None, until=None, period=there.text))
        figures = await self._room.of(Subject(), there.period, "campaign")
        rows, start = [row for row in figures.rows if row.key], offset(page.arg("after"))
        shown = rows[start : start + PAGE]
        named = [(row.key, Subject("campaign", row.key), funnel_of(row)) for row in shown]
        return page.render(
            "figures_campaigns.html",
            there=there,
            rows=[(n, Asked(s, there.period, there.text), funnel) for n, s, funnel in named],
            complete=figures.complete,
            more=page.here(after=start + PAGE) if start + PAGE < len(rows) else "",
            periods=PERIODS,
            stages=STAGES,
            words_of=figure_words,
        )
