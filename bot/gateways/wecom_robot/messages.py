"""Messages: ours in the bodies a robot's webhook takes (document 99110)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import md5
from typing import Any

from bot.gateways.look import look
from bot.gateways.profiles import profiles
from bot.model.capabilities import Capabilities, Rate
from bot.model.message import File, Image, LinkCard, Mention, Message

ABILITIES: Capabilities = profiles()["wecom-robot"].model_copy(
    update={"account_rate": None, "chat_rate": Rate(count=20, seconds=60)}
)
"""What every robot can do: the limit is each one's own."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text, and who is called: account ids, ``@all`` for everybody."""

    text: str
    called: tuple[str, ...] = ()


Piece = Words | Image | File | LinkCard


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent, one message each, and what could not be shown as it was meant."""

    pieces: tuple[Piece, ...]
    degraded: tuple[str, ...]


def render(message: Message) -> Rendered:
    """A message in the pieces it is sent in."""
    found: list[Piece] = []
    lost: list[str] = []
    for bubble in look(message, ABILITIES).bubbles:
        segments = [part.segment for part in bubble.parts]
        lost += [str(one) for part in bubble.parts for one in part.lost]
        called = _called(one for one in segments if isinstance(one, Mention))
        texts = bubble.pieces or ((bubble.words.strip(),) if bubble.words.strip() else ())
        # Only the last calls: WeCom shows whom below the words.
        found += [Words(text, called if text is texts[-1] else ()) for text in texts]
        found += [one for one in segments if isinstance(one, Image | File | LinkCard)]
    return Rendered(tuple(found), tuple(dict.fromkeys(lost)))


def _called(mentions: Iterable[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.account or "@all" for one in mentions))


def words_body(words: Words) -> dict[str, Any]:
    """Words as a message."""
    text: dict[str, Any] = {"content": words.text}
    if words.called:
        text["mentioned_list"] = list(words.called)
    return {"msgtype": "text", "text": text}


def image_body(data: bytes) -> dict[str, Any]:
    """A picture as a message: its bytes, and their MD5."""
    digest = md5(data, usedforsecurity=False).hexdigest()
    return {"msgtype": "image", "image": {"base64": b64encode(data).decode(), "md5": digest}}


def file_body(media_id: str) -> dict[str, Any]:
    """Something uploaded as a message."""
    return {"msgtype": "file", "file": {"media_id": media_id}}


def card_body(card: LinkCard) -> dict[str, Any]:
    """A link as a card."""
    picture = card.image if card.image and card.image.startswith(("http://", "https://")) else ""
    article = {"title": card.title, "description": card.description, "url": card.url}
    article["picurl"] = picture
    given = {name: value for name, value in article.items() if value}
    return {"msgtype": "news", "news": {"articles": [given]}}
