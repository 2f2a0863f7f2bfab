"""Anchors: the moments a template's steps count from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.located import Kind
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.settings.kinds import Name

JOINED = "joined"
CONTACT_ADDED = "contact_added"
GROUP_CREATED = "group_created"
ENROLLED = "enrolled"
CALENDAR = "calendar"

PlainAnchor = Literal["joined", "contact_added", "group_created", "enrolled", "calendar"]


class TagAnchor(Frozen):
    """Steps count from when a member was given a tag: ``{ tag = "vip" }``."""

    tag: Annotated[str, Field(min_length=1)]


class AttributeAnchor(Frozen):
    """Steps count from a date each member has: ``{ attribute = "birthday" }``.

    It comes every year; with ``yearly = false`` once, such as an appointment.
    """

    attribute: Name
    yearly: bool = True


class DateAnchor(Frozen):
    """Steps count from one date, a parameter's: ``{ date = "day", time = "start" }``.

    With ``time``, a parameter too, from that moment, so that offsets may be minutes.
    """

    date: str
    time: str | None = None


Anchor = PlainAnchor | TagAnchor | AttributeAnchor | DateAnchor

AnchorField = Annotated[
    Anchor,
    Kind(
        Phrase(
            '"joined", "contact_added", "group_created", "enrolled", "calendar", { tag = "vip" }, '
            '{ attribute = "birthday" } or { date = "a parameter" }'
        )
    ),
]


def is_moment(anchor: Anchor) -> bool:
    """Whether it is a moment each target has by itself, written down when it happens."""
    return isinstance(anchor, TagAnchor) or anchor in (
        JOINED,
        CONTACT_ADDED,
        GROUP_CREATED,
        ENROLLED,
    )


def usual_target(anchor: object) -> str:
    """Who is written to when a template does not say."""
    if isinstance(anchor, dict):
        return "group" if "date" in anchor else "member"
    return "group" if anchor in (CALENDAR, GROUP_CREATED) else "member"
