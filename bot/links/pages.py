"""Pages a visitor sees when a link leads nowhere: small, friendly, in their language."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from aiohttp import web

from bot.i18n.mark import msgid
from bot.web.language import preferred

Translate = Callable[[str, str], str]
"""Language and English text to that language's text."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
_PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:18px/1.6 system-ui,sans-serif;color-scheme:light dark;display:grid;
place-content:center;min-height:90vh;margin:0 1.5rem;text-align:center}}p{{opacity:.7;margin:0}}
</style>
<h1>{title}</h1><p>{text}</p></html>
"""


class Pages:
    """Renders the pages."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    def nothing(self, request: web.Request) -> web.Response:
        """404: no such link."""
        return self._page(
            request,
            404,
            msgid("This link leads nowhere"),
            msgid("It may have been copied incompletely. Please ask whoever sent it to you."),
        )

    def later(self, request: web.Request) -> web.Response:
        """503: it cannot be known now."""
        title, text = msgid("One moment, please"), msgid("Please try again in a minute.")
        response = self._page(request, 503, title, text)
        response.headers["Retry-After"] = "60"
        return response

    def _page(self, request: web.Request, status: int, title: str, text: str) -> web.Response:
        language = preferred(request.headers.get("Accept-Language", ""), "en")
        body = _PAGE.format(
            language=language,
            title=escape(self._translate(language, title)),
            text=escape(self._translate(language, text)),
        )
        return web.Response(status=status, text=body, content_type="text/html", headers=_HEADERS)
