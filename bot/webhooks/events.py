"""Events: what other systems can be told, each type with its shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field
from pydantic.json_schema import models_json_schema

from bot.clock import utc
from bot.model.base import Frozen

Stream = Literal["journal", "hits", "conversions"]


class Who(Frozen):
    """Whom and where an event is about; null where nobody and nowhere."""

    member: int | None = Field(description="The member's number.")
    accounts: tuple[str, ...] = Field(
        description='The member\'s accounts, each "gateway/account".',
        examples=[["sandbox/u1"]],
    )
    conversation: str | None = Field(
        description='The group, "gateway/g/group", or direct chat, "gateway/d/account".',
        examples=["sandbox/g/tea"],
    )


class Joined(Who):
    """A member came into a group."""

    how: Literal["unknown", "invited", "approved", "link"]


class Left(Who):
    """A member is no longer in a group."""

    how: Literal["unknown", "left", "removed"]


class ContactAdded(Who):
    """A member became a contact."""

    channel: str | None = Field(description="The channel they came by, if the gateway says.")


class Opted(Who):
    """A member wants no broadcasts any more, or wants them again."""

    topic: str | None = Field(description="Of this topic only; null: of all.")


class CheckedIn(Who):
    """A member checked in."""

    programme: str
    day: date = Field(description="The day it counts for.")


class MessageEnded(Who):
    """A message of the bot was sent, could not be, or nobody knows."""

    delivery: str
    sop: str | None = Field(description="The SOP it is of, if it is of one.")
    reason: str | None = Field(description="Why it was not sent.")


class TaskMoved(Who):
    """A task for staff was opened, done, left out, put off, or is overdue."""

    sop: str
    by: str | None = Field(description="Which operator did it.")


class SopMoved(Frozen):
    """A SOP was started, paused, resumed or stopped, or has come to its end."""

    sop: str
    by: str | None = Field(description="Which operator did it.")


class GroupDismissed(Who):
    """A group ended, or the bot was removed from it."""


class Clicked(Who):
    """A person followed a tracked link; fetches by robots are not told."""

    link: int = Field(description="The link's number.")
    group: int | None = Field(description="The number of the group it was sent to.")


class Converted(Who):
    """A conversion was recorded."""

    conversion: str = Field(description="Its id in the API.")
    kind: str
    value: Decimal
    currency: str
    link: int | None = Field(description="The link it is put down to.")
    group: int | None = Field(description="The group it is put down to.")
    by: str = Field(description="Which token told it.")


class Tested(Frozen):
    """Sent when somebody asks for a test."""

    message: str


EVENTS: Mapping[str, type[Frozen]] = {
    "member.joined": Joined,
    "member.left": Left,
    "member.opted_out": Opted,
    "member.opted_in": Opted,
    "contact.added": ContactAdded,
    "group.dismissed": GroupDismissed,
    "check_in.recorded": CheckedIn,
    "link.clicked": Clicked,
    "conversion.recorded": Converted,
    "message.sent": MessageEnded,
    "message.failed": MessageEnded,
    "message.in_doubt": MessageEnded,
    "task.opened": TaskMoved,
    "task.done": TaskMoved,
    "task.skipped": TaskMoved,
    "task.postponed": TaskMoved,
    "task.overdue": TaskMoved,
    "sop.started": SopMoved,
    "sop.paused": SopMoved,
    "sop.resumed": SopMoved,
    "sop.stopped": SopMoved,
    "sop.finished": SopMoved,
}
"""Every type an endpoint can ask for, and the shape of its ``data``."""
TEST = "webhook.test"


def body(event: str, at: int, data: Frozen) -> str:
    """The JSON that is sent of what happened ``at`` (UTC ms)."""
    moment = utc(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"type": event, "timestamp": moment, "data": data.model_dump(mode="json")}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def stream_of(event: str) -> Stream:
    """Where a type comes from."""
    if event == "link.clicked":
        return "hits"
    return "conversions" if event == "conversion.recorded" else "journal"


def described() -> dict[str, Any]:
    """JSON Schema (2020-12) of every message, by its type."""
    models: dict[str, type[Frozen]] = {**EVENTS, TEST: Tested}
    found, whole = models_json_schema(
        [(model, "serialization") for model in dict.fromkeys(models.values())],
        ref_template="#/$defs/{model}",
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Messages of Muster's webhooks",
        "oneOf": [
            {
                "title": name,
                "type": "object",
                "required": ["type", "timestamp", "data"],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": name},
                    "timestamp": {"type": "string", "format": "date-time"},
                    "data": found[model, "serialization"],
                },
            }
            for name, model in models.items()
        ],
        "$defs": whole["$defs"],
    }
