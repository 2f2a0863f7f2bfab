"""What a message may hold: checked alike for apps, chats, welcomes, mass messages and robots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.testing.wecom.call import Fault, bounded
from bot.testing.wecom.media import Media

Body = Mapping[str, Any]
INTERACTIVE = ("button_interaction", "vote_interaction", "multiple_interaction")


def app_message(body: Body, media: Media) -> None:
    """Check the body of an app's message (documents 90236, 90248)."""
    kind = str(body.get("msgtype", ""))
    inner = body.get(kind)
    if not kind or not isinstance(inner, dict):
        raise Fault(40008, "invalid message type")
    match kind:
        case "text" | "markdown":
            if not inner.get("content"):
                raise Fault(44004, "empty content")
            if kind == "markdown":
                bounded(inner["content"], 2048, "markdown.content")
        case "image" | "voice" | "video" | "file":
            media.find(inner.get("media_id"))
        case "textcard":
            if not inner.get("title") or not inner.get("url"):
                raise Fault(40058, "textcard.title or url is missing")
            bounded(inner["title"], 128, "title")
            bounded(inner.get("description"), 512, "description")
            address(inner["url"])
        case "news" | "mpnews":
            articles(inner)
        case "template_card":
            if not inner.get("card_type"):
                raise Fault(40058, "template_card.card_type is missing")
        case "miniprogram_notice":
            if not 4 <= len(str(inner.get("title", ""))) <= 12:
                raise Fault(40058, "miniprogram_notice.title size 4 to 12")
        case _:
            raise Fault(40008, "invalid message type")


def articles(inner: Body) -> None:
    """Check 1 to 8 articles."""
    rows = inner.get("articles")
    if not isinstance(rows, list) or not rows:
        raise Fault(44003, "empty news")
    if len(rows) > 8:
        raise Fault(45008, "articles over 8")
    for row in rows:
        bounded(row.get("title"), 128, "title")
        bounded(row.get("description"), 512, "description")
        if "url" in row:
            address(row["url"])


def with_attachments(body: Body, media: Media, most: int = 4000) -> None:
    """Check a text and at most nine attachments (documents 92137, 92135)."""
    text = (body.get("text") or {}).get("content")
    attachments = body.get("attachments") or []
    if not isinstance(attachments, list) or len(attachments) > 9:
        raise Fault(41064, "attachments over 9")
    if not text and not attachments:
        raise Fault(40058, "text and attachments should not both be empty")
    bounded(text, most, "text.content")
    for one in attachments:
        attachment(one, media)


def attachment(one: Body, media: Media) -> None:
    """Check one attachment."""
    kind = str(one.get("msgtype", ""))
    inner = one.get(kind)
    if not isinstance(inner, dict):
        raise Fault(41065, "invalid attachment type")
    match kind:
        case "image" if inner.get("pic_url") and not inner.get("media_id"):
            if inner["pic_url"] not in media.pictures:
                raise Fault(40058, "invalid pic_url")
        case "image" | "video" | "file":
            media.find(inner.get("media_id"))
        case "link":
            bounded(inner.get("title"), 128, "link.title")
            bounded(inner.get("desc"), 512, "link.desc")
            address(inner.get("url"))
        case "miniprogram":
            bounded(inner.get("title"), 64, "miniprogram.title")
            media.find(inner.get("pic_media_id"))
        case _:
            raise Fault(41065, "invalid attachment type")


def address(url: object) -> None:
    """Check a URL: with its scheme and at most 2048 bytes."""
    bounded(url, 2048, "url")
    if not str(url or "").startswith(("http://", "https://")):
        raise Fault(45034, "url must contain http:// or https://")
