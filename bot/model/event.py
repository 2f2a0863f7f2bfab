"""Events: what happened at a gateway, in words every platform shares."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.model.base import Frozen
from bot.model.conversation import Account, Conversation
from bot.model.message import Message


class BaseEvent(Frozen):
    """What all events carry.

    ``id`` is unique per gateway and the same when the gateway repeats the event;
    ``at`` is UTC milliseconds; ``account`` is who did it or whom it is about;
    ``group`` is None in a direct chat. ``past``: learnt from a list, it did not happen just now;
    it is known from then on, but nobody is answered, greeted or told.
    """

    id: str
    gateway: str
    at: int
    account: Account
    group: str | None = None
    group_name: str = ""
    past: bool = False

    @property
    def conversation(self) -> Conversation:
        """Where it happened: events of one conversation are handled in order."""
        if self.group is not None:
            return Conversation(gateway=self.gateway, group=self.group)
        return Conversation(gateway=self.gateway, account=self.account.id)


class MessageReceived(BaseEvent):
    """Somebody said something; ``to_bot`` when the bot was mentioned or in a direct chat.

    ``quote`` is the message this one answers, where the platform tells it.
    """

    kind: Literal["message_received"] = "message_received"
    message: Message
    to_bot: bool = False
    quote: Message | None = None


class MemberJoined(BaseEvent):
    """An account came into a group; ``by`` is the inviter's or approver's account id.

    ``channel`` is what brought them, where the platform says so.
    """

    kind: Literal["member_joined"] = "member_joined"
    by: str | None = None
    how: Literal["unknown", "invited", "approved", "link"] = "unknown"
    channel: str | None = None


class MemberLeft(BaseEvent):
    """An account is no longer in a group; ``by`` removed it, if anybody did."""

    kind: Literal["member_left"] = "member_left"
    by: str | None = None
    how: Literal["unknown", "left", "removed"] = "unknown"


class ContactAdded(BaseEvent):
    """An account became a contact of the bot or of a staff account (``staff``).

    ``half``: the staff account has not confirmed it, so they are no contact yet.
    """

    kind: Literal["contact_added"] = "contact_added"
    staff: str | None = None
    channel: str | None = None
    welcome_token: str | None = None
    half: bool = False


class ContactRemoved(BaseEvent):
    """An account is no contact any more; ``by`` says which side ended it."""

    kind: Literal["contact_removed"] = "contact_removed"
    staff: str | None = None
    by: Literal["unknown", "staff", "contact"] = "unknown"


class GroupCreated(BaseEvent):
    """A group came to be, or the bot came into it."""

    kind: Literal["group_created"] = "group_created"


class GroupChanged(BaseEvent):
    """A group's name, owner or notice changed.

    ``owner`` is the new owner's account id where it is known; a new name is ``group_name``.
    """

    kind: Literal["group_changed"] = "group_changed"
    what: Literal["name", "owner", "notice", "other"] = "other"
    owner: str | None = None


class GroupDismissed(BaseEvent):
    """A group ended, or the bot was removed from it."""

    kind: Literal["group_dismissed"] = "group_dismissed"


class ChatOpened(BaseEvent):
    """Somebody opened the direct chat with the bot, where a greeting is for a moment welcome."""

    kind: Literal["chat_opened"] = "chat_opened"


class ActionChosen(BaseEvent):
    """A button or menu entry was chosen; ``action`` is the id it was sent with.

    ``card`` is the id of the card it stood on; ``choices`` what was ticked there: the ids of the
    options by that of their question.
    """

    kind: Literal["action_chosen"] = "action_chosen"
    action: str
    card: str = ""
    choices: dict[str, tuple[str, ...]] = Field(default={})


class DeliveryReported(BaseEvent):
    """The gateway says, later, what became of a delivery."""

    kind: Literal["delivery_reported"] = "delivery_reported"
    delivery: str
    outcome: Literal["sent", "failed"]
    reason: str = ""


class TimerElapsed(BaseEvent):
    """A time a handler asked to be called back at; ``timer`` names it, ``data`` is what it kept.

    In a group's timer ``account`` has an empty id: nobody did it.
    """

    kind: Literal["timer_elapsed"] = "timer_elapsed"
    account: Account = Account(id="")
    timer: str
    data: str = ""


Event = Annotated[
    MessageReceived
    | MemberJoined
    | MemberLeft
    | ContactAdded
    | ContactRemoved
    | GroupCreated
    | GroupChanged
    | GroupDismissed
    | ChatOpened
    | ActionChosen
    | DeliveryReported
    | TimerElapsed,
    Field(discriminator="kind"),
]

event_adapter: TypeAdapter[Event] = TypeAdapter(Event)
