"""Deliveries: one message to one conversation, and what became of it."""

from __future__ import annotations

from typing import Literal

from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.message import Message

DeliveryClass = Literal["reply", "welcome", "notice", "broadcast"]
CLASSES: tuple[DeliveryClass, ...] = ("reply", "welcome", "notice", "broadcast")

Outcome = Literal["sent", "failed", "skipped", "in_doubt", "task"]


class Cap(Frozen):
    """A frequency cap: at most ``limit`` deliveries counted under ``keys`` together.

    The delivery itself counts under the first key, which lives till ``ends`` (UTC ms); the others
    are the days before, where a cap spans several.
    """

    keys: tuple[str, ...]
    limit: int
    ends: int


class Result(Frozen):
    """Where the outcome is recorded: one row per (step run, target).

    ``target`` is a number and ``name`` its whole name ("12:3": member 12 in group 3). When it is
    sent or skipped, the target goes on in the occurrences ``follow`` of the steps that follow;
    when sent, what ``who`` ("m12", "g3") says or does within ``window`` ms is credited to the run,
    and the moment is kept where the message is ``timed``.
    """

    run: str
    target: int
    name: str = ""
    follow: tuple[str, ...] = ()
    who: str = ""
    window: int = 86_400_000
    timed: bool = False


def place_of(name: str) -> int:
    """The number of the group in a target's whole name, "12:3"; 0 for none."""
    _, _, group = name.partition(":")
    return int(group) if group.isdecimal() else 0


class Delivery(Frozen):
    """One message to one conversation.

    Times are UTC milliseconds. ``due``: not before. ``until``: the end of the allowed window
    (quiet hours, midnight of a cap); later the sender asks for a new window. ``expires``: too
    late to be of use; then it is skipped, with that reason. ``id`` is given by the outbox and
    stays the same through all retries; ``source`` says what asked for it. ``name``: under it the
    platform's id is kept for two days. ``does`` "recall": instead of saying anything, take back
    what was sent by the name ``of``; "remove": take the account ``of`` out of the group; "mute":
    let it say nothing there for ``seconds``, and "unmute": let it speak again; "invite": bring it
    into the group. ``after`` is queued when it is done, ``instead`` when it ends any other way.
    """

    id: str = ""
    to: Conversation
    message: Message
    priority: DeliveryClass = "reply"
    due: int = 0
    until: int | None = None
    expires: int | None = None
    attempt: int = 0
    source: str = ""
    member: int | None = None
    name: str = ""
    does: Literal["say", "recall", "remove", "mute", "unmute", "invite"] = "say"
    of: str = ""
    seconds: float = 0
    caps: tuple[Cap, ...] = ()
    result: Result | None = None
    after: Delivery | None = None
    instead: Delivery | None = None


class Receipt(Frozen):
    """The gateway took it; ``message_id`` is the platform's, ``degraded`` says what was lost."""

    message_id: str = ""
    degraded: tuple[str, ...] = ()


class SendError(Exception):
    """A send that did not end in a receipt; ``reason`` is readable and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Retry(SendError):
    """Not sent, and worth another try after ``after`` seconds.

    ``scope`` says what must wait: this conversation, or the whole account.
    """

    def __init__(
        self, reason: str, after: float = 1.0, scope: Literal["chat", "account"] = "chat"
    ) -> None:
        super().__init__(reason)
        self.after = after
        self.scope = scope


class Refused(SendError):
    """Not sent, and never will be: the recipient or the content is not acceptable."""


class Misconfigured(SendError):
    """Not sent because our set-up is wrong: an operator must act.

    ``reason`` may be a Fault, which says how; for ``after`` seconds nothing is tried anyhow.
    """

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


class InDoubt(SendError):
    """It may or may not have been sent: the connection ended before the answer."""
