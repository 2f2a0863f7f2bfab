"""Events: what a report means in our words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from bot.gateways.frames import FrameError
from bot.gateways.onebot11.message import read
from bot.gateways.onebot11.payload import Payload
from bot.model.conversation import Account
from bot.model.event import (
    BaseEvent,
    ContactAdded,
    GroupChanged,
    GroupCreated,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
    MessageReceived,
)
from bot.model.message import Mention

ANONYMOUS = "anonymous:"
"""How the ids of members behind a group's mask begin; nobody can write to them."""


def event_of(
    payload: Payload,
    *,
    gateway: str,
    now: int,
    unnamed: Callable[[], str],
    ours: Callable[[str], bool],
) -> BaseEvent | None:
    """The event a report means to us, None when it means nothing.

    ``unnamed`` gives the id of a report that has none; ``ours`` tells whether a message id is
    one we sent. Raises FrameError when the report lacks whom it is about.
    """
    head: dict[str, Any] = {"gateway": gateway, "at": _moment(payload.time, now)}
    match payload.post_type:
        case "message":
            return _message(payload, head, unnamed, ours)
        case "notice":
            return _notice(payload, head, unnamed)
    return None


def _moment(seconds: float | None, now: int) -> int:
    """UTC ms; some report milliseconds, and what is no plausible time is now."""
    if seconds is None:
        return now
    ms = int(seconds if seconds > 1e11 else seconds * 1000)
    return ms if ms < 1e14 else now


def _message(
    payload: Payload, head: dict[str, Any], unnamed: Callable[[], str], ours: Callable[[str], bool]
) -> BaseEvent | None:
    masked = payload.anonymous.id
    if payload.user_id is not None and payload.user_id == payload.self_id and not masked:
        return None  # our own words, which some report as messages
    group = payload.message_type == "group"
    if group and payload.group_id is None:
        raise FrameError("unusable fields: group_id")
    if masked:
        account = Account(id=f"{ANONYMOUS}{masked}", name=payload.anonymous.name)
    else:
        account = Account(id=_user(payload), name=payload.sender.card or payload.sender.nickname)
    content = read(payload.raw_message if payload.message is None else payload.message)
    called = any(
        isinstance(segment, Mention)
        and segment.account is not None
        and segment.account == payload.self_id
        for segment in content.message.segments
    )
    replied = content.reply_to is not None and ours(content.reply_to)
    return MessageReceived(
        **head,
        id=_message_id(payload, account.id) or unnamed(),
        account=account,
        group=payload.group_id if group else None,
        group_name=payload.group_name if group else "",
        message=content.message,
        to_bot=not group or called or replied,
    )


def _message_id(payload: Payload, account: str) -> str | None:
    """Message ids may repeat between chats and after a restart, so chat and time belong to it."""
    if payload.message_id is None:
        return None
    where = f"g{payload.group_id}" if payload.message_type == "group" else f"d{account}"
    moment = "" if payload.time is None else f"{payload.time:.0f}"
    return f"m:{payload.self_id or ''}:{where}:{payload.message_id}:{moment}"


def _notice(payload: Payload, head: dict[str, Any], unnamed: Callable[[], str]) -> BaseEvent | None:
    kind = (payload.notice_type, payload.sub_type)
    match kind:
        case ("group_increase", _) | ("group_decrease", _) | ("group_admin", _):
            pass
        case ("notify", "group_name"):
            pass
        case ("friend_add", _):
            return ContactAdded(**head, id=unnamed(), account=Account(id=_user(payload)))
        case _:
            return None
    if payload.group_id is None:
        raise FrameError("unusable fields: group_id")
    about_group = payload.notice_type == "notify" or payload.sub_type == "disband"
    user = payload.user_id or (payload.self_id if about_group else None)
    if user is None:
        raise FrameError("unusable fields: user_id")
    head |= {
        "id": unnamed(),
        "account": Account(id=user),
        "group": payload.group_id,
        "group_name": payload.name_new or payload.group_name,
    }
    by = payload.operator_id if payload.operator_id != user else None
    us = user == payload.self_id
    match kind:
        case ("group_increase", _) if us:
            return GroupCreated(**head)
        case ("group_increase", sub_type):
            return MemberJoined(**head, by=by, how=_JOINED.get(sub_type, "unknown"))
        case ("group_decrease", "kick_me" | "disband"):
            return GroupDismissed(**head)
        case ("group_decrease", _) if us:
            return GroupDismissed(**head)
        case ("group_decrease", sub_type):
            return MemberLeft(**head, by=by, how=_LEFT.get(sub_type, "unknown"))
        case ("notify", _):
            return GroupChanged(**head, what="name")
    return GroupChanged(**head, what="other")


_JOINED: dict[str, Literal["approved", "invited"]] = {"approve": "approved", "invite": "invited"}
_LEFT: dict[str, Literal["left", "removed"]] = {"leave": "left", "kick": "removed"}


def _user(payload: Payload) -> str:
    if payload.user_id is None:
        raise FrameError("unusable fields: user_id")
    return payload.user_id
