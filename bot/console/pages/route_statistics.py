"""A route's statistics: asked, shown the way, joined, stayed, by group and by rule; who waits."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from aiohttp import web

from bot.clock import millis
from bot.console.frame import Frame
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.routes.routes import Routes
from bot.routes.statistics import DEFINITIONS, Statistics
from bot.store.members import Members

PERIODS = {"7": msgid("7 days"), "30": msgid("30 days"), "90": msgid("90 days"), "": msgid("ever")}
FEW = 50


class RouteStatistics:
    """One route's page of numbers."""

    def __init__(
        self, frame: Frame, room: Routes, statistics: Statistics, members: Members
    ) -> None:
        self._frame = frame
        self._room = room
        self._statistics = statistics
        self._members = members

    def routes(self) -> list[web.RouteDef]:
        """``/routes/statistics?name=…``."""
        return [self._frame.get("/routes/statistics", self.show)]

    async def show(self, page: Page) -> web.StreamResponse:
        """The funnel of all its groups and of each, and the waiting list."""
        name = page.arg("name")
        listed = [one.route for one in await self._room.routes() if one.route.name == name]
        if not listed:
            raise web.HTTPNotFound
        days = page.arg("days") if page.arg("days") in PERIODS else "30"
        if "days" in page.request.query and not page.arg("days"):
            days = ""
        since, until = _span(page, days)
        whole, *rows = await self._statistics.funnel(name, since, until)
        waiting = await self._room.waiting(name)
        rooms = await self._room.room(listed[0])
        people = await self._members.some([one.member for one in waiting[:FEW]])
        return page.render(
            "route_statistics.html",
            route=listed[0],
            days=days,
            periods=PERIODS,
            whole=whole,
            rows=rows,
            sources=await self._statistics.sources(name, since, until),
            groups={group.number: group for group in await self._members.groups()},
            definitions=DEFINITIONS,
            rooms=rooms,
            waits={room.number: sum(w.wants(room.number) for w in waiting) for room in rooms},
            waiting=waiting,
            people={member.number: member for member in people},
            few=FEW,
        )


def _span(page: Page, days: str) -> tuple[int, int]:
    """From the beginning of the first day to the end of today, in the reader's zone; UTC ms."""
    tomorrow = page.formats.today + timedelta(days=1)
    end = millis(datetime.combine(tomorrow, time(), page.formats.zone))
    if not days:
        return 0, end
    first = tomorrow - timedelta(days=int(days))
    return millis(datetime.combine(first, time(), page.formats.zone)), end
