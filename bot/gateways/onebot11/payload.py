"""Payloads: the frames an implementation reports, read tolerantly."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, Any, TypeVar

from aiohttp import StreamReader
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

Row = TypeVar("Row", bound=BaseModel)

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


def _mapping(value: object) -> object:
    return value if isinstance(value, Mapping) else {}


Ident = Annotated[str | None, BeforeValidator(_ident)]
Number = Annotated[float | None, BeforeValidator(_number)]
Words = Annotated[str, BeforeValidator(_words)]


class _Tolerant(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Sender(_Tolerant):
    """Who said it, as far as told."""

    nickname: Words = ""
    card: Words = ""


class Anonymous(_Tolerant):
    """Who said it behind a group's mask."""

    id: Ident = None
    name: Words = ""


class Health(_Tolerant):
    """The account's own state in a heartbeat; only a plain false counts as offline."""

    online: Annotated[
        bool | None, BeforeValidator(lambda v: v if isinstance(v, bool) else None)
    ] = None


class MemberRow(_Tolerant):
    """One row of ``get_group_member_list`` or ``get_login_info``."""

    user_id: Ident = None
    nickname: Words = ""
    card: Words = ""


class GroupRow(_Tolerant):
    """One row of ``get_group_list``."""

    group_id: Ident = None
    group_name: Words = ""


class Payload(_Tolerant):
    """Every field we read, of all post types; anything else is left alone."""

    post_type: Words = ""
    message_type: Words = ""
    notice_type: Words = ""
    request_type: Words = ""
    meta_event_type: Words = ""
    sub_type: Words = ""
    time: Number = None
    self_id: Ident = None
    group_id: Ident = None
    user_id: Ident = None
    operator_id: Ident = None
    message_id: Ident = None
    message: Any = None
    raw_message: Any = None
    group_name: Words = ""
    name_new: Words = ""
    interval: Number = None
    sender: Annotated[Sender, BeforeValidator(_mapping)] = Sender()
    anonymous: Annotated[Anonymous, BeforeValidator(_mapping)] = Anonymous()
    status: Annotated[Health, BeforeValidator(_mapping)] = Health()

    @property
    def name(self) -> str:
        """What it is, as in ``notice.group_increase``."""
        detail = self.message_type or self.notice_type or self.request_type or self.meta_event_type
        return f"{self.post_type}.{detail}".rstrip(".")[:60]


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


def payload_of(raw: Mapping[str, Any]) -> Payload:
    """Validate one report; raises FrameError naming the fields that are wrong."""
    try:
        return Payload.model_validate(raw)
    except ValidationError as error:
        where = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors())
        raise FrameError(f"unusable fields: {where}") from None


def rows(answer: object, model: type[Row]) -> list[Row]:
    """The rows of a list an action answered with; unusable ones are left out."""
    found = []
    for item in answer if isinstance(answer, list) else ():
        with suppress(ValidationError):
            found.append(model.model_validate(item))
    return found


def wire_id(ident: str) -> int | str:
    """An id as it is sent: the standard has numbers; those that are none go as text."""
    return int(ident) if ident.isascii() and ident.isdecimal() and len(ident) < 19 else ident


def digest(raw: Mapping[str, Any]) -> str:
    """A hash of the whole payload, whatever the order of its keys; raises FrameError."""
    try:
        canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        raise FrameError("nested too deep") from None
    return hashlib.sha256(canonical.encode("utf-8", "replace")).hexdigest()[:24]
