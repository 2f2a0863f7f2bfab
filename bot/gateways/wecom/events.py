"""Events: what a callback of WeCom's means in our words.

Facts from developer.work.weixin.qq.com/document/path/92277 and 96361 (contacts, groups, tags),
90238 and 96466 (messages, menus, cards).

A list of members is one event for each of them, in its order, whose id is the callback's and
theirs. Where WeCom left the list out, or shortened it, the note ``Changed`` says so: then the
group must be asked for, and who came or went found by comparing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.gateways.wecom.notes import (
    ArchiveAgreed,
    Changed,
    ContactEdited,
    ContactLost,
    Note,
    TagsChanged,
    TransferFailed,
)
from bot.gateways.wecom.settings import JoinedHow
from bot.gateways.wecom.xml import Element, Unreadable
from bot.model.conversation import Account
from bot.model.event import (
    ActionChosen,
    BaseEvent,
    ContactAdded,
    ContactRemoved,
    GroupChanged,
    GroupCreated,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
    MessageReceived,
)
from bot.model.message import AnySegment, Image, LinkCard, Message, Text, Unknown

NOBODY = Account(id="")
"""Who did it where WeCom does not tell: events of a group name no one."""
RENEWED = frozenset({"welcomecode"})
"""Fields that may differ although it is the same event told again."""
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Report:
    """One callback, read: ``kind`` is WeCom's dotted name for it.

    ``events`` are for the inbox, ``notes`` for who keeps contacts, groups and tags true.
    ``known`` is False where we have no idea what it means: then there is nothing else in it.
    """

    kind: str
    events: tuple[BaseEvent, ...] = ()
    notes: tuple[Note, ...] = ()
    known: bool = True


def read(root: Element, gateway: str, join_scenes: Mapping[str, JoinedHow]) -> Report:
    """What a callback says; raises Unreadable when it does not say when or whom it is about.

    ``join_scenes`` says what each JoinScene means.
    """
    kind = kind_of(root)
    head: dict[str, Any] = {"id": name_of(root), "gateway": gateway, "at": _moment(root)}
    if _word(root, "MsgType") != "event":
        return Report(kind, (_message(root, head),))
    match _word(root, "Event"):
        case "change_external_contact":
            found = _contact(root, head)
        case "change_external_chat":
            found = _group(root, head, join_scenes)
        case "change_external_tag":
            words = (root.get(name) for name in ("Id", "TagType", "ChangeType", "StrategyId"))
            found = Report(kind, notes=(TagsChanged(*words),))
        case event:
            found = _app(event, root, head)
    return replace(found, kind=kind)


def kind_of(root: Element) -> str:
    """What it is, as in ``change_external_chat.update.add_member``: for logs and counts."""
    names = ("Event", "ChangeType", "UpdateDetail")
    words = [_word(root, "MsgType"), *(_word(root, name) for name in names)]
    if words[0] == "event" and words[1]:
        words = words[1:]
    return ".".join(_SPACE.sub("_", word)[:40] for word in words if word) or "nameless"


def name_of(root: Element) -> str:
    """The event's id: WeCom's for a message, and else a hash of all that was said.

    The sender and the second, which WeCom advises, are the same for twenty people who scan one
    code in one second: the sender is always ``sys``.
    """
    if message := root.get("MsgId"):
        return f"m:{message}"
    return f"e:{hashlib.sha256(_canonical(root).encode('utf-8', 'replace')).hexdigest()[:32]}"


def _canonical(element: Element) -> str:
    """The element's content, whatever the order and the case its parts came in."""
    name = element.name.casefold()
    inner = sorted(
        _canonical(part) for part in element.parts if part.name.casefold() not in RENEWED
    )
    text = "" if inner else element.text.strip()
    return f"{len(name)}:{name}{len(text)}:{text}[{''.join(inner)}]"


def _moment(root: Element) -> int:
    """UTC ms."""
    seconds = root.get("CreateTime", "create_time")
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= 11):
        raise Unreadable("no usable CreateTime")
    return int(seconds) * 1000


def _word(root: Element, name: str) -> str:
    return root.get(name).casefold()


def _needed(root: Element, name: str) -> str:
    if found := root.get(name):
        return found
    raise Unreadable(f"no {name}")


# contacts


def _contact(root: Element, head: dict[str, Any]) -> Report:
    staff, customer = _needed(root, "UserID"), _needed(root, "ExternalUserID")
    about = {**head, "account": Account(id=customer), "staff": staff}
    match _word(root, "ChangeType"):
        case "add_external_contact" | "add_half_external_contact" as change:
            about["half"] = change == "add_half_external_contact"
            channel, welcome = root.get("State") or None, root.get("WelcomeCode") or None
            return Report("", (ContactAdded(**about, channel=channel, welcome_token=welcome),))
        case "del_external_contact":
            lost = ContactLost(staff, customer)
            return Report("", (ContactRemoved(**about, by="staff"),), (lost,))
        case "del_follow_user":
            lost = ContactLost(staff, customer)
            return Report("", (ContactRemoved(**about, by="contact"),), (lost,))
        case "edit_external_contact":
            return Report("", notes=(ContactEdited(staff, customer),))
        case "transfer_fail":
            return Report("", notes=(TransferFailed(staff, customer, root.get("FailReason")),))
        case "msg_audit_approved":
            return Report("", notes=(ArchiveAgreed(staff, customer, root.get("WelcomeCode")),))
    return Report("", known=False)


# groups


def _group(root: Element, head: dict[str, Any], join_scenes: Mapping[str, JoinedHow]) -> Report:
    chat = _needed(root, "ChatId")
    head = {**head, "group": chat}
    versions = root.get("LastMemVer"), root.get("CurMemVer")
    match _word(root, "ChangeType"):
        case "create":
            changed = Changed(chat, *versions, complete=False)
            return Report("", (GroupCreated(**head, account=NOBODY),), (changed,))
        case "dismiss":
            return Report("", (GroupDismissed(**head, account=NOBODY),))
        case "update":
            pass
        case _:
            return Report("", known=False)
    who = _members(root)
    counted = root.get("MemChangeCnt") in ("", str(len(who)))
    changed = Changed(chat, *versions, complete=counted)
    match _word(root, "UpdateDetail"):
        case "add_member" if who:
            joined = join_scenes.get(root.get("JoinScene"), "unknown")
            changed = replace(changed, scanned=joined == "link")
            return Report("", _each(who, head, lambda h: MemberJoined(**h, how=joined)), (changed,))
        case "del_member" if who:
            left = _LEFT.get(root.get("QuitScene"), "unknown")
            return Report("", _each(who, head, lambda h: MemberLeft(**h, how=left)), (changed,))
        case detail:
            what = _WHAT.get(detail, "other")
            changed = replace(changed, complete=False)
            return Report("", (GroupChanged(**head, account=NOBODY, what=what),), (changed,))


_LEFT: dict[str, Literal["unknown", "left", "removed"]] = {"0": "left", "1": "removed"}
_WHAT: dict[str, Literal["name", "owner", "notice", "other"]] = {
    "change_name": "name",
    "change_owner": "owner",
    "change_notice": "notice",
}


def _members(root: Element) -> Sequence[str]:
    """Who is on the list, each once: as items, or in the older form, parted by commas."""
    found: dict[str, None] = {}
    for listed in root.each("MemChangeList"):
        items = [item.text for item in listed.each("Item")]
        found |= dict.fromkeys(text.strip() for text in items or listed.text.split(","))
    return [member for member in found if member]


def _each(
    who: Sequence[str], head: dict[str, Any], make: Callable[[dict[str, Any]], BaseEvent]
) -> tuple[BaseEvent, ...]:
    """One event for each, in the list's order; ids are the callback's and the member's."""
    return tuple(
        make({**head, "id": f"{head['id']}:{member}", "account": Account(id=member)})
        for member in who
    )


# the app's own conversations


def _message(root: Element, head: dict[str, Any]) -> BaseEvent:
    if not root.get("MsgType"):
        raise Unreadable("no MsgType")
    account = Account(id=_needed(root, "FromUserName"))
    content = Message(segments=(_segment(root),))
    return MessageReceived(**head, account=account, message=content, to_bot=True)


def _segment(root: Element) -> AnySegment:
    """Voices, films and places have no address that can be opened without a token."""
    kind = _word(root, "MsgType")
    if kind == "text":
        return Text(text=root.get("Content"))
    if kind == "image" and root.get("PicUrl"):
        return Image(url=root.get("PicUrl"))
    if kind == "link" and root.get("Url"):
        return LinkCard(
            url=root.get("Url"),
            title=root.get("Title"),
            description=root.get("Description"),
            image=root.get("PicUrl") or None,
        )
    return Unknown(name=kind[:40])


_MENU = frozenset(
    {
        *("click", "view", "view_miniprogram", "location_select"),
        *("scancode_push", "scancode_waitmsg"),
        *("pic_sysphoto", "pic_photo_or_album", "pic_weixin"),
    }
)
_CARD = frozenset({"template_card_event", "template_card_menu_event"})
_IDLE = frozenset({"enter_agent", "location", "subscribe", "unsubscribe"})
"""Staff who look at the app, or were given it: nothing we act on."""


def _app(event: str, root: Element, head: dict[str, Any]) -> Report:
    if event in _IDLE:
        return Report("")
    if event not in _MENU | _CARD:
        return Report("", known=False)
    chosen = ActionChosen(
        **head,
        account=Account(id=_needed(root, "FromUserName")),
        action=root.get("EventKey"),
        card=root.get("TaskId"),
        choices=dict(_choices(root)),
    )
    return Report("", (chosen,))


def _choices(root: Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    for items in root.each("SelectedItems"):
        for item in items.each("SelectedItem"):
            options = [
                o.text.strip() for ids in item.each("OptionIds") for o in ids.each("OptionId")
            ]
            yield item.get("QuestionKey"), tuple(options)
