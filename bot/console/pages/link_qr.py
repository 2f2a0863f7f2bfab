"""QR codes of links, shown and downloaded."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.links.codes import Code
from bot.links.links import Links
from bot.reports.qr import CORRECTIONS, LARGEST, BadLogo, Correction, Logo, picture, svg

SHARES: dict[Correction, str] = {
    "L": msgid("little (7 %)"),
    "M": msgid("usual (15 %)"),
    "Q": msgid("more (25 %)"),
    "H": msgid("most (30 %)"),
}
"""How much of a code may be dirty or torn."""
SCALES = {"5": msgid("small"), "10": msgid("medium"), "30": msgid("for posters")}
KINDS = {"svg": "image/svg+xml", "png": "image/png"}


class LinkQr:
    """A link's QR codes; a logo is used once and not kept."""

    def __init__(self, frame: Frame, links: Links) -> None:
        self._frame = frame
        self._links = links

    def routes(self) -> list[web.RouteDef]:
        """``/links/{number}/qr``, and the picture on that page."""
        one = "/links/{number}/qr"
        return [
            self._frame.get(one, self.form),
            self._frame.get(f"{one}.svg", self.shown),
            self._frame.post(one, self.download, "viewer", LARGEST + 16_384),
        ]

    async def form(self, page: Page) -> web.StreamResponse:
        """The code, and what may be chosen of it."""
        return self._show(page, "")

    async def shown(self, page: Page) -> web.StreamResponse:
        """The code as an SVG."""
        urls = self._urls(page)
        return web.Response(body=svg(urls[0][1]), content_type=KINDS["svg"])

    async def download(self, page: Page) -> web.StreamResponse:
        """A file as it was chosen, or what is wrong with the logo."""
        urls = dict(self._urls(page))
        url = urls.get(page.field("of"), next(iter(urls.values())))
        kind = page.field("kind") if page.field("kind") in KINDS else "svg"
        correction: Correction = "M"
        for one in CORRECTIONS:
            correction = one if one == page.field("correction") else correction
        scale = int(page.field("scale")) if page.field("scale") in SCALES else 10
        _, content = page.files.get("logo", ("", b""))
        try:
            logo = Logo.read(content) if content else None
            if kind == "png":
                body = await asyncio.to_thread(picture, url, correction, logo, scale)
            else:
                body = svg(url, correction, logo)
        except BadLogo as error:
            return self._show(page, error.args[0])
        name = f"link-{page.number('number')}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=body, content_type=KINDS[kind], headers=headers)

    def _urls(self, page: Page) -> list[tuple[str, str]]:
        """What a code can be of: each word, the short address last as ''."""
        number = page.number("number")
        if self._links.get(number) is None:
            raise web.HTTPNotFound
        worded = [(word, self._links.word_url(word)) for word in self._links.words(number)]
        return [*worded, ("", self._links.url(Code(number)))]

    def _show(self, page: Page, problem: str) -> web.Response:
        urls = self._urls(page)
        return page.render(
            "link_qr.html",
            422 if problem else 200,
            link=self._links.get(page.number("number")),
            urls=urls,
            picture=f"/links/{page.number('number')}/qr.svg",
            shares=SHARES,
            scales=SCALES,
            problem=problem,
        )
