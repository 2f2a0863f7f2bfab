"""The redirect: ``GET /l/<code>`` answers with the destination once the hit is on disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from functools import lru_cache, partial
from urllib.parse import quote

from aiohttp import web
from multidict import istr

from bot.clock import Clock
from bot.links.codes import Code
from bot.links.data_centres import DataCentres
from bot.links.gate import Fetch, Gate, Passage
from bot.links.hits import AGENT, line
from bot.links.identities import BACK, Identities
from bot.links.links import PATH, Link, Links
from bot.links.moved import NEVER_KEPT, Dates, Moved
from bot.links.pages import Pages
from bot.links.recorder import Recorder
from bot.links.visitors import Visitors
from bot.store.line import StoreError
from bot.web import peer

PREVIEW = "+"
"""At the end of a code: shows where it leads instead of going there."""
REMEMBERED = 4096
"""Destinations whose answer is kept ready."""
TIME = 10 * 60_000
"""Milliseconds in which a page that came between can be confirmed."""

_AGENT, _REFERRER = istr("User-Agent"), istr("Referer")
_LANGUAGES = istr("Accept-Language")
_DNT, _GPC = istr("DNT"), istr("Sec-GPC")
_ANNOUNCED = (istr("Sec-Purpose"), istr("Purpose"), istr("X-Purpose"), istr("X-Moz"))
_TELLING = (*_ANNOUNCED, _DNT, _GPC)
_NOT_A_PERSON = ("prefetch", "prerender", "preview")

Answer = Callable[[web.Request], Awaitable[web.Response]]


class Redirects:
    """Answers for links; ``address`` gives the visitor's address of a request, never stored.

    ``hosts`` are the names links are answered at; none means at all. With ``respect``, who asks
    not to be tracked is recorded without member and referrer. ``identities`` are asked who
    visitors are, for links that want it. With ``strict`` a limited link leads nowhere while the
    store is away.
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
        data_centres: DataCentres | None = None,
        respect: bool = True,
        identities: Identities | None = None,
        strict: bool = False,
    ) -> None:
        self._links = links
        self._recorder = recorder
        self._visitors = visitors
        self._pages = pages
        self._clock = clock
        self._address = address
        self._hosts = frozenset(hosts)
        self._data_centres = data_centres or DataCentres()
        self._respect = respect
        self._identities = identities
        self._gate = Gate(links, strict)
        self._moved = lru_cache(REMEMBERED)(partial(Moved, dates=Dates(clock)))
        self._serial = 0

    async def start(self) -> None:
        """Begin to record hits."""
        await self._visitors.refresh()
        await self._recorder.start()

    async def stop(self) -> None:
        """Bring what is under way to disk and end."""
        await self._recorder.stop()
        if self._identities:
            await self._identities.close()

    def routes(self) -> list[web.RouteDef]:
        """Where links are."""
        return [
            web.get(PATH + "{code}", self._here(self.answer)),
            web.get(PATH + BACK + "{platform}", self._here(self._back)),
            web.get(PATH + "{code}/go", self._here(self._go)),
            web.post(PATH + "{code}/seen", self._here(self._seen)),
        ]

    async def answer(self, request: web.Request) -> web.Response:
        """A 302 to the destination; a small page or the fallback when the code leads nowhere, and
        a page (503) when the store is needed to know and is away.

        Plain links end here; whatever else may be meant is looked at only then.
        """
        letters = request.match_info["code"]
        code = self._links.codes.unpack(letters)
        location = self._links.location(code.link) if code else None
        if code is None or location is None:
            return await self._other(request, letters, code)
        await self._recorder.record(self._hit(request, code, letters))
        if Moved.suits(request):
            return self._moved(location)
        return web.Response(status=302, headers={"Location": location, **NEVER_KEPT})

    def _here(self, handler: Answer) -> Answer:
        """``handler`` where links are only answered for some host names."""

        async def answer(request: web.Request) -> web.Response:
            if (request.url.host or "").lower() in self._hosts:
                return await handler(request)
            letters = request.match_info.get("code", "")
            return self._lost(request, self._links.codes.unpack(letters), letters)

        return answer if self._hosts else handler

    async def _other(self, request: web.Request, letters: str, code: Code | None) -> web.Response:
        """A word, a preview, a link with terms or made a moment ago, or nothing at all."""
        if code is None and letters.endswith(PREVIEW):
            return await self._preview(request, letters[: -len(PREVIEW)])
        if code is None and (worded := self._links.worded(letters)):
            number, letters = worded
            code = Code(number)
        return await self._enter(request, code, letters)

    async def _go(self, request: web.Request) -> web.Response:
        """On from a page that came between, or back to it when it was left open too long."""
        letters = request.match_info["code"]
        if not self._confirms(request, letters):
            return web.Response(status=302, headers={"Location": PATH + quote(letters)})
        return await self._enter(request, self._links.codes.unpack(letters), letters, "go")

    async def _seen(self, request: web.Request) -> web.Response:
        """204: a browser showed the page to somebody and went on by itself."""
        letters = request.match_info["code"]
        if self._confirms(request, letters):
            await self._enter(request, self._links.codes.unpack(letters), letters, "go")
        return web.Response(status=204, headers=NEVER_KEPT)

    async def _back(self, request: web.Request) -> web.Response:
        """Back from a platform that was asked who it is; whatever it said, the way goes on."""
        platform, state = request.match_info["platform"], request.query.get("state", "")
        if self._identities is None:
            return self._pages.nothing(request)
        letters = self._identities.letters(state)
        code = self._links.codes.unpack(letters)
        if code is None:
            return self._lost(request, None, letters)
        at, told = self._clock.now(), request.query.get("code", "")
        member = await self._identities.who(platform, state, told, self._visitor(request, at), at)
        if member:
            code = replace(code, member=member)
            letters = self._links.codes.pack(code)
        return await self._enter(request, code, letters, "back")

    async def _enter(
        self, request: web.Request, code: Code | None, letters: str, come: str = ""
    ) -> web.Response:
        """What a link that is not plain answers; ``come``: "back" from being asked, or "go"."""
        try:
            link = await self._links.look_up(code.link) if code else None
            if code is None or link is None:
                return self._lost(request, code, letters)
            return await self._pass(request, link, code, letters, come)
        except (StoreError, TimeoutError):
            return self._pages.later(request)

    async def _pass(
        self, request: web.Request, link: Link, code: Code, letters: str, come: str
    ) -> web.Response:
        fetch = self._fetch(request, code, letters)
        asks = not come and self._asks(link, fetch)
        between = asks or (link.confirm and come != "go")
        ways = self._links.ways(link.number)
        if ways is None:
            passage = Passage("", self._links.location(link.number) or "")
        else:
            passage = await self._gate.judge(link, ways, fetch, between)
        flags = passage.flags
        if not passage.closed:
            flags += "b" if between else "c" if come else ""
        await self._recorder.record(self._hit(request, code, letters, flags))
        if passage.closed:
            return self._pages.closed(request, passage.closed, passage.location)
        if asks and self._identities:
            location = self._identities.authorize_url(link.ask, letters, fetch.visitor, fetch.at)
        elif between:
            return self._between(request, link, letters, passage.location)
        else:
            location = passage.location
        return web.Response(status=302, headers={"Location": location, **NEVER_KEPT})

    def _asks(self, link: Link, fetch: Fetch) -> bool:
        """Whether the visitor is to be asked who it is: nobody known, who can be asked."""
        if self._identities is None or not link.ask:
            return False
        known = fetch.code.member or fetch.untracked or fetch.method_flags
        return not known and self._identities.asks(link.ask, fetch.agent)

    def _between(
        self, request: web.Request, link: Link, letters: str, location: str
    ) -> web.Response:
        seal = self._visitors.seal(letters, self._clock.now() + TIME)
        path, proof = PATH + letters, f"?proof={seal}"
        # Of a limited number of clicks one is taken only by who goes on through us.
        seen = "" if link.limit else f"{path}/seen{proof}"
        return self._pages.between(request, link.title, location, f"{path}/go{proof}", seen)

    def _confirms(self, request: web.Request, letters: str) -> bool:
        seal = request.query.get("proof", "")
        return self._visitors.sealed(letters, seal, self._clock.now())

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

    def _lost(self, request: web.Request, code: Code | None, letters: str) -> web.Response:
        # Nobody waits for an orphan's fsync: whoever guesses codes gets no work out of us.
        self._recorder.record(self._hit(request, code, quote(letters[:64]), "o"))
        return self._pages.nothing(request)

    def _fetch(self, request: web.Request, code: Code, letters: str) -> Fetch:
        headers, at = request.headers, self._clock.now()
        return Fetch(
            code=code,
            letters=letters,
            at=at,
            method_flags=_flags(request),
            visitor=self._visitor(request, at),
            agent=headers.get(_AGENT, "")[:AGENT],
            accept=headers.get(_LANGUAGES, ""),
            untracked=self._untracked(request),
        )

    def _visitor(self, request: web.Request, at: int) -> str:
        agent = request.headers.get(_AGENT, "")[:AGENT]
        return self._visitors.hash(at, self._address(request), agent)

    def _untracked(self, request: web.Request) -> bool:
        """Whether the visitor asks not to be tracked, and is heard."""
        headers = request.headers
        return self._respect and "1" in (headers.get(_DNT), headers.get(_GPC))

    def _hit(self, request: web.Request, code: Code | None, letters: str, flags: str = "") -> bytes:
        headers, at = request.headers, self._clock.now()
        address, agent = self._address(request), headers.get(_AGENT, "")[:AGENT]
        referrer = headers.get(_REFERRER, "")
        if request.method != "GET" or not headers.keys().isdisjoint(_TELLING):
            flags += _flags(request)
            if self._untracked(request):
                referrer = ""
                if code and code.member:
                    letters = self._links.codes.pack(replace(code, member=0))
        signs = self._data_centres.flag(address) + ("" if _LANGUAGES in headers else "n")
        self._serial += 1
        return line(
            self._recorder.origin,
            self._serial,
            at,
            letters,
            flags + signs,
            self._visitors.hash(at, address, agent),
            agent,
            referrer,
        )


def _flags(request: web.Request) -> str:
    """What the fetch says of itself: "h" for HEAD, "p" when it is announced as no person's."""
    headers = request.headers
    flags = "h" if request.method == "HEAD" else ""
    for name in _ANNOUNCED:
        if name in headers and any(p in headers[name].lower() for p in _NOT_A_PERSON):
            return flags + "p"
    return flags
