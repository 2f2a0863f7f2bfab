"""Messages: ours in the bodies that WeCom takes from an AI bot (documents 101031, 101463)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from bot.gateways.look import look
from bot.model.capabilities import Capabilities, Rate, SegmentKind
from bot.model.message import File, Image, LinkCard, Message, Video

TEXT_BYTES = 20_480
WELCOME = 5.0
"""Seconds after a chat was opened in which that may be answered."""
SHOWN: frozenset[SegmentKind] = frozenset({"text", "image", "link_card", "file", "video"})

MediaKind = Literal["image", "file", "video"]


@dataclass(frozen=True, slots=True)
class Words:
    """Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture, file or film at ``url``, which WeCom wants uploaded first."""

    kind: MediaKind
    url: str
    name: str


Piece = Words | Upload | LinkCard


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent, one message each, and what could not be shown as it was meant."""

    pieces: list[Piece]
    degraded: tuple[str, ...]


def abilities(*, connected: bool) -> Capabilities:
    """What a bot can do; by callbacks it can only answer, and only in words."""
    return Capabilities(
        segments=SHOWN if connected else frozenset({"text"}),
        text_bytes=TEXT_BYTES,
        layout="words_first",
        chat_rate=Rate(count=30, seconds=60),
        welcome_window=WELCOME,
    )


def render(message: Message, can: Capabilities) -> Rendered:
    """A message in the pieces it is sent in."""
    shown = look(message, can)
    pieces: list[Piece] = []
    lost = dict[str, None]()
    for bubble in shown.bubbles:
        lost |= dict.fromkeys(str(one) for part in bubble.parts for one in part.lost)
        if bubble.words.strip():
            pieces += map(Words, bubble.pieces or (bubble.words,))
        for part in bubble.parts:
            if (piece := _attachment(part.segment)) is not None:
                pieces.append(piece)
    return Rendered(pieces, tuple(lost))


def _attachment(segment: object) -> Piece | None:
    match segment:
        case LinkCard():
            return segment
        case Image():
            return Upload("image", segment.url, "picture")
        case Video():
            return Upload("video", segment.url, segment.alt or "video.mp4")
        case File():
            return Upload("file", segment.url, segment.name)
    return None


def words_body(text: str) -> dict[str, Any]:
    """Words as a message."""
    return {"msgtype": "markdown", "markdown": {"content": text}}


def stream_body(ident: str, text: str, *, finish: bool = True) -> dict[str, Any]:
    """Words as a stream, of which each frame holds all there is so far."""
    return {"msgtype": "stream", "stream": {"id": ident, "finish": finish, "content": text}}


def media_body(kind: MediaKind, media_id: str) -> dict[str, Any]:
    """Something uploaded as a message."""
    return {"msgtype": kind, kind: {"media_id": media_id}}


def card_body(card: LinkCard) -> dict[str, Any]:
    """A link as a card, with its picture where it has one on the web."""
    shown: dict[str, Any] = {
        "card_type": "text_notice",
        "main_title": {"title": card.title, "desc": card.description},
        "card_action": {"type": 1, "url": card.url},
    }
    if card.image and not card.image.startswith("data:"):
        shown |= {"card_type": "news_notice", "card_image": {"url": card.image}}
    return {"msgtype": "template_card", "template_card": shown}
