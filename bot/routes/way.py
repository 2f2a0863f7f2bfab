"""Ways in: how a member is best shown into a group, by what their gateway can show."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.i18n.mark import msgid
from bot.live_codes.live_codes import LiveCodes
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.live_code import LiveCodeState
from bot.model.phrase import Phrase
from bot.reports import qr
from bot.routes.faults import Fault
from bot.settings.rooms import RouteSettings

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
    """How a member is shown in; ``picture`` is the address of what they scan."""

    means: Means = "name"
    picture: str = ""

    @property
    def text(self) -> str:
        """What is said, Jinja2 with ``target`` and ``picture``; to be translated."""
        return TEXTS[self.means]


BY_NAME = Way()
"""Where nothing better is known."""


def way(link: str, code: str, can: Capabilities, same: bool) -> Way:
    """The best way: the group's live code, else its link in the form that can be used.

    ``code`` is the address of the live code's picture; ``same``: the group is at the gateway it
    is told at, so that its link can be opened there. Of another platform's link a QR code helps
    who has that app on a phone.
    """
    if code and "image" in can.segments:
        return Way("code", code)
    if not link:
        return BY_NAME
    if not same and "image" in can.segments:
        return Way("qr", f"data:image/png;base64,{b64encode(qr.picture(link)).decode()}")
    return Way("card" if same and "link_card" in can.segments else "link")


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


def unable(route: RouteSettings, can: Callable[[str], Capabilities]) -> Iterator[Fault]:
    """What a route asks of its groups' gateways that none of them can do."""
    gateways = dict.fromkeys(one.group.gateway for one in route.groups)
    if route.full == "create" and not any("group" in can(g).live_codes for g in gateways):
        text = msgid(
            "no gateway of these groups has live codes that make new groups: {gateways} cannot"
        )
        hint = msgid('full = "wait" keeps a waiting list')
        yield ("full",), Phrase(text, gateways=", ".join(gateways)), hint
