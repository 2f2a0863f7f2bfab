"""The redirect: ``GET /l/<code>`` answers with the destination once the hit is on disk."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web
from multidict import istr

from bot.clock import Clock
from bot.links.hits import AGENT, line
from bot.links.links import PATH, Links
from bot.links.pages import Pages
from bot.links.recorder import Recorder
from bot.links.visitors import Visitors
from bot.store.line import StoreError
from bot.web import peer

NEVER_KEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}

_AGENT, _REFERRER = istr("User-Agent"), istr("Referer")
_ANNOUNCED = (istr("Sec-Purpose"), istr("Purpose"), istr("X-Purpose"), istr("X-Moz"))
_NOT_A_PERSON = ("prefetch", "prerender", "preview")


class Redirects:
    """Answers for links; ``address`` gives the visitor's address of a request, never stored."""

    def __init__(
        self,
        links: Links,
        recorder: Recorder,
        visitors: Visitors,
        pages: Pages,
        clock: Clock,
        address: Callable[[web.Request], str] = peer.address,
    ) -> None:
        self._links = links
        self._recorder = recorder
        self._visitors = visitors
        self._pages = pages
        self._clock = clock
        self._address = address
        self._serial = 0

    async def start(self) -> None:
        """Begin to record hits."""
        await self._visitors.refresh()
        await self._recorder.start()

    async def stop(self) -> None:
        """Bring what is under way to disk and end."""
        await self._recorder.stop()

    def routes(self) -> list[web.RouteDef]:
        """Where links are."""
        return [web.get(PATH + "{code}", self.answer)]

    async def answer(self, request: web.Request) -> web.Response:
        """A 302 to the destination; a small page when the code leads nowhere (404) or the store
        is needed to know and is away (503).
        """
        letters = request.match_info["code"]
        code = self._links.codes.unpack(letters)
        location = None
        if code:
            location = self._links.location(code.link)
            if location is None:
                try:
                    location = await self._links.look_up(code.link)
                except (StoreError, TimeoutError):
                    return self._pages.later(request)
        if location is None:
            # Nobody waits for an orphan's fsync: whoever guesses codes gets no work out of us.
            self._recorder.record(self._hit(request, quote(letters[:64]), "o"))
            return self._pages.nothing(request)
        await self._recorder.record(self._hit(request, letters))
        return web.Response(status=302, headers={"Location": location, **NEVER_KEPT})

    def _hit(self, request: web.Request, code: str, flags: str = "") -> bytes:
        headers, at = request.headers, self._clock.now()
        agent = headers.get(_AGENT, "")[:AGENT]
        self._serial += 1
        if request.method == "HEAD":
            flags += "h"
        for name in _ANNOUNCED:
            if name in headers and any(p in headers[name].lower() for p in _NOT_A_PERSON):
                flags += "p"
                break
        return line(
            self._recorder.origin,
            self._serial,
            at,
            code,
            flags,
            self._visitors.hash(at, self._address(request), agent),
            agent,
            headers.get(_REFERRER, ""),
        )
