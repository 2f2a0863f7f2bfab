"""The redirect: ``GET /l/<code>`` answers with the destination once the hit is on disk."""

from __future__ import annotations

from collections.abc import Callable, Collection
from urllib.parse import quote

from aiohttp import web
from multidict import istr

from bot.clock import Clock
from bot.links.codes import Code
from bot.links.gate import Fetch, Gate, Passage
from bot.links.hits import AGENT, line
from bot.links.links import PATH, Link, Links
from bot.links.pages import Pages
from bot.links.recorder import Recorder
from bot.links.visitors import Visitors
from bot.store.line import StoreError
from bot.web import peer

PREVIEW = "+"
"""At the end of a code: shows where it leads instead of going there."""
NEVER_KEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}

_AGENT, _REFERRER = istr("User-Agent"), istr("Referer")
_LANGUAGES = istr("Accept-Language")
_ANNOUNCED = (istr("Sec-Purpose"), istr("Purpose"), istr("X-Purpose"), istr("X-Moz"))
_NOT_A_PERSON = ("prefetch", "prerender", "preview")


class Redirects:
    """Answers for links; ``address`` gives the visitor's address of a request, never stored.

    ``hosts`` are the names links are answered at; none means at all.
    """

    def __init__(
        self,
        links: Links,
        recorder: Recorder,
        visitors: Visitors,
        pages: Pages,
        clock: Clock,
        address: Callable[[web.Request], str] = peer.address,
        hosts: Collection[str] = (),
    ) -> None:
        self._links = links
        self._recorder = recorder
        self._visitors = visitors
        self._pages = pages
        self._clock = clock
        self._address = address
        self._hosts = frozenset(hosts)
        self._gate = Gate(links)
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
        answer = self._at_own_hosts if self._hosts else self.answer
        return [web.get(PATH + "{code}", answer)]

    async def answer(self, request: web.Request) -> web.Response:
        """A 302 to the destination; a small page or the fallback when the code leads nowhere, and
        a page (503) when the store is needed to know and is away.

        Plain links end here; whatever else may be meant is looked at only then.
        """
        letters = request.match_info["code"]
        code = self._links.codes.unpack(letters)
        location = self._links.location(code.link) if code else None
        if location is None:
            return await self._other(request, letters, code)
        await self._recorder.record(self._hit(request, letters))
        return web.Response(status=302, headers={"Location": location, **NEVER_KEPT})

    async def _at_own_hosts(self, request: web.Request) -> web.Response:
        """``answer`` where links are only answered for some host names."""
        if (request.url.host or "").lower() in self._hosts:
            return await self.answer(request)
        return self._lost(request, request.match_info["code"])

    async def _other(self, request: web.Request, letters: str, code: Code | None) -> web.Response:
        """A word, a preview, a link with terms or made a moment ago, or nothing at all."""
        if code is None and letters.endswith(PREVIEW):
            return await self._preview(request, letters[: -len(PREVIEW)])
        if code is None and (worded := self._links.worded(letters)):
            number, letters = worded
            code = Code(number)
        try:
            link = await self._links.look_up(code.link) if code else None
            if code is None or link is None:
                return self._lost(request, letters)
            return await self._pass(request, link, code, letters)
        except (StoreError, TimeoutError):
            return self._pages.later(request)

    async def _pass(
        self, request: web.Request, link: Link, code: Code, letters: str
    ) -> web.Response:
        ways = self._links.ways(link.number)
        if ways is None:
            passage = Passage("", self._links.location(link.number) or "")
        else:
            passage = await self._gate.judge(link, ways, self._fetch(request, code, letters))
        await self._recorder.record(self._hit(request, letters, passage.flags))
        if passage.closed:
            return self._pages.closed(request, passage.closed, passage.location)
        return web.Response(status=302, headers={"Location": passage.location, **NEVER_KEPT})

    async def _preview(self, request: web.Request, letters: str) -> web.Response:
        """Where a code leads; nobody went there, so nothing is counted."""
        code, worded = self._links.codes.unpack(letters), self._links.worded(letters)
        number = code.link if code else worded[0] if worded else 0
        try:
            link = await self._links.look_up(number) if number else None
        except (StoreError, TimeoutError):
            return self._pages.later(request)
        if link is None:
            return self._pages.nothing(request)
        ways = self._links.ways(number)
        closed = ways.closed(self._clock.now()) if ways else None
        urls = dict.fromkeys([link.url, *(branch.url for branch in link.branches)])
        return self._pages.preview(request, link.title, [*urls], closed)

    def _lost(self, request: web.Request, letters: str) -> web.Response:
        # Nobody waits for an orphan's fsync: whoever guesses codes gets no work out of us.
        self._recorder.record(self._hit(request, quote(letters[:64]), "o"))
        return self._pages.nothing(request)

    def _fetch(self, request: web.Request, code: Code, letters: str) -> Fetch:
        headers, at = request.headers, self._clock.now()
        agent = headers.get(_AGENT, "")[:AGENT]
        return Fetch(
            code=code,
            letters=letters,
            at=at,
            method_flags=_flags(request),
            visitor=self._visitors.hash(at, self._address(request), agent),
            agent=agent,
            accept=headers.get(_LANGUAGES, ""),
        )

    def _hit(self, request: web.Request, code: str, flags: str = "") -> bytes:
        headers, at = request.headers, self._clock.now()
        agent = headers.get(_AGENT, "")[:AGENT]
        self._serial += 1
        return line(
            self._recorder.origin,
            self._serial,
            at,
            code,
            flags + _flags(request),
            self._visitors.hash(at, self._address(request), agent),
            agent,
            headers.get(_REFERRER, ""),
        )


def _flags(request: web.Request) -> str:
    """What the fetch says of itself: "h" for HEAD, "p" when it is announced as no person's."""
    headers = request.headers
    flags = "h" if request.method == "HEAD" else ""
    for name in _ANNOUNCED:
        if name in headers and any(p in headers[name].lower() for p in _NOT_A_PERSON):
            return flags + "p"
    return flags
