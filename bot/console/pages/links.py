"""Links: the list, making one, and what was fetched that leads nowhere."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.console import charts
from bot.console.audit import Audit
from bot.console.cards import Tile
from bot.console.frame import Frame
from bot.console.link_words import CLOSED, closed
from bot.console.page import Page
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.links.clicks import Clicks
from bot.links.destinations import BadDestination
from bot.links.links import Link
from bot.links.links import Links as Room
from bot.model.phrase import Phrase

PAGE = 25
DAYS = 30
ORPHANS = 50
"""Rows of a page of what leads nowhere."""
STATES = {
    "": msgid("All"),
    "open": msgid("Open"),
    "closed": msgid("Closed"),
    "rules": msgid("With rules"),
    "limit": msgid("Limited"),
}
"""Which links are listed."""
WRONG = msgid("no code or word of ours")
GONE = msgid("its link is no more")


class Links:
    """Pages about all tracked links; add them before those of single ones."""

    def __init__(self, frame: Frame, room: Room, clicks: Clicks, audit: Audit) -> None:
        self._frame = frame
        self._room = room
        self._clicks = clicks
        self._audit = audit

    def routes(self) -> list[web.RouteDef]:
        """``/links`` and ``/links/orphans``."""
        return [
            self._frame.get("/links", self.index),
            self._frame.post("/links", self.make),
            self._frame.get("/links/orphans", self.orphans),
        ]

    async def today(self, page: Page) -> Tile | None:
        """For the overview: clicks on all links."""
        if not self._room.count():
            return None
        days = [day.clicks for day in await self._clicks.days(0, 14)]
        return Tile(
            page.words.say(msgid("Clicks today")),
            days[-1],
            "/figures?period=today&by=link",
            trend=days,
        )

    async def index(self, page: Page) -> web.StreamResponse:
        """Every link, the newest first."""
        return await self._list(page)

    async def make(self, page: Page) -> web.StreamResponse:
        """Make a short link, or find the one there is."""
        url, campaign = page.field("url", 5000), page.field("campaign")
        known = self._room.count()
        try:
            number = await self._room.make(url, campaign)
        except BadDestination as error:
            return await self._list(page, page.words.say(Phrase.of(error)))
        if self._room.count() == known:
            return page.redirect(f"/links/{number}", msgid("There was such a link already."))
        who = page.operator.name
        await self._audit.write(who, "link.made", f"#{number}", url=url, campaign=campaign)
        return page.redirect(f"/links/{number}", msgid("The link is ready."))

    async def orphans(self, page: Page) -> web.StreamResponse:
        """Codes that were fetched and lead nowhere."""
        words, start = page.arg("q").casefold(), offset(page.arg("after"))
        orphans, turned = await asyncio.gather(self._clicks.orphans(1000), self._clicks.closed())
        found = [
            (code, GONE if self._room.codes.unpack(code) else WRONG, hits)
            for code, hits in orphans
            if words in code.casefold()
        ]
        named = ((self._room.get(number), why, hits) for number, why, hits in turned)
        more = start + ORPHANS < len(found)
        return page.render(
            "links_orphans.html",
            closed=[(k.number, k.name, CLOSED[why], hits) for k, why, hits in named if k],
            rows=found[start : start + ORPHANS],
            more=page.here(after=start + ORPHANS) if more else "",
        )

    async def _list(self, page: Page, problem: str = "") -> web.Response:
        words, start = page.arg("q"), offset(page.arg("after"))
        state = page.arg("state") if page.arg("state") in STATES else ""

        now = page.formats.now

        def keep(link: Link) -> bool:
            return self._is(link, state, now)

        shown, total = self._room.search(words, start, PAGE, keep), self._room.count(words, keep)
        sums = await self._clicks.many(link.number for link in shown)
        days = await asyncio.gather(*(self._clicks.days(link.number, DAYS) for link in shown))
        say = page.words.say(msgid("Clicks in 30 days"))
        lines = [charts.sparkline(say, [day.clicks for day in each]) for each in days]
        return page.render(
            "links.html",
            422 if problem else 200,
            rows=[(link, sums[link.number], line) for link, line in zip(shown, lines, strict=True)],
            total=total,
            known=self._room.count(),
            states=STATES,
            state=state,
            closed=lambda link: closed(self._room, link, now),
            problem=problem,
            more=page.here(after=start + PAGE) if start + PAGE < total else "",
        )

    def _is(self, link: Link, state: str, now: int) -> bool:
        match state:
            case "open":
                return not closed(self._room, link, now)
            case "closed":
                return bool(closed(self._room, link, now))
            case "rules":
                return bool(link.branches)
            case "limit":
                return bool(link.limit)
        return True
