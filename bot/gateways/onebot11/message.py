"""Messages: OneBot segments, as arrays or CQ codes, from and to ours."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from bot.gateways.fallback import fallback, lower
from bot.model.capabilities import SegmentKind
from bot.model.message import File, Image, LinkCard, Mention, Message, Segment, Text, Unknown


class Part(NamedTuple):
    """One OneBot segment: its type, and its data as text."""

    type: str
    data: dict[str, str]


class Content(NamedTuple):
    """A received message, and the id of the message it replies to."""

    message: Message
    reply_to: str | None


class Rendered(NamedTuple):
    """A message to send, and what of it could not be shown as it was meant."""

    parts: list[Part]
    degraded: tuple[str, ...]


# CQ codes: [CQ:type,key=value,…]; outside of them commas are plain.

_CODE = re.compile(r"\[CQ:([\w.\-]++)((?:,[^\[\]]*+)?)\]")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")


def _unescape(text: str) -> str:
    for code, character in (("&#44;", ","), ("&#91;", "["), ("&#93;", "]"), ("&amp;", "&")):
        text = text.replace(code, character)
    return text


def encode(parts: Iterable[Part]) -> str:
    """Write segments as a string with CQ codes."""
    written = []
    for part in parts:
        if part.type == "text":
            written.append(_escape(part.data.get("text", "")))
        else:
            data = (
                f",{key}={_escape(value).replace(',', '&#44;')}" for key, value in part.data.items()
            )
            written.append(f"[CQ:{part.type}{''.join(data)}]")
    return "".join(written)


def decode(text: str) -> list[Part]:
    """Read a string with CQ codes; what is not a whole code is text."""
    parts: list[Part] = []
    end = 0
    for code in _CODE.finditer(text):
        _append_text(parts, text[end : code.start()])
        pairs = (pair.partition("=") for pair in code[2].split(",")[1:])
        parts.append(Part(code[1], {key: _unescape(value) for key, _, value in pairs if key}))
        end = code.end()
    _append_text(parts, text[end:])
    return parts


def _append_text(parts: list[Part], escaped: str) -> None:
    if escaped:
        parts.append(Part("text", {"text": _unescape(escaped)}))


def parts_of(message: object) -> list[Part]:
    """Read a message field: a string, one segment, or an array of segments and strings."""
    if isinstance(message, str):
        return decode(message)
    if isinstance(message, Mapping):
        message = [message]
    parts: list[Part] = []
    for item in message if isinstance(message, list) else ():
        if isinstance(item, str):
            parts += decode(item)
        elif isinstance(item, Mapping) and isinstance(item.get("type"), str):
            data = item.get("data")
            parts.append(Part(item["type"], _texts(data) if isinstance(data, Mapping) else {}))
    return parts


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): _text(value) for key, value in data.items() if value is not None}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


# receiving


def read(message: object) -> Content:
    """A received message in our segments."""
    reply_to: str | None = None
    segments: list[Segment] = []
    for part in parts_of(message):
        if part.type == "reply":
            reply_to = part.data.get("id") or reply_to
        elif part.type != "text" or part.data.get("text"):
            segments.append(_segment(part))
    return Content(Message(segments=tuple(segments)), reply_to)


def _segment(part: Part) -> Segment:
    data = part.data
    match part.type:
        case "text":
            return Text(text=data["text"])
        case "at" if data.get("qq"):
            everybody = data["qq"] == "all"
            return Mention(account=None if everybody else data["qq"], name=data.get("name", ""))
        case "image" if url := _url(data):
            return Image(url=url, alt=data.get("summary", "").strip("[]"))
        case "record" | "video" | "file" if url := _url(data):
            return File(url=url, name=data.get("name") or data.get("file_name") or part.type)
        case "share" if data.get("url"):
            return LinkCard(
                url=data["url"],
                title=data.get("title") or data["url"],
                description=data.get("content", ""),
                image=data.get("image") or None,
            )
        case "json":
            return _card(data.get("data", "")) or Unknown(name="json")
    return Unknown(name=part.type[:40])


def _url(data: dict[str, str]) -> str | None:
    for value in (data.get("url"), data.get("file")):
        if value and value.startswith(("http://", "https://")):
            return value
    return None


def _card(text: str) -> LinkCard | None:
    """The link of a shared page: ``{"meta": {"news": {"title", "desc", "jumpUrl"}}}``."""
    try:
        meta = json.loads(text)["meta"]
        views = [view for view in meta.values() if isinstance(view, dict)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    for view in views:
        for key in ("jumpUrl", "qqdocurl", "url"):
            url, title = view.get(key), view.get("title")
            if isinstance(url, str) and url and isinstance(title, str):
                description = view.get("desc")
                return LinkCard(
                    url=url,
                    title=title or url,
                    description=description if isinstance(description, str) else "",
                )
    return None


# sending

ALONE: frozenset[SegmentKind] = frozenset({"link_card"})
"""What QQ shows only as a message of its own."""


def render(message: Message, *, group: bool, link_cards: bool) -> Rendered:
    """A message in OneBot segments; what cannot be shown becomes text, and is named.

    A share segment stands alone on QQ, so a card among other segments becomes text too.
    """
    kinds: set[SegmentKind] = {"text", "image"}
    if group:
        kinds.add("mention")
    if link_cards:
        kinds.add("link_card")
    parts: list[Part] = []
    degraded: list[str] = []
    for shown in lower(message, kinds, ALONE):
        if _is_anonymous(shown.segment):
            shown = fallback(shown.segment, {"text"})
        if shown.lost:
            degraded.append(str(shown.lost))
        if shown.segment != Text(text=""):
            parts.append(_part(shown.segment))
    return Rendered(parts, tuple(degraded))


def _is_anonymous(segment: Segment) -> bool:
    return isinstance(segment, Mention) and (segment.account or "").startswith("anonymous:")


def _part(segment: Segment) -> Part:
    match segment:
        case Mention():
            return Part("at", {"qq": segment.account or "all"})
        case Image():
            return Part("image", {"file": _image(segment.url)})
        case LinkCard():
            return Part("share", _share(segment))
    return Part("text", {"text": Message.of(segment).summary})


def _share(card: LinkCard) -> dict[str, str]:
    data = {"url": card.url, "title": card.title, "content": card.description}
    return data | ({"image": card.image} if card.image else {})


def _image(url: str) -> str:
    """A picture for ``file``: data URLs become ``base64://``."""
    head, comma, body = url.partition(",")
    if not (comma and head.startswith("data:")):
        return url
    if head.endswith(";base64"):
        return f"base64://{body}"
    return f"base64://{b64encode(unquote_to_bytes(body)).decode()}"
