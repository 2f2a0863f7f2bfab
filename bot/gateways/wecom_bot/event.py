"""Events: what WeCom tells an AI bot, in our words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.gateways.frames import FrameError, digest
from bot.gateways.wecom_bot.payload import Payload
from bot.model.conversation import Account
from bot.model.event import ActionChosen, BaseEvent, MessageReceived
from bot.model.message import AnySegment, File, Image, Mention, Message, Text, Unknown, Video

ENTERED = "enter_chat"
"""The action of opening the chat with the bot, told once a day and person."""
EVICTED = "disconnected_event"
LATEST = 4_102_444_800
"""Seconds since 1970 after which no time is to be believed: the year 2100."""


def event_of(
    gateway: str, raw: Mapping[str, Any], payload: Payload, now: int, name: str = ""
) -> BaseEvent | None:
    """The event of one callback, at ``now`` (UTC ms) unless it says when; None for none of ours.

    ``name`` is the bot's, as members write it after an @. Raises FrameError for one without a
    sender.
    """
    if payload.sender.userid is None:
        raise FrameError("unusable fields: from")
    if payload.msgtype == "event":
        action = _action(payload)
        return action and ActionChosen(**_head(gateway, raw, payload, now), action=action)
    message = Message(segments=tuple(_segments(payload, name)))
    return MessageReceived(**_head(gateway, raw, payload, now), message=message, to_bot=True)


def _head(gateway: str, raw: Mapping[str, Any], payload: Payload, now: int) -> dict[str, Any]:
    seconds = payload.create_time or 0
    return {
        "id": payload.msgid or digest(raw),
        "gateway": gateway,
        "at": int(seconds * 1000) if 0 < seconds < LATEST else now,
        "account": Account(id=payload.sender.userid or ""),
        "group": payload.group,
    }


def _action(payload: Payload) -> Any:
    event = payload.event
    match event.eventtype:
        case "enter_chat":
            return ENTERED
        case "template_card_event":
            return event.template_card_event.event_key or None
        case "feedback_event":
            return f"feedback:{event.feedback_event.id}:{event.feedback_event.type}"
    return None


def _segments(payload: Payload, name: str) -> list[AnySegment]:
    match payload.msgtype:
        case "text":
            return _words(payload.text.content, payload.group is not None, name)
        case "voice":
            return [Text(text=payload.voice.content)]
        case "image":
            return [Image(url=payload.image.url)]
        case "file":
            return [File(url=payload.file.url, name="file")]
        case "video":
            return [Video(url=payload.video.url)]
        case "mixed":
            return _mixed(payload, name)
    return [Unknown(name=payload.msgtype[:40])]


def _mixed(payload: Payload, name: str) -> list[AnySegment]:
    segments: list[AnySegment] = []
    for item in payload.mixed.msg_item:
        if item.msgtype == "image":
            segments.append(Image(url=item.image.url))
        elif item.msgtype == "text":
            in_group = payload.group is not None and not segments
            segments += _words(item.text.content, in_group, name)
        else:
            segments.append(Unknown(name=item.msgtype[:40]))
    return segments


def _words(content: str, in_group: bool, name: str) -> list[AnySegment]:
    """The words, and the call to the bot that groups need as a mention of its own.

    WeCom does not mark it; without the bot's name only one that comes first can be told.
    """
    called = re.escape(name) if name else r"\S+"
    found = re.search(rf"@({called})(?:[\s\u2005]+|$)", content) if in_group else None
    if not found or (not name and content[: found.start()].strip()):
        return [Text(text=content)]
    before, after = content[: found.start()], content[found.end() :]
    parts: list[AnySegment] = [Text(text=before)] if before else []
    parts.append(Mention(account="", name=found[1]))
    return [*parts, Text(text=after)] if after else parts
