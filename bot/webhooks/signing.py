"""Signing: the headers by which a receiver knows that a message is ours (Standard Webhooks).

Format: https://www.standardwebhooks.com (the id, the time and the exact bytes, HMAC-SHA256).
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """A secret nobody has seen."""
    return PREFIX + b64encode(secrets.token_bytes(BYTES)).decode()


def headers(ident: str, at: int, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The headers of a message sent ``at`` (UTC ms), with a signature by each secret."""
    seconds = str(at // 1000)
    signed = f"{ident}.{seconds}.".encode() + body
    found = [hmac.digest(b64decode(key.removeprefix(PREFIX)), signed, sha256) for key in keys]
    return {
        "webhook-id": ident,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{b64encode(one).decode()}" for one in found),
    }
