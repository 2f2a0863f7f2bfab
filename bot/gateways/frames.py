"""Frames: JSON that platforms send, read tolerantly and within bounds."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Annotated, Any

from aiohttp import StreamReader
from pydantic import BeforeValidator

MAX_FRAME = 16 * 1024 * 1024
"""Bytes of the largest frame or body we read: 5 MB of text fit, which are reported twice."""


class FrameError(ValueError):
    """A frame that is not what the standard describes; the message holds none of its content."""


def _ident(value: object) -> str | None:
    """An id as text, whether it came as number or string; 0 and empty mean nobody."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("expected an id: a number or a string")
    text = str(value).strip()
    if len(text) > 128:
        raise ValueError("expected an id of at most 128 characters")
    return text if text not in ("0", "") else None


def _number(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""


Ident = Annotated[str | None, BeforeValidator(_ident)]
Number = Annotated[float | None, BeforeValidator(_number)]
Words = Annotated[str, BeforeValidator(_words)]


class TooLargeError(FrameError):
    """A body over the limit."""


async def body_of(stream: StreamReader) -> bytes:
    """Read a whole HTTP body; raises TooLargeError over 16 MB."""
    body = bytearray()
    async for chunk in stream.iter_chunked(65536):
        body += chunk
        if len(body) > MAX_FRAME:
            raise TooLargeError(f"larger than {MAX_FRAME} bytes")
    return bytes(body)


def load(frame: str | bytes) -> dict[str, Any]:
    """Read one JSON object; raises FrameError."""
    try:
        text = frame if isinstance(frame, str) else frame.decode()
        payload = json.loads(text)
        # Only an escape can bring in a lone surrogate, which UTF-8 cannot hold.
        if "\\ud" in text or "\\uD" in text:
            payload = _encodable(payload)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"not JSON ({type(error).__name__}, {len(frame)} long)") from None
    if not isinstance(payload, dict):
        raise FrameError(f"expected a JSON object, got {type(payload).__name__}")
    return payload


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    return value


def digest(raw: Mapping[str, Any]) -> str:
    """A hash of the whole payload, whatever the order of its keys; raises FrameError."""
    try:
        canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        raise FrameError("nested too deep") from None
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()[:24]
