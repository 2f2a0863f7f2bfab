"""What a gateway can do: planner, console and lint read this and never ask which platform."""

from __future__ import annotations

from typing import Literal

from bot.model.base import Frozen
from bot.model.live_code import LiveCodeKind

SegmentKind = Literal[
    "text", "mention", "image", "link_card", "file", "video", "mini_program", "button"
]

Layout = Literal["together", "apart", "words_first"]
"""How a message of several segments arrives: as one, every attachment on its own, or all words
in one message and the attachments after it."""


class Rate(Frozen):
    """At most ``count`` sends in any ``seconds``."""

    count: int
    seconds: float


class Quota(Frozen):
    """At most ``count`` broadcasts in a calendar ``period`` to one member or group, or of an owner.

    ``owner`` is the staff member who sends, where a platform counts by sender.
    """

    per: Literal["member", "group", "owner"]
    count: int
    period: Literal["day", "week", "month"]


class Capabilities(Frozen):
    """The declared abilities and limits of one gateway.

    ``staff_confirm``: nothing reaches a member without a staff member's tap.
    ``idempotent``: sending the same delivery id twice shows it once.
    ``welcome_window``: seconds after a join in which a greeting is still accepted, None for any.
    ``text_bytes``: the longest text in UTF-8 bytes, None for no limit. ``text_units``: the same in
    UTF-16 code units, where the platform counts so.
    ``recall``: what was sent can be taken back; ``remove``: members can be taken out of groups;
    ``mute``: they can be kept from speaking there for a time; ``invite``: they can be brought in.
    ``create_group``: groups can be made, and are found again in the list of groups.
    ``alone``: kinds that are shown only when the message is nothing else.
    ``attachments``: the most attachments in one message.
    ``title_bytes``, ``description_bytes`` and ``mini_title_bytes``: the longest title and
    description of a link card and title of a mini program, in UTF-8 bytes; longer ones are cut.
    ``quotas``: what the platform allows by the calendar, all of them at once.
    ``asks``: a message that needs a tap can be put before staff inside the platform;
    ``ask_accounts`` and ``ask_groups``: the most targets of one, None for any number.
    ``group_welcomes``: texts for who joins a group can be kept at the platform, which shows them
    itself; ``group_welcome_bytes``: the longest in UTF-8 bytes.
    ``refresh``: what is known of members and groups can be compared with the platform at once.
    ``live_codes``: which kinds of live codes can be made; ``live_staff`` and ``live_groups``: the
    most staff and groups one leads to.
    ``moments``: staff can be asked to publish something for all their contacts to see, at most
    ``moment_chars`` characters; ``moment_quotas`` is what they are shown of it by the calendar.
    ``account_rate`` and ``chat_rate``: limits over the whole account and over one conversation.
    """

    send_group: bool = True
    send_direct: bool = True
    staff_confirm: bool = False
    idempotent: bool = False
    welcome_window: float | None = None
    recall: bool = False
    remove: bool = False
    mute: bool = False
    invite: bool = False
    create_group: bool = False
    member_list: bool = False
    join_link: bool = False
    segments: frozenset[SegmentKind] = frozenset({"text"})
    text_bytes: int | None = None
    text_units: int | None = None
    layout: Layout = "together"
    alone: frozenset[SegmentKind] = frozenset()
    attachments: int | None = None
    title_bytes: int | None = None
    description_bytes: int | None = None
    mini_title_bytes: int | None = None
    quotas: tuple[Quota, ...] = ()
    account_rate: Rate | None = None
    chat_rate: Rate | None = None
    asks: bool = False
    ask_accounts: int | None = None
    ask_groups: int | None = None
    moments: bool = False
    moment_chars: int | None = None
    moment_quotas: tuple[Quota, ...] = ()
    group_welcomes: bool = False
    group_welcome_bytes: int | None = None
    refresh: bool = False
    live_codes: frozenset[LiveCodeKind] = frozenset()
    live_staff: int = 100
    live_groups: int = 5
