"""Settings of who a keyword route is for, and when."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from bot.located import Kind
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.settings.kinds import Name, OrNone, QuietHours
from bot.settings.spans import DateSpan

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_VALUES = Phrase('a table such as { region = "south" } or { region = ["south", "east"] }')


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(_listed)]


class RouteConditions(Frozen):
    """Who may take a route, and when: all that stands here must hold."""

    audience: Text | None = Field(
        default=None, description='Only these members: an audience such as "tag:vip".'
    )
    attributes: Annotated[dict[str, Texts], Kind(_VALUES)] = Field(
        default={}, description="Only members with these attributes, each one of its values."
    )
    gateways: tuple[Name, ...] = Field(default=(), description="Only who asks at these gateways.")
    weekdays: tuple[Weekday, ...] = Field(
        default=(), description="Only on these days of the week, in the workspace's zone."
    )
    hours: Annotated[QuietHours | None, OrNone] = Field(
        default=None,
        description="Only between these times of day; over midnight they are of the day before.",
    )
    dates: tuple[DateSpan, ...] = Field(default=(), description="Only on these dates.")
    otherwise: Text | None = Field(
        default=None,
        description="What is answered when they do not hold and no other route fits, Jinja2; "
        "without it the message goes on to the next handler.",
    )
