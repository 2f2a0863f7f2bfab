"""The security headers every page and static file carries."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web

R = TypeVar("R", bound=web.StreamResponse)

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # "no-referrer" would make browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
POLICY = (
    "default-src 'self'; img-src {images}; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)


def protect(response: R, images: str = "'self'") -> R:
    """Add the headers to a response; ``images`` says where pictures may come from."""
    response.headers["Content-Security-Policy"] = POLICY.format(images=images)
    response.headers.update(HEADERS)
    return response
