"""What a gateway can do: planner, console and lint read this and never ask which platform."""

from __future__ import annotations

from typing import Literal

from bot.model.base import Frozen

SegmentKind = Literal["text", "mention", "image", "link_card", "file"]


class Rate(Frozen):
    """At most ``count`` sends in any ``seconds``."""

    count: int
    seconds: float


class Capabilities(Frozen):
    """The declared abilities and limits of one gateway.

    ``staff_confirm``: nothing reaches a member without a staff member's tap.
    ``idempotent``: sending the same delivery id twice shows it once.
    ``welcome_window``: seconds after a join in which a greeting is still accepted, None for any.
    ``text_bytes``: the longest text in UTF-8 bytes, None for no limit.
    ``account_rate`` and ``chat_rate``: limits over the whole account and over one conversation.
    """

    send_group: bool = True
    send_direct: bool = True
    staff_confirm: bool = False
    idempotent: bool = False
    welcome_window: float | None = None
    recall: bool = False
    member_list: bool = False
    join_link: bool = False
    segments: frozenset[SegmentKind] = frozenset({"text"})
    text_bytes: int | None = None
    account_rate: Rate | None = None
    chat_rate: Rate | None = None
