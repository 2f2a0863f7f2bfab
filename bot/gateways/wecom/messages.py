"""Messages: ours in the bodies WeCom takes: one letter for customers, several pieces for staff.

Facts from developer.work.weixin.qq.com/document/path/92137 and 92135 (welcomes and mass messages:
a text and at most nine attachments) and 90236 and 90248 (messages of an app).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.gateways.fallback import fallback
from bot.gateways.look import look
from bot.gateways.pieces import in_bytes, shorten
from bot.model.capabilities import Capabilities
from bot.model.message import (
    AnySegment,
    File,
    Image,
    LinkCard,
    Mention,
    Message,
    MiniProgram,
    Text,
    Video,
)
from bot.model.phrase import Phrase

STAFF = Capabilities(
    segments=frozenset({"text", "image", "link_card", "file", "video"}),
    text_bytes=2048,
    layout="words_first",
    title_bytes=128,
    description_bytes=512,
)
"""What an app's own message can hold."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for customers; ``degraded`` says what of it is not as it was meant."""

    text: str
    attachments: tuple[AnySegment, ...]
    degraded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pieces:
    """What is sent to staff, one message each: words, then what is attached."""

    pieces: tuple[str | AnySegment, ...]
    degraded: tuple[str, ...]


def letter(message: Message, can: Capabilities) -> Letter:
    """A welcome or mass message: the words, cut where they are too long, and attachments."""
    message, lost = _with_pictures(message, can)
    text, attachments = "", []
    for bubble in look(message, can).bubbles:
        text += bubble.words
        attachments += [part.segment for part in bubble.parts if not _is_written(part.segment)]
        lost += [str(one) for part in bubble.parts for one in part.lost]
    if can.text_bytes and in_bytes(text) > can.text_bytes:
        text = shorten(text, can.text_bytes)
        lost.append(Phrase("text shortened"))
    if can.attachments is not None and len(attachments) > can.attachments:
        lost.append(
            Phrase("{count} attachments left out", count=len(attachments) - can.attachments)
        )
        attachments = attachments[: can.attachments]
    return Letter(text.strip(), tuple(attachments), _once(lost))


def pieces(message: Message) -> Pieces:
    """A message of an app, in pieces that fit."""
    found: list[str | AnySegment] = []
    lost: list[str] = []
    for bubble in look(message, STAFF).bubbles:
        lost += [str(one) for part in bubble.parts for one in part.lost]
        if bubble.words.strip():
            found += bubble.pieces or (bubble.words,)
        found += [part.segment for part in bubble.parts if not _is_written(part.segment)]
    return Pieces(tuple(found), _once(lost))


def letter_body(
    text: str, attachments: Iterable[AnySegment], media_ids: Mapping[AnySegment, str]
) -> dict[str, Any]:
    """``text`` and ``attachments`` of a welcome or mass message."""
    body: dict[str, Any] = {"text": {"content": text}} if text else {}
    filled = [attachment(one, media_ids.get(one, "")) for one in attachments]
    return body | ({"attachments": filled} if filled else {})


def attachment(segment: AnySegment, media_id: str) -> dict[str, Any]:
    """One attachment of a welcome or mass message."""
    match segment:
        case LinkCard():
            link = {"title": segment.title, "url": segment.url, "desc": segment.description}
            return {"msgtype": "link", "link": _given(link | {"picurl": _address(segment.image)})}
        case MiniProgram():
            program = {"title": segment.title, "appid": segment.app, "page": segment.path}
            return {"msgtype": "miniprogram", "miniprogram": program | {"pic_media_id": media_id}}
        case Image() | Video() | File():
            return {"msgtype": segment.kind, segment.kind: {"media_id": media_id}}
    raise TypeError(f"{segment.kind} is no attachment")


def app_body(piece: str | AnySegment, media_id: str) -> dict[str, Any]:
    """One message of an app, without whom it is for."""
    match piece:
        case str():
            return {"msgtype": "text", "text": {"content": piece}}
        case LinkCard():
            article = {"title": piece.title, "description": piece.description, "url": piece.url}
            article = _given(article | {"picurl": _address(piece.image)})
            return {"msgtype": "news", "news": {"articles": [article]}}
        case Video():
            shown = _given({"media_id": media_id, "title": shorten(piece.alt, 128)})
            return {"msgtype": "video", "video": shown}
        case Image() | File():
            return {"msgtype": piece.kind, piece.kind: {"media_id": media_id}}
    raise TypeError(f"{piece.kind} is no message of an app")


def _with_pictures(message: Message, can: Capabilities) -> tuple[Message, list[str]]:
    """The message with mini programs that have no picture, which WeCom asks for, lowered."""
    segments: list[AnySegment] = []
    lost: list[str] = []
    for segment in message.segments:
        if isinstance(segment, MiniProgram) and not segment.picture:
            shown = fallback(segment, can.segments - {"mini_program"})
            segment, lost = shown.segment, [*lost, str(shown.lost)]
        segments.append(segment)
    return Message(segments=tuple(segments)), lost


def _is_written(segment: AnySegment) -> bool:
    return isinstance(segment, Text | Mention)


def _address(url: str | None) -> str:
    """A picture's address, '' where WeCom could not fetch it."""
    return url if url and url.startswith(("http://", "https://")) else ""


def _given(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}


def _once(lost: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lost))
