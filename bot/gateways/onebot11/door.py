"""The door: who may connect or post to ``/gateways/<name>``."""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import IPv6Address, ip_address

from aiohttp import web
from pydantic import SecretStr

_THROUGH_OTHERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Origin")
"""Headers of a proxy or of a web page: then a loopback address says nothing about who calls."""


def check_upgrade(request: web.Request) -> None:
    """Let one WebSocket for events and actions in; raises HTTPBadRequest for anything else."""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise web.HTTPBadRequest(text="this gateway expects a reverse WebSocket")
    if request.headers.get("X-Client-Role", "Universal").lower() != "universal":
        raise web.HTTPBadRequest(text="expected one Universal connection, not API and Event")


def check_token(request: web.Request, token: SecretStr | None) -> None:
    """Let a WebSocket in that brings the access token; raises HTTPUnauthorized or HTTPForbidden.

    The token comes as ``Authorization: Bearer …`` or ``Token …``, or as ``access_token`` in the
    query. Without one set, only programs of this machine are let in.
    """
    if token is None:
        check_local(request, "access_token")
        return
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "token"):
        given = ""
    given = given.strip() or request.query.get("access_token", "")
    if not given:
        raise web.HTTPUnauthorized(text="access token missing")
    if not _same(given, token.get_secret_value()):
        raise web.HTTPForbidden(text="access token wrong")


def check_signature(request: web.Request, body: bytes, secret: SecretStr | None) -> None:
    """Let a callback in whose ``X-Signature: sha1=…`` fits; raises as ``check_token`` does."""
    if secret is None:
        check_local(request, "secret")
        return
    given = request.headers.get("X-Signature", "")
    if not given:
        raise web.HTTPUnauthorized(text="X-Signature missing")
    key = secret.get_secret_value().encode()
    if not _same(given, "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest()):
        raise web.HTTPForbidden(text="X-Signature wrong")


def check_local(request: web.Request, setting: str) -> None:
    """Let programs of this machine in; raises HTTPForbidden for all others."""
    if not _loopback(request.remote) or any(name in request.headers for name in _THROUGH_OTHERS):
        raise web.HTTPForbidden(text=f"set {setting} for this gateway to connect from elsewhere")


def _loopback(remote: str | None) -> bool:
    try:
        address = ip_address(remote or "")
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
