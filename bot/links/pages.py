"""Pages a visitor sees when a link leads nowhere or is looked at: small, in their language."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from secrets import token_urlsafe

from aiohttp import web

from bot.i18n.mark import msgid
from bot.links.destinations import location
from bot.links.rules import Closed
from bot.web.language import preferred

Translate = Callable[[str, str], str]
"""Language and English text to that language's text."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>{head}
<style>body{{font:18px/1.6 system-ui,sans-serif;color-scheme:light dark;display:grid;
place-content:center;min-height:90vh;margin:0 1.5rem;text-align:center}}p{{opacity:.7;margin:0}}
a{{overflow-wrap:anywhere}}</style>
<h1>{title}</h1><p>{text}</p>{more}</html>
"""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A page that a browser only keeps ready is not shown to anybody yet.
_ON = """<script nonce="{nonce}">
function on() {{
  var sent = {seen} && navigator.sendBeacon && navigator.sendBeacon({seen});
  location.replace(sent ? {location} : {go});
}}
if (document.prerendering) document.addEventListener("prerenderingchange", on, {{once: true}});
else on();
</script>"""
_ON_WITHOUT_SCRIPT = '<noscript><meta http-equiv="refresh" content="1;url={go}"></noscript>'
_CLOSED: dict[Closed, tuple[int, str, str]] = {
    "gone": (
        410,
        msgid("This link is not in use any more"),
        msgid("Please ask whoever sent it to you for the new one."),
    ),
    "expired": (
        410,
        msgid("This link has ended"),
        msgid("You came a little late; whoever sent it to you knows what is on now."),
    ),
    "full": (
        410,
        msgid("All places are taken"),
        msgid("This link was for a limited number, and they have all been here."),
    ),
    "early": (404, msgid("This link is not open yet"), msgid("Please come back a little later.")),
}


class Pages:
    """Renders the pages; ``fallback`` is where visitors go instead of to one, if anywhere.

    ``owner`` is whose links they are.
    """

    def __init__(self, translate: Translate, fallback: str = "", owner: str = "") -> None:
        self._translate = translate
        self._fallback = location(fallback) if fallback else ""
        self._owner = owner

    def nothing(self, request: web.Request) -> web.Response:
        """404: no such link."""
        return self._elsewhere() or self._page(
            request,
            404,
            msgid("This link leads nowhere"),
            msgid("It may have been copied incompletely. Please ask whoever sent it to you."),
        )

    def closed(self, request: web.Request, why: Closed, fallback: str = "") -> web.Response:
        """A link that leads nowhere now; ``fallback`` is its own, as a header has it."""
        return self._elsewhere(fallback) or self._page(request, *_CLOSED[why])

    def preview(
        self, request: web.Request, name: str, urls: Sequence[str], closed: Closed | None
    ) -> web.Response:
        """200: where a link leads, the usual destination first, without going there."""

        def say(text: str) -> str:
            return escape(self._translate(self._language(request), text))

        shown = [
            f'<a href="{escape(url)}" rel="noreferrer nofollow">{escape(url)}</a>' for url in urls
        ]
        more = f"<p>{shown[0]}</p>"
        if closed:
            more = f"<p>{say(_CLOSED[closed][1])}</p>"
        elif shown[1:]:
            some = msgid("For some people, on some devices or at some times it leads to:")
            more += f"<p>{say(some)}</p>" + "".join(f"<p>{one}</p>" for one in shown[1:])
        if self._owner:
            owner = msgid("It is a link of {owner}.")
            more += f"<p>{say(owner).format(owner=escape(self._owner))}</p>"
        return self._page(request, 200, msgid("This link leads to"), name, more)

    def between(
        self, request: web.Request, name: str, location: str, go: str, seen: str
    ) -> web.Response:
        """200: on to ``location``, after ``seen`` is told that somebody's browser shows this.

        Without script it goes on to ``go``, by itself or by a link, and so when ``seen`` is empty.
        """
        nonce = token_urlsafe(16)
        texts = {"location": location, "go": go, "seen": seen}
        script = _ON.format(nonce=nonce, **{key: _quoted(text) for key, text in texts.items()})
        link = escape(self._translate(self._language(request), msgid("Go on")))
        return self._page(
            request,
            200,
            name or msgid("You are on your way"),
            "",
            f'<p><a href="{escape(go)}" rel="nofollow">{link}</a></p>{script}',
            _ON_WITHOUT_SCRIPT.format(go=escape(go)),
            {**_HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce)},
        )

    def later(self, request: web.Request) -> web.Response:
        """503: it cannot be known now."""
        title, text = msgid("One moment, please"), msgid("Please try again in a minute.")
        response = self._page(request, 503, title, text)
        response.headers["Retry-After"] = "60"
        return response

    def _elsewhere(self, fallback: str = "") -> web.Response | None:
        target = fallback or self._fallback
        if not target:
            return None
        kept = {name: _HEADERS[name] for name in ("Cache-Control", "Referrer-Policy")}
        return web.Response(status=302, headers={"Location": target, **kept})

    def _language(self, request: web.Request) -> str:
        return preferred(request.headers.get("Accept-Language", ""), "en")

    def _page(
        self,
        request: web.Request,
        status: int,
        title: str,
        text: str,
        more: str = "",
        head: str = "",
        headers: Mapping[str, str] = _HEADERS,
    ) -> web.Response:
        """``more`` and ``head`` are HTML."""
        language = self._language(request)
        body = _PAGE.format(
            language=language,
            title=escape(self._translate(language, title)),
            text=escape(self._translate(language, text) if text else ""),
            more=more,
            head=head,
        )
        return web.Response(status=status, text=body, content_type="text/html", headers=headers)


def _quoted(text: str) -> str:
    """A text as a script within HTML has it."""
    return json.dumps(text).replace("<", "\\u003c")
