"""The post: one message to one address, and what it answered; never where it must not go."""

from __future__ import annotations

import socket
import ssl
from email.utils import parsedate_to_datetime
from typing import Literal

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from bot.clock import Clock, millis
from bot.gateways.deadline import within
from bot.model.base import Frozen
from bot.web.addresses import GuardedResolver, PrivateAddress, admits
from bot.webhooks.endpoint import allowed

TIMEOUT = 10.0
"""Seconds an endpoint has for its answer."""
KEPT = 4096
"""Bytes read of an answer's body."""
LONGEST_WAIT = 86_400_000
"""The most ms a Retry-After is believed."""

Reason = Literal[
    "",
    "status",
    "timeout",
    "connection",
    "no such host",
    "certificate",
    "private",
    "unsigned",
]


class Reply(Frozen):
    """What came of a try: ``status`` 0 when there was no answer, ``reason`` '' when it was taken.

    ``wait``: ms it asked us to wait.
    """

    status: int = 0
    reason: Reason = ""
    text: str = ""
    wait: int = 0

    @property
    def said(self) -> str:
        """The reason in a word, for lists: "status 500" or "timeout"."""
        return f"status {self.status}" if self.reason == "status" else self.reason


class Post:
    """Posts messages; follows no redirect and connects to allowed addresses only."""

    def __init__(
        self, clock: Clock, allow_private: bool, resolver: AbstractResolver | None = None
    ) -> None:
        self._clock = clock
        self._allow_private = allow_private
        self._resolver = resolver
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Send one message; never raises for what the other side does."""
        place = URL(url)
        if not admits(allowed(place.scheme, self._allow_private), place.raw_host or ""):
            return Reply(reason="private")
        try:
            return await within(self._clock, TIMEOUT, self._send(place, body, headers))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(reason=_reason(error))

    async def close(self) -> None:
        """Close the connections; they are opened again when needed."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    async def _send(self, url: URL, body: bytes, headers: dict[str, str]) -> Reply:
        async with self._session(url.scheme).post(
            url,
            data=body,
            headers={"Content-Type": "application/json", **headers},
            allow_redirects=False,
        ) as answer:
            text = await _cut(answer.content)
            taken = 200 <= answer.status < 300
            return Reply(
                status=answer.status,
                reason="" if taken else "status",
                text=text.decode("utf-8", "replace"),
                wait=0 if taken else self._wait(answer.headers.get("Retry-After", "")),
            )

    def _wait(self, said: str) -> int:
        """What Retry-After asks for, in ms: seconds, or a date (RFC 9110)."""
        if said.isascii() and said.isdecimal():
            return min(LONGEST_WAIT, int(said[:9]) * 1000)
        try:
            until = millis(parsedate_to_datetime(said))
        except (ValueError, OverflowError):
            return 0
        return max(0, min(LONGEST_WAIT, until - self._clock.now()))

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        if scheme not in self._sessions:
            allow = allowed(scheme, self._allow_private)
            resolver = GuardedResolver(self._resolver or aiohttp.ThreadedResolver(), allow)
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=resolver, limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Muster/1 (webhooks)", "Accept-Encoding": "identity"},
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
            )
        return self._sessions[scheme]


async def _cut(content: aiohttp.StreamReader) -> bytes:
    """The beginning of a body."""
    found = b""
    while len(found) < KEPT:
        part = await content.read(KEPT - len(found))
        if not part:
            break
        found += part
    return found


def _reason(error: Exception) -> Reason:
    match error:
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientConnectorDNSError(os_error=PrivateAddress()):
            return "private"
        case aiohttp.ClientConnectorDNSError(os_error=socket.gaierror()):
            return "no such host"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return "certificate"
    return "connection"
