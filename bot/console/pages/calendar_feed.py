"""The calendar feed: an address of one's own, and what calendar programs read there."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from bot.clock import Clock
from bot.console.feeds import Feeds
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.words import Words
from bot.i18n import Translator
from bot.i18n.mark import msgid
from bot.reports import feed_of
from bot.sop.foresight.agenda import Agenda
from bot.sop.foresight.agenda_feed import feed_entries
from bot.sop.sops import Sops
from bot.sop.times.schedule import DAY_MS, day_of
from bot.store.line import StoreError
from bot.web.headers import protect

log = structlog.get_logger(__name__)

PAST, AHEAD = 14, 60
"""Days the feed tells of."""


class CalendarFeed:
    """``/calendar/feed`` for people, ``/calendar.ics`` for their programs; ``url`` is ours."""

    def __init__(
        self,
        frame: Frame,
        feeds: Feeds,
        sops: Sops,
        agenda: Agenda,
        translator: Translator,
        clock: Clock,
        url: Callable[[], str],
    ) -> None:
        self._frame = frame
        self._feeds = feeds
        self._sops = sops
        self._agenda = agenda
        self._translator = translator
        self._clock = clock
        self._url = url

    def routes(self) -> list[web.RouteDef]:
        """The page with its two forms, and the feed, which knows no session."""
        frame = self._frame
        return [
            frame.get("/calendar/feed", self.show),
            frame.post("/calendar/feed", self.make, "viewer"),
            frame.post("/calendar/feed/revoke", self.revoke, "viewer"),
            web.get("/calendar.ics", self.feed),
        ]

    async def show(self, page: Page) -> web.StreamResponse:
        """Whether there is an address, and since when."""
        feed = await self._feeds.of(page.operator)
        return page.render("calendar_feed.html", feed=feed, address="")

    async def make(self, page: Page) -> web.StreamResponse:
        """A new address, shown once."""
        token = await self._feeds.make(page.operator)
        address = f"{self._url()}/calendar.ics?token={token}"
        feed = await self._feeds.of(page.operator)
        return page.render("calendar_feed.html", feed=feed, address=address)

    async def revoke(self, page: Page) -> web.StreamResponse:
        """End the address."""
        await self._feeds.revoke(page.operator)
        return page.redirect("/calendar/feed", msgid("The address is ended."))

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """The feed of whose token it is; for all others it is not there."""
        try:
            operator = await self._feeds.reader(request.query.get("token", ""))
            if operator is None:
                return _plain(404, "This calendar is not here.\n")
            body = await self._body(operator.language or self._sops.language)
        except StoreError as error:
            log.warning("calendar.store_away", reason=str(error))
            answer = _plain(503, "The store does not answer. Try again soon.\n")
            answer.headers["Retry-After"] = "60"
            return answer
        answer = web.Response(body=body, content_type="text/calendar", charset="utf-8")
        answer.headers["Content-Disposition"] = 'inline; filename="muster.ics"'
        return _private(answer)

    async def _body(self, language: str) -> bytes:
        now, zone = self._clock.now(), ZoneInfo(self._sops.means.timezone)
        words = Words(self._translator, language)
        slots = await self._agenda.between(
            now - PAST * DAY_MS, now + AHEAD * DAY_MS, lambda ms: day_of(ms, zone)
        )
        sops = {sop.id: sop for sop in await self._sops.all()}
        told = [slot for slot in slots if slot.sop in sops]
        entries = feed_entries(told, sops, zone, language, words.say, self._url())
        return feed_of(words.say(msgid("Muster: what goes out")), entries, now)


def _plain(status: int, text: str) -> web.Response:
    return _private(web.Response(status=status, text=text))


def _private(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = "private, no-store"
    return protect(response)
