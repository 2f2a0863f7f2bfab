"""A SOP's progress: its sums, its pace and its end, as a part of pages that renews itself."""

from __future__ import annotations

from aiohttp import web
from markupsafe import Markup

from bot.console.frame import Frame
from bot.console.pace import Pace
from bot.console.page import Page
from bot.console.sop_words import STATES
from bot.sop.faults import NoSuchSop
from bot.sop.outcomes.progress import Progress
from bot.sop.record import Sop
from bot.sop.sops import Sops

MOVING = ("running", "stopping")


class SopProgress:
    """The part, and the address it is asked for every two seconds."""

    def __init__(self, frame: Frame, sops: Sops, progress: Progress) -> None:
        self._frame = frame
        self._sops = sops
        self._progress = progress
        self._pace = Pace()

    def routes(self) -> list[web.RouteDef]:
        """``/sops/{id}/progress``."""
        return [self._frame.get("/sops/{id}/progress", self.show)]

    async def show(self, page: Page) -> web.StreamResponse:
        """The part alone."""
        try:
            sop = await self._sops.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None
        return web.Response(text=await self.part(page, sop), content_type="text/html")

    async def part(self, page: Page, sop: Sop) -> Markup:
        """The sums as they are now; while it runs, and clicks may come, they renew themselves."""
        standing, now = await self._progress.of(sop), page.formats.now
        pace = None
        if sop.state in MOVING:
            pace = self._pace.per_minute(sop.id, now, standing.numbers.ended)
        else:
            self._pace.forget(sop.id)
        ends = None
        if pace and standing.remaining:
            ends = now + int(standing.remaining / pace * 60_000)
        return page.part(
            "sop_progress.html",
            sop=sop,
            state=STATES[sop.state],
            standing=standing,
            n=standing.numbers,
            moving=sop.state in MOVING,
            pace=pace,
            ends=ends,
        )
