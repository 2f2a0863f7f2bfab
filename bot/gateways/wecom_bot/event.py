"""Events: what WeCom tells an AI bot, in our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.gateways.frames import FrameError, digest
from bot.gateways.wecom_bot.payload import Blob, Content, Payload
from bot.model.conversation import Account
from bot.model.event import ActionChosen, BaseEvent, ChatOpened, MessageReceived
from bot.model.message import AnySegment, File, Image, Mention, Message, Text, Unknown, Video

ENTERED = "enter_chat"
"""Somebody opened the chat with the bot, told once a day and person."""
EVICTED = "disconnected_event"
LATEST = 4_102_444_800
"""Seconds since 1970 after which no time is to be believed: the year 2100."""

Place = Callable[[Blob], str]
"""Says at which address of ours something that came can be fetched."""


def event_of(
    gateway: str,
    raw: Mapping[str, Any],
    payload: Payload,
    now: int,
    place: Place,
    name: str = "",
) -> BaseEvent | None:
    """The event of one callback, at ``now`` (UTC ms) unless it says when; None for none of ours.

    ``name`` is the bot's, as members write it after an @. Raises FrameError for one without a
    sender.
    """
    if payload.sender.userid is None:
        raise FrameError("unusable fields: from")
    head = _head(gateway, raw, payload, now)
    if payload.msgtype == "event":
        if payload.event.eventtype == ENTERED:
            return ChatOpened(**head)
        action = _action(payload)
        return ActionChosen(**head, action=action) if action else None
    return MessageReceived(
        **head,
        message=_message(payload, place, name if payload.group is not None else None),
        to_bot=True,
        quote=_message(payload.quote, place, None) if payload.quote.msgtype else None,
    )


def _head(gateway: str, raw: Mapping[str, Any], payload: Payload, now: int) -> dict[str, Any]:
    seconds = payload.create_time or 0
    return {
        "id": payload.msgid or digest(raw),
        "gateway": gateway,
        "at": int(seconds * 1000) if 0 < seconds < LATEST else now,
        "account": Account(id=payload.sender.userid or ""),
        "group": payload.group,
    }


def _action(payload: Payload) -> str:
    event = payload.event
    match event.eventtype:
        case "template_card_event":
            return event.template_card_event.event_key
        case "feedback_event":
            return f"feedback:{event.feedback_event.id}:{event.feedback_event.type}"
    return ""


def _message(content: Content, place: Place, called: str | None) -> Message:
    """What is said; ``called`` is the bot's name ("": unknown) where it must be called by it."""
    return Message(segments=tuple(_segments(content, place, called)))


def _segments(content: Content, place: Place, called: str | None) -> list[AnySegment]:
    match content.msgtype:
        case "text":
            return _words(content.text.content, called)
        case "voice":
            return [Text(text=content.voice.content)]
        case "image":
            return [Image(url=place(content.image))]
        case "file":
            return [File(url=place(content.file), name="file")]
        case "video":
            return [Video(url=place(content.video))]
        case "mixed":
            return _mixed(content, place, called)
    return [Unknown(name=content.msgtype[:40])]


def _mixed(content: Content, place: Place, called: str | None) -> list[AnySegment]:
    segments: list[AnySegment] = []
    for item in content.mixed.msg_item:
        if item.msgtype == "image":
            segments.append(Image(url=place(item.image)))
        elif item.msgtype == "text":
            segments += _words(item.text.content, None if segments else called)
        else:
            segments.append(Unknown(name=item.msgtype[:40]))
    return segments


def _words(content: str, name: str | None) -> list[AnySegment]:
    """The words, and the call to the bot that groups need as a mention of its own.

    WeCom does not mark it; without the bot's name only one that comes first can be told.
    """
    called = re.escape(name) if name else r"\S+"
    found = None if name is None else re.search(rf"@({called})(?:[\s\u2005]+|$)", content)
    if not found or (not name and content[: found.start()].strip()):
        return [Text(text=content)]
    before, after = content[: found.start()], content[found.end() :]
    parts: list[AnySegment] = [Text(text=before)] if before else []
    parts.append(Mention(account="", name=found[1]))
    return [*parts, Text(text=after)] if after else parts
