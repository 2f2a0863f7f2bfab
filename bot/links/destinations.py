"""Destinations: which URLs a link may lead to, and how they are written into a header."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

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
        raise BadDestination(f"the link {shown} is longer than {LONGEST} characters")
    if _FORBIDDEN.search(url):
        raise BadDestination(f"the link {shown!r} has a blank, backslash or control character")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        _host(host or "")
    except ValueError as error:
        raise BadDestination(f"the link {shown} cannot be read: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise BadDestination(f"the link {shown} must begin with https:// or http://")
    if not host:
        raise BadDestination(f"the link {shown} names no host")
    return url


def location(url: str) -> str:
    """A destination as a Location header has it: ASCII, escapes that were there untouched."""
    scheme, rest = url.split("://", 1)
    place = re.match(r"[^/?#]*", rest)
    authority = place[0] if place else ""
    sign_in, at, host = authority.rpartition("@")
    return f"{scheme}://{_escaped(sign_in)}{at}{_host(host)}{_escaped(rest[len(authority) :])}"


def _host(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode()


def _escaped(text: str) -> str:
    return _NOT_ASCII.sub(lambda found: quote(found[0], safe=""), text)
