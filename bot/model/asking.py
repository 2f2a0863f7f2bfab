"""Asks: a message that staff must confirm, put before them inside their own platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.model.base import Frozen
from bot.model.delivery import Refused
from bot.model.message import Message

AskKind = Literal["direct", "group", "moment"]
"""Who reads it: accounts, groups, or whoever sees what the staff member publishes."""

TargetState = Literal["waiting", "sent", "gone", "limited", "failed"]
"""What became of one target: "gone" is not in contact any more, "limited" already got another."""

AskState = Literal["preparing", "waiting", "done", "cancelled", "expired"]
"""Where an ask is: being handed out, before the staff member, confirmed, taken back, too old."""

Targets = Mapping[str, tuple[TargetState, int]]
"""Target → what became of it, and when (UTC ms; 0 where nobody says)."""


class Ask(Frozen):
    """One message to many targets, for one staff member to confirm once.

    ``targets`` are accounts of a "direct" ask and group ids of a "group" one. A "moment" is seen
    by all contacts of the staff member, or by those with one of the tags ``seen_by``; its targets
    are the accounts it was meant for. ``id`` is ours and stays the same however often it is tried;
    ``since`` (UTC ms) is when it was first tried.
    """

    id: str
    gateway: str
    staff: str
    kind: AskKind
    targets: tuple[str, ...]
    message: Message
    since: int = 0
    seen_by: tuple[str, ...] = ()


class NobodyToAsk(Refused):
    """Nothing was asked: none of the targets can be reached any more."""
