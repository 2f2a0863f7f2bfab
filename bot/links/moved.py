"""The 302 of a link as the bytes it is on the wire, written again for every visitor."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, NoReturn

from aiohttp import HttpVersion11, web

from bot.clock import Clock

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

NEVER_KEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Dates:
    """The line with the date that HTTP wants in every answer (RFC 9110, 6.6.1)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self._line = b""

    def line(self) -> bytes:
        """Made once a second."""
        second = self._clock.now() // 1000
        if second != self._second:
            self._second = second
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode()
        return self._line


class Moved(web.Response):
    """A 302 to one destination, for requests that ``suits``; any number may share one.

    Building and writing out a response's headers takes aiohttp longer than all we do with a hit,
    and these never differ but in their date. Raises ValueError for a location that would end its
    line.
    """

    def __init__(self, location: str, dates: Dates) -> None:
        super().__init__(status=302, headers={"Location": location, **NEVER_KEPT})
        if any(letter < " " or letter == "\x7f" for letter in location):
            raise ValueError("a destination with control characters")
        told = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        self._tail = f"{told}Content-Length: 0\r\n\r\n".encode()
        self._dates = dates

    @staticmethod
    def suits(request: web.Request) -> bool:
        """Whether the connection stays open and needs no word about it."""
        return request.keep_alive and request.version == HttpVersion11

    @property
    def keep_alive(self) -> bool:
        """Always: see ``suits``."""
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write it all; raises ConnectionResetError when nobody is there any more."""
        transport = request.transport
        if transport is None or transport.is_closing():
            _gone()
        transport.write(b"HTTP/1.1 302 Found\r\n" + self._dates.line() + self._tail)
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing more is to come."""


def _gone() -> NoReturn:
    raise ConnectionResetError("the visitor is gone")
