"""The probe: asks politely whether links still lead somewhere."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple
from urllib.parse import urljoin
from weakref import WeakValueDictionary

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.clock import Clock
from bot.gateways.deadline import within
from bot.i18n.mark import msgid
from bot.links.destinations import destination
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.web.addresses import Allow, GuardedResolver, PrivateAddress, admits, is_public

AGENT = "Muster/1 (link check bot)"
TIMEOUT = 5.0
"""Seconds to wait for each answer."""
PAUSE = 0.2
"""Seconds between two requests to one host."""
KEPT_MS = 3_600_000
"""How long a good verdict is believed."""
DOUBTED_MS = 300_000
"""How long a bad one is: somebody may be mending the link."""
MOST_KEPT = 10_000
MOST_AT_ONCE = 8
MOST_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_GONE = frozenset({404, 410})
_HEAD_MEANS_LITTLE = frozenset({400, 403, 404, 405, 406, 501})
"""Answers that some servers give to HEAD and not to GET."""

Verdict = Literal["fine", "moved", "gone", "refused", "unreachable", "private", "not_http"]


class LinkHealth(Frozen):
    """What became of one link.

    ``fine``; ``moved``: for good, ``detail`` is the new address; ``gone`` and ``refused``:
    ``detail`` is the status; ``unreachable``: ``detail`` is the reason, or a status of 500 or more;
    ``private``: it leads into a private network and was not asked; ``not_http``: nothing that
    could be asked.
    """

    url: str
    verdict: Verdict
    detail: str = ""

    @property
    def phrase(self) -> Phrase:
        """The same in a sentence."""
        return Phrase(
            _REASONS.get(self.detail) or _SENTENCES[self.verdict],
            url=self.url,
            detail=self.detail,
        )


_SENTENCES = {
    "fine": msgid("{url} works"),
    "moved": msgid("{url} has moved to {detail}"),
    "gone": msgid("{url} leads nowhere (status {detail})"),
    "refused": msgid("{url} refuses visitors (status {detail})"),
    "unreachable": msgid("{url} answers with an error (status {detail})"),
    "private": msgid("{url} leads into a private network, so it was not checked"),
    "not_http": msgid("{url} is not a web address"),
}
_REASONS = {
    "connection": msgid("{url} does not accept connections"),
    "timeout": msgid("{url} does not answer in time"),
    "no such host": msgid("{url} names a host that does not exist"),
    "certificate": msgid("{url} has a certificate that browsers refuse"),
    "redirects": msgid("{url} redirects too often"),
}


class _Answer(NamedTuple):
    status: int
    location: str


class Probe:
    """Checks links, one request to a host at a time; verdicts are remembered for a while.

    Only addresses that ``allow`` admits are connected to, also after redirects; a manager's text
    must not make the bot knock at the inner network.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        allow: Allow = is_public,
        resolver: AbstractResolver | None = None,
        agent: str = AGENT,
    ) -> None:
        self._clock = clock
        self._allow = allow
        self._resolver = resolver
        self._agent = agent
        self._session: aiohttp.ClientSession | None = None
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._free: dict[str, int] = {}
        self._kept: dict[str, tuple[int, LinkHealth]] = {}
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def check(self, urls: Iterable[str]) -> dict[str, LinkHealth]:
        """The health of every link, asked at once or remembered; never raises for a bad one."""
        asked = tuple(dict.fromkeys(urls))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._health(url)) for url in asked]
        self._forget()
        return {url: task.result() for url, task in zip(asked, tasks, strict=True)}

    async def close(self) -> None:
        """Close the connections; the probe can be used again afterwards."""
        session, self._session = self._session, None
        if session:
            await session.close()

    # one link

    async def _health(self, url: str) -> LinkHealth:
        async with self._lock("url", url):
            kept = self._kept.get(url)
            if kept and kept[0] > self._clock.now():
                return kept[1]
            health = await self._follow(url)
            kept_ms = KEPT_MS if health.verdict in ("fine", "moved") else DOUBTED_MS
            self._kept[url] = (self._clock.now() + kept_ms, health)
            return health

    async def _follow(self, url: str) -> LinkHealth:
        """Ask, and go where the answers point."""
        here, target, moved, for_good = url, url, "", True
        for _ in range(MOST_REDIRECTS + 1):
            try:
                here = destination(urljoin(here, target))
                place = URL(here)
            except ValueError:
                return LinkHealth(url=url, verdict="not_http")
            moved = here if for_good and here != url else moved
            try:
                answer = await self._visit(place)
            except _Failed as failed:
                return LinkHealth(url=url, verdict=failed.verdict, detail=failed.detail)
            if answer.status not in _REDIRECTS or not answer.location:
                return _verdict(url, answer.status, moved)
            target = answer.location
            for_good = for_good and answer.status in _PERMANENT
        return LinkHealth(url=url, verdict="unreachable", detail="redirects")

    async def _visit(self, url: URL) -> _Answer:
        if not admits(self._allow, url.raw_host or ""):
            raise _Failed("private")
        try:
            answer = await self._ask("HEAD", url)
            if answer.status in _HEAD_MEANS_LITTLE:
                answer = await self._ask("GET", url)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(error) from error
        return answer

    async def _ask(self, method: str, url: URL) -> _Answer:
        async with self._turn(url.raw_host or ""), self._slots:
            return await within(self._clock, TIMEOUT, self._request(method, url))

    async def _request(self, method: str, url: URL) -> _Answer:
        """One answer's head; a body is not read, and a GET asks for its first byte only."""
        headers = {"Range": "bytes=0-0"} if method == "GET" else {}
        async with self._opened().request(
            method, url, headers=headers, allow_redirects=False
        ) as response:
            return _Answer(response.status, response.headers.get("Location", ""))

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            resolver = GuardedResolver(self._resolver or aiohttp.ThreadedResolver(), self._allow)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, force_close=True, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self._agent, "Accept": "*/*"},
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session

    # manners and memory

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[None]:
        """Alone at a host, and not too soon after the last request."""
        async with self._lock("host", host):
            wait = self._free.get(host, 0) - self._clock.now()
            if wait > 0:
                await self._clock.sleep(wait / 1000)
            try:
                yield
            finally:
                self._free[host] = self._clock.now() + int(PAUSE * 1000)

    def _lock(self, kind: str, name: str) -> asyncio.Lock:
        return self._locks.setdefault((kind, name), asyncio.Lock())

    def _forget(self) -> None:
        now = self._clock.now()
        self._free = {host: free for host, free in self._free.items() if free > now}
        alive = [(url, kept) for url, kept in self._kept.items() if kept[0] > now]
        self._kept = dict(alive[-MOST_KEPT:])


class _Failed(Exception):
    """A link that gave no answer."""

    def __init__(self, verdict: Verdict, detail: str = "") -> None:
        super().__init__(verdict, detail)
        self.verdict: Verdict = verdict
        self.detail = detail


def _failure(error: Exception) -> _Failed:
    match error:
        case TimeoutError():
            return _Failed("unreachable", "timeout")
        case aiohttp.ClientConnectorDNSError(os_error=PrivateAddress()):
            return _Failed("private")
        case aiohttp.ClientConnectorDNSError(os_error=socket.gaierror(errno=socket.EAI_NONAME)):
            return _Failed("unreachable", "no such host")
        case aiohttp.ClientSSLError():
            return _Failed("unreachable", "certificate")
    return _Failed("unreachable", "connection")


def _verdict(url: str, status: int, moved: str) -> LinkHealth:
    if status in _GONE:
        return LinkHealth(url=url, verdict="gone", detail=str(status))
    if status < 400 or status == 416:
        return LinkHealth(url=url, verdict="moved" if moved else "fine", detail=moved)
    if status >= 500:
        return LinkHealth(url=url, verdict="unreachable", detail=str(status))
    return LinkHealth(url=url, verdict="refused", detail=str(status))
