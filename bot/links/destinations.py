"""Destinations: which URLs a link may lead to, and how they are written into a header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote_plus, urlsplit

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

LONGEST = 4096
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_NOT_ASCII = re.compile(r"[^\x21-\x7e]+")


class BadDestination(ValueError):
    """A URL no link may lead to; the message says why."""


def destination(url: str) -> str:
    """``url`` without surrounding blanks; raises BadDestination unless it is http or https.

    Nothing else is changed: its query, fragment and letters stay as the operator wrote them.
    """
    url = url.strip()
    shown = url if len(url) <= 80 else url[:79] + "…"
    if len(url) > LONGEST:
        text = msgid("the link {url} is longer than {n} characters")
        raise BadDestination(Phrase(text, url=shown, n=LONGEST))
    if _FORBIDDEN.search(url):
        text = msgid("the link {url} has a blank, backslash or control character")
        raise BadDestination(Phrase(text, url=repr(shown)))
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        _host(host or "")
    except ValueError:
        raise BadDestination(Phrase("the link {url} cannot be read", url=shown)) from None
    if parts.scheme not in ("http", "https"):
        text = msgid("the link {url} must begin with https:// or http://")
        raise BadDestination(Phrase(text, url=shown))
    if not host:
        raise BadDestination(Phrase("the link {url} names no host", url=shown))
    return url


def location(url: str) -> str:
    """A destination as a Location header has it: ASCII, escapes that were there untouched."""
    scheme, rest = url.split("://", 1)
    place = re.match(r"[^/?#]*", rest)
    authority = place[0] if place else ""
    sign_in, at, host = authority.rpartition("@")
    return f"{scheme}://{_escaped(sign_in)}{at}{_host(host)}{_escaped(rest[len(authority) :])}"


def added(url: str, parameters: Mapping[str, str]) -> str:
    """``url`` with more parameters in its query; those it has itself stay as they are."""
    before, mark, fragment = url.partition("#")
    path, _, query = before.partition("?")
    there = {unquote_plus(part.partition("=")[0]) for part in query.split("&")}
    new = [
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in parameters.items()
        if name not in there
    ]
    if not new:
        return url
    return f"{path}?{'&'.join([*([query.rstrip('&')] if query else []), *new])}{mark}{fragment}"


def _host(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode()


def _escaped(text: str) -> str:
    return _NOT_ASCII.sub(lambda found: quote(found[0], safe=""), text)
