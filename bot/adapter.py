"""The public API for adapters: what a platform is connected with."""

from bot.clock import Clock, utc
from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.look import look
from bot.model.asking import Ask, AskState, NobodyToAsk, Targets
from bot.model.capabilities import Capabilities, Quota, Rate
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, InDoubt, Misconfigured, Receipt, Refused, Retry, SendError
from bot.model.event import (
    ActionChosen,
    BaseEvent,
    ChatOpened,
    ContactAdded,
    ContactRemoved,
    DeliveryReported,
    Event,
    GroupChanged,
    GroupCreated,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
    MessageReceived,
    TimerElapsed,
)
from bot.model.fault import Fault
from bot.model.group_welcome import GroupWelcome
from bot.model.health import Detail, Health
from bot.model.live_code import LiveCode, LiveCodeKind, LiveCodeLook
from bot.model.message import (
    Button,
    File,
    Image,
    LinkCard,
    Mention,
    Message,
    MiniProgram,
    Text,
    Video,
)

__all__ = [
    "Account",
    "ActionChosen",
    "Adapter",
    "Ask",
    "AskState",
    "BaseEvent",
    "Button",
    "Capabilities",
    "ChatOpened",
    "Clock",
    "ContactAdded",
    "ContactRemoved",
    "Conversation",
    "Delivery",
    "DeliveryReported",
    "Detail",
    "Event",
    "Fault",
    "File",
    "GroupChanged",
    "GroupCreated",
    "GroupDismissed",
    "GroupWelcome",
    "Health",
    "Image",
    "InDoubt",
    "Inlet",
    "LinkCard",
    "LiveCode",
    "LiveCodeKind",
    "LiveCodeLook",
    "MemberJoined",
    "MemberLeft",
    "Mention",
    "Message",
    "MessageReceived",
    "MiniProgram",
    "Misconfigured",
    "NobodyToAsk",
    "Quota",
    "Rate",
    "Receipt",
    "Refused",
    "Retry",
    "SendError",
    "Targets",
    "Text",
    "TimerElapsed",
    "Video",
    "look",
    "utc",
]
