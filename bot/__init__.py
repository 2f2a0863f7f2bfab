"""Muster's public API: everything a handler is written with; adapters have ``bot.adapter``."""

from bot.audience.reading import Reading
from bot.checkins.board import Board
from bot.checkins.boards import Boards
from bot.checkins.checkins import CheckIn, CheckIns
from bot.checkins.ledger import Entry
from bot.checkins.pictures import CheckInPictures
from bot.checkins.programme import Programme
from bot.checkins.refusal import NotNow
from bot.clock import Clock, utc
from bot.figures.figures import FigureRoom
from bot.figures.finder import Finder, Inquiry, Unclear
from bot.figures.telling import Telling
from bot.links.clicks import Clicks
from bot.links.links import Link, Links
from bot.live_codes.live_codes import LiveCodes
from bot.members.attributes import WrongAttribute
from bot.model.conversation import Account, Conversation
from bot.model.dates import month_day
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
from bot.sop.faults import NoSuchSop, WrongState
from bot.sop.foresight.preview import Preview, Upcoming
from bot.sop.outcomes.asked import Asked
from bot.sop.sops import Sops
from bot.store.facts import Facts
from bot.store.members import Group, Member, Members
from bot.welcome.welcomes import Welcomes

__all__ = [
    "PASS",
    "Account",
    "ActionChosen",
    "Answer",
    "Asked",
    "BaseEvent",
    "Board",
    "Boards",
    "Button",
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
    "DeliveryReported",
    "Entry",
    "Event",
    "Facts",
    "FigureRoom",
    "File",
    "Finder",
    "Group",
    "GroupChanged",
    "GroupCreated",
    "GroupDismissed",
    "Image",
    "Inquiry",
    "Link",
    "LinkCard",
    "Links",
    "LiveCodes",
    "Member",
    "MemberJoined",
    "MemberLeft",
    "Members",
    "Mention",
    "Message",
    "MessageReceived",
    "MiniProgram",
    "NoSuchSop",
    "NotNow",
    "Pass",
    "Preview",
    "Programme",
    "Reading",
    "Router",
    "Routes",
    "Sops",
    "Telling",
    "TemplateFailed",
    "Text",
    "TimerElapsed",
    "Unclear",
    "Upcoming",
    "Video",
    "Welcomes",
    "WrongAttribute",
    "WrongState",
    "month_day",
    "utc",
]
