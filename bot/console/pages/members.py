"""Members: finding them, and one member with everything known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web
from markupsafe import Markup

from bot.console import charts
from bot.console.cards import Panel
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.members.search import Search
from bot.members.timeline import KINDS, Timeline
from bot.store.members import Members as Book

WEEKS = 26


class Members:
    """Pages about members."""

    def __init__(
        self,
        frame: Frame,
        book: Book,
        directory: Directory,
        timeline: Timeline,
        search: Search,
        panels: Sequence[Panel] = (),
    ) -> None:
        self._frame = frame
        self._book = book
        self._directory = directory
        self._timeline = timeline
        self._search = search
        self._panels = panels

    def routes(self) -> list[web.RouteDef]:
        """``/members`` and ``/members/{number}``."""
        return [
            self._frame.get("/members", self.index),
            self._frame.get("/members/{number}", self.one),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """The newest members, or those a search finds; with ``part`` nothing but their table."""
        words, cursor = page.arg("q"), page.arg("after", 40)
        if words:
            found = await self._search.find(words, cursor)
            members, onward = found.members, found.next
        else:
            newest = await self._directory.newest(cursor)
            members, onward = newest.members, newest.next
        more = page.here(after=onward, part=None) if onward else ""
        older = await self._search.older() if words else (0, 0)
        template = "members_found.html" if page.arg("part") else "members.html"
        return page.render(template, rows=members, more=more, older=older)

    async def one(self, page: Page) -> web.StreamResponse:
        """One member: accounts, tags, attributes, groups, activity, timeline.

        A number that was merged with another one leads there.
        """
        number = page.number("number")
        member = await self._book.member(number)
        if member is None:
            if led := await self._book.survivors([number]):
                return page.redirect(f"/members/{led[number]}")
            raise web.HTTPNotFound
        kind, before = page.arg("kind", 20), page.arg("before", 60)
        happened = await self._timeline.page(number, kind, before)
        rows = happened.rows
        return page.render(
            "member.html",
            member=member,
            groups=await self._directory.groups_of(number),
            tags=await self._directory.tags_of(number),
            activity=await self._activity(page, number),
            panels=[one for panel in self._panels if (one := await panel(page, number))],
            rows=rows,
            people={number: member},
            places=await self._directory.places(e.conversation for _, e in rows),
            kinds={name: words for name, (words, _) in KINDS.items()},
            kind=kind if kind in KINDS else "",
            more=page.here(before=happened.next) if happened.next else "",
        )

    async def _activity(self, page: Page, number: int) -> Markup:
        today = page.formats.today
        days = [today - timedelta(days=n) for n in range(WEEKS * 7)]
        spoke = await self._directory.spoke_on(number, [d.isoformat() for d in days])
        return charts.calendar(
            page.words.say(msgid("Days with a message")),
            {d: 1 for d, there in zip(days, spoke, strict=True) if there},
            today,
            page.formats.months,
            WEEKS,
        )
