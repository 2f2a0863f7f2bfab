"""Muster's public API: everything a handler or an adapter is written with."""

from bot.audience.reading import Reading
from bot.checkins.board import Board
from bot.checkins.boards import Boards
from bot.checkins.checkins import CheckIn, CheckIns
from bot.checkins.desk import Wish
from bot.checkins.ledger import Entry
from bot.checkins.pictures import CheckInPictures
from bot.checkins.programme import Programme
from bot.checkins.refusal import NotNow
from bot.clock import Clock, SystemClock, utc
from bot.figures.figures import FigureRoom
from bot.figures.finder import Finder, Inquiry, Unclear
from bot.figures.period import read_period
from bot.figures.subject import Subject
from bot.figures.telling import Telling
from bot.gateways.adapter import Adapter, Inlet
from bot.links.clicks import Clicks, spark
from bot.links.links import Link, Links
from bot.live_codes.live_codes import LiveCodes
from bot.model.asking import Ask
from bot.model.capabilities import Capabilities, Quota, Rate
from bot.model.conversation import Account, Conversation
from bot.model.dates import month_day
from bot.model.delivery import (
    Delivery,
    InDoubt,
    Misconfigured,
    Receipt,
    Refused,
    Retry,
    SendError,
)
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
from bot.model.live_code import LiveCode, LiveCodeLook
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
from bot.routes.answer import Answer
from bot.routes.routes import Routes
from bot.routing.context import Context
from bot.routing.router import Router
from bot.routing.rule import PASS, Pass
from bot.routing.template import TemplateFailed
from bot.sop.foresight.preview import Preview, Upcoming
from bot.sop.outcomes.asked import Asked
from bot.sop.sops import NoSuchSop, Sops, WrongState
from bot.store.facts import Facts
from bot.store.members import Group, Member, Members
from bot.welcome.welcomes import Welcomes

__all__ = [
    "PASS",
    "Account",
    "ActionChosen",
    "Adapter",
    "Answer",
    "Ask",
    "Asked",
    "BaseEvent",
    "Board",
    "Boards",
    "Button",
    "Capabilities",
    "ChatOpened",
    "CheckIn",
    "CheckInPictures",
    "CheckIns",
    "Clicks",
    "Clock",
    "ContactAdded",
    "ContactRemoved",
    "Context",
    "Conversation",
    "Delivery",
    "DeliveryReported",
    "Detail",
    "Entry",
    "Event",
    "Facts",
    "Fault",
    "FigureRoom",
    "File",
    "Finder",
    "Group",
    "GroupChanged",
    "GroupCreated",
    "GroupDismissed",
    "GroupWelcome",
    "Health",
    "Image",
    "InDoubt",
    "Inlet",
    "Inquiry",
    "Link",
    "LinkCard",
    "Links",
    "LiveCode",
    "LiveCodeLook",
    "LiveCodes",
    "Member",
    "MemberJoined",
    "MemberLeft",
    "Members",
    "Mention",
    "Message",
    "MessageReceived",
    "MiniProgram",
    "Misconfigured",
    "NoSuchSop",
    "NotNow",
    "Pass",
    "Preview",
    "Programme",
    "Quota",
    "Rate",
    "Reading",
    "Receipt",
    "Refused",
    "Retry",
    "Router",
    "Routes",
    "SendError",
    "Sops",
    "Subject",
    "SystemClock",
    "Telling",
    "TemplateFailed",
    "Text",
    "TimerElapsed",
    "Unclear",
    "Upcoming",
    "Video",
    "Welcomes",
    "Wish",
    "WrongState",
    "month_day",
    "read_period",
    "spark",
    "utc",
]
