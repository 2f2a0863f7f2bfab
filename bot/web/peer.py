"""Who asks: the client's address and scheme, believing only the proxies we trust."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from aiohttp import web

Networks = Sequence[IPv4Network | IPv6Network]


def address(request: web.Request, trusted: Networks = ()) -> str:
    """The address the request comes from: the last one that is not a trusted proxy's."""
    peer = request.remote or ""
    hops = [h.strip() for h in request.headers.get("X-Forwarded-For", "").split(",") if h.strip()]
    while hops and _within(peer, trusted):
        peer = hops.pop()
    return peer


def is_https(request: web.Request, trusted: Networks = ()) -> bool:
    """Whether the browser speaks https, to us or to a trusted proxy."""
    if _within(request.remote or "", trusted):
        forwarded = request.headers.get("X-Forwarded-Proto", "")
        if forwarded:
            return forwarded.split(",")[-1].strip().lower() == "https"
    return request.secure


def same_origin(request: web.Request, public_url: str | None = None) -> bool:
    """Whether a request comes from a page of ours, or from no page at all.

    A browser names the page's origin with every POST ("Origin"); a program names none.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") in {"same-origin", "none"}
    ours = {request.host}
    if public_url:
        ours.add(urlsplit(public_url).netloc)
    return urlsplit(origin).netloc in ours


def _within(peer: str, networks: Networks) -> bool:
    try:
        found: IPv4Address | IPv6Address = ip_address(peer)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in networks)
