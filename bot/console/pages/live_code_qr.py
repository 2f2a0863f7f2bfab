"""The picture of a live code: the platform's own, or drawn by us where it gives a link."""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.live_codes.live_codes import LiveCodes
from bot.reports.qr import picture, svg

LARGEST = 1_000_000
FETCHING = 8.0
"""Seconds a platform may take to give a picture."""
_SIGNS = {
    b"\x89PNG\r\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF8": "gif",
}
"""How the files of pictures begin."""


class NoPicture(Exception):
    """The platform does not give its picture now."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture file; ``kind`` is its ending, too."""

    kind: str
    body: bytes

    @property
    def content_type(self) -> str:
        """Its media type."""
        return f"image/{'svg+xml' if self.kind == 'svg' else self.kind}"


class LiveCodeQr:
    """``/live-codes/{id}/qr``, and the same as a file."""

    def __init__(self, frame: Frame, room: LiveCodes) -> None:
        self._frame = frame
        self._room = room

    def routes(self) -> list[web.RouteDef]:
        """The picture, the best for print, and a PNG."""
        one = "/live-codes/{id}/qr"
        return [
            self._frame.get(one, self.shown),
            self._frame.get(f"{one}.svg", self.best),
            self._frame.get(f"{one}.png", self.png),
        ]

    async def shown(self, page: Page) -> web.StreamResponse:
        """The picture to look at."""
        try:
            drawing = await drawn(await self._address(page), "svg")
        except NoPicture:
            raise web.HTTPNotFound from None
        headers = {"Cache-Control": "private, max-age=600"}
        return web.Response(body=drawing.body, content_type=drawing.content_type, headers=headers)

    async def best(self, page: Page) -> web.StreamResponse:
        """A file for print: an SVG of a link, else the platform's picture."""
        return await self._file(page, "svg")

    async def png(self, page: Page) -> web.StreamResponse:
        """A file for screens: a PNG of a link, else the platform's picture."""
        return await self._file(page, "png")

    async def _file(self, page: Page, kind: str) -> web.StreamResponse:
        ident = page.request.match_info["id"]
        try:
            drawing = await drawn(await self._address(page), kind)
        except NoPicture:
            said = msgid("The platform does not give the picture now. Try again soon.")
            return page.redirect(f"/live-codes/{ident}", said)
        headers = {"Content-Disposition": f'attachment; filename="{ident}.{drawing.kind}"'}
        return web.Response(body=drawing.body, content_type=drawing.content_type, headers=headers)

    async def _address(self, page: Page) -> str:
        found = await self._room.get(page.request.match_info["id"])
        if found is None or found[1] is None or not found[1].image:
            raise web.HTTPNotFound
        return found[1].image


async def drawn(address: str, kind: str) -> Drawing:
    """What is at an address when it is a picture, else a QR code of the address as ``kind``.

    Raises NoPicture when it does not answer.
    """
    body = await _content(address)
    for sign, found in _SIGNS.items():
        if body.startswith(sign):
            return Drawing(found, body)
    if address.startswith("data:"):
        raise NoPicture
    if kind == "png":
        return Drawing("png", await asyncio.to_thread(picture, address))
    return Drawing("svg", svg(address))


async def _content(address: str) -> bytes:
    if address.startswith("data:"):
        try:
            return base64.b64decode(address.partition(",")[2])
        except binascii.Error:
            raise NoPicture from None
    if not address.startswith(("https://", "http://")):
        return b""
    try:
        timeout = aiohttp.ClientTimeout(total=FETCHING)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(address) as response,
        ):
            if response.status >= 400:
                raise NoPicture
            return await _most(response)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise NoPicture from None


async def _most(response: aiohttp.ClientResponse) -> bytes:
    """A body, of which no more is read than a picture can have."""
    found = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        found += chunk
        if len(found) > LARGEST:
            raise NoPicture
    return bytes(found)
