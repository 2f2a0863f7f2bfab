"""Members: finding them, and one member with everything known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from aiohttp import web
from markupsafe import Markup

from bot.console import charts
from bot.console.cards import Panel
from bot.console.directory import Directory, Found
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import entry_id
from bot.delivery.journal import Journal
from bot.i18n.mark import msgid
from bot.store.members import Members as Book
from bot.store.store import Store

WEEKS = 26
TIMELINE = 50


class Members:
    """Pages about members."""

    def __init__(
        self,
        frame: Frame,
        store: Store,
        book: Book,
        directory: Directory,
        journal: Journal,
        gateways: Callable[[], Iterable[str]],
        panels: Sequence[Panel] = (),
    ) -> None:
        self._frame = frame
        self._store = store
        self._book = book
        self._directory = directory
        self._journal = journal
        self._gateways = gateways
        self._panels = panels

    def routes(self) -> list[web.RouteDef]:
        """``/members`` and ``/members/{number}``."""
        return [
            self._frame.get("/members", self.index),
            self._frame.get("/members/{number}", self.one),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """The newest members, or those a search finds."""
        words, cursor = page.arg("q"), page.arg("after", 4000)
        if not words:
            found = await self._directory.newest(cursor)
        else:
            found = await self._directory.search(words, cursor)
            if not cursor:
                exact = await self._directory.exactly(words, self._gateways())
                known = {m.number for m in exact}
                others = [m for m in found.members if m.number not in known]
                found = Found([*exact, *others], found.next)
        return page.render(
            "members.html",
            rows=found.members,
            more=page.here(after=found.next) if found.next else "",
        )

    async def one(self, page: Page) -> web.StreamResponse:
        """One member: accounts, tags, attributes, groups, activity, timeline."""
        number = page.number("number")
        member = await self._book.member(number)
        if member is None:
            raise web.HTTPNotFound
        before = entry_id(page.arg("before", 40))
        rows = await self._journal.recent(before, TIMELINE, self._store.keys.timeline(number))
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
            more=page.here(before=rows[-1][0]) if len(rows) == TIMELINE else "",
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
