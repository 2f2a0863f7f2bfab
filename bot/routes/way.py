"""Ways in: how a member is best shown into a group, by what their gateway can show."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from bot.i18n.mark import msgid
from bot.live_codes.live_codes import LiveCodes
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.model.live_code import LiveCodeState
from bot.model.message import Message
from bot.model.phrase import Phrase
from bot.reports import qr
from bot.routes.faults import Fault
from bot.settings.rooms import RouteSettings
from bot.store.effects import Effects

Means = Literal["code", "card", "link", "qr", "name"]

TEXTS: dict[Means, str] = {
    "code": msgid("Scan this code to get into “{{ target.name }}”:{{ image(picture) }}"),
    "card": msgid("Here is the way into “{{ target.name }}”:{{ card(target.link, target.name) }}"),
    "link": msgid("Here is the way into “{{ target.name }}”: {{ target.link }}"),
    "qr": msgid(
        "Scan this code or open {{ target.link }} to get into “{{ target.name }}”:"
        "{{ image(picture) }}"
    ),
    "name": msgid(
        "“{{ target.name }}” is the group for you: look for it by this name, or ask to be invited."
    ),
}
NEW = msgid("Scan this code to get into a new group of “{{ route }}”:{{ image(picture) }}")
INVITED = msgid("You were invited into “{{ target.name }}”.")
"""What is said to who was brought in by the gateway itself."""
BY_INVITATION = msgid("by inviting them")
WHY: dict[Means, str] = {
    "code": msgid("by its live code"),
    "card": msgid("by its link, as a card"),
    "link": msgid("by its link"),
    "qr": msgid("by its link as a QR code: it is at another gateway"),
    "name": msgid("by its name: it has no link and no live code"),
}

Picture = Callable[[Conversation, bool], Awaitable[str]]
"""The address of the picture of a group's live code, '' for none.

The second argument: the code must have its platform make new groups.
"""


async def no_picture(_: Conversation, new: bool) -> str:
    """Where there are no live codes."""
    return ""


@dataclass(frozen=True, slots=True)
class Way:
    """How a member is shown in; ``picture`` is the address of what they scan.

    ``account``: who the gateway is asked to bring in before; only where it refuses is the way
    shown.
    """

    means: Means = "name"
    picture: str = ""
    account: str = ""

    @property
    def text(self) -> str:
        """What is said, Jinja2 with ``target`` and ``picture``; to be translated."""
        return TEXTS[self.means]

    @property
    def invited(self) -> str:
        """What is said to who was brought in, Jinja2 with ``target``; to be translated."""
        return INVITED

    @property
    def why(self) -> str:
        """How it is done; to be translated."""
        return BY_INVITATION if self.account else WHY[self.means]


BY_NAME = Way()
"""Where nothing better is known."""


def way(link: str, code: str, can: Capabilities, same: bool, account: str = "") -> Way:
    """The best way: being invited, the group's link, its QR code, its live code, its name.

    ``code`` is the address of the live code's picture; ``same``: the group is at the gateway it
    is told at, so that its link can be opened there and ``account``, where it is given, invited.
    Of another platform's link a QR code helps who has that app on a phone.
    """
    shown = _shown(link, code, can, same)
    return replace(shown, account=account) if same and can.invite else shown


def _shown(link: str, code: str, can: Capabilities, same: bool) -> Way:
    pictures = "image" in can.segments
    if link and same:
        return Way("card" if "link_card" in can.segments else "link")
    if link and pictures:
        return Way("qr", f"data:image/png;base64,{b64encode(qr.picture(link)).decode()}")
    if code and pictures:
        return Way("code", code)
    return Way("link") if link else BY_NAME


def bring_in(effects: Effects, group: str, account: str, told: Delivery, done: Message) -> None:
    """Queue an invitation into a group at the gateway of ``told``.

    ``told`` shows another way and goes out only where the gateway refuses; else ``done`` does, in
    its place.
    """
    invitation = Delivery(
        to=Conversation(gateway=told.to.gateway, group=group),
        message=Message(),
        due=told.due,
        source=told.source,
        member=told.member,
        does="invite",
        of=account,
        after=told.model_copy(update={"message": done}),
        instead=told,
    )
    effects.deliver(invitation)


async def live_picture(codes: LiveCodes, group: Conversation, new: bool) -> str:
    """The picture of a live code that leads into this group, and nowhere else unless ``new``."""
    for code, state in await codes.all():
        if code.ended or code.kind != "group" or code.gateway != group.gateway:
            continue
        leads = group.group in code.groups if new else code.groups == (group.group,)
        if leads and code.new_group == new and _works(state):
            assert state is not None
            return state.image
    return ""


def _works(state: LiveCodeState | None) -> bool:
    return state is not None and bool(state.image) and not state.health


def makes(can: Capabilities) -> bool:
    """Whether groups can be made there, and one whose answer was lost be found again."""
    return can.create_group and can.member_list


def unable(route: RouteSettings, can: Callable[[str], Capabilities]) -> Iterator[Fault]:
    """What a route asks of its groups' gateways that none of them can do."""
    if route.full != "create":
        return
    gateways = dict.fromkeys(one.group.gateway for one in route.groups)
    if not any(makes(can(name)) or "group" in can(name).live_codes for name in gateways):
        text = msgid("no gateway of these groups makes new groups: {gateways} cannot")
        hint = msgid('full = "wait" keeps a waiting list')
        yield ("full",), Phrase(text, gateways=", ".join(gateways)), hint
