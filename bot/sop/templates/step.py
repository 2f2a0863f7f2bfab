"""Steps: one thing a SOP does at one of its times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from bot.audience.audience import Audience
from bot.located import Kind, expected
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.settings.kinds import ClockTime, Duration, Name
from bot.sop.templates.words import NonEmpty, Words

PUNCTUAL = 15 * 60.0
"""Seconds a step may be late and still be on time."""
CAME, TIMED_OUT = "came", "timed-out"

Action = Literal[
    "message",
    "moment",
    "task",
    "tag",
    "untag",
    "route",
    "start",
    "stop",
    "wait",
    "branch",
    "nothing",
]


class Reference(Frozen):
    """A value that is given when the SOP is started."""

    parameter: str


class SendLate(Frozen):
    """A missed step is still sent when it is not later than this."""

    send_late: Duration


class Variant(Frozen):
    """One of several texts a step is tried with; ``share`` is its weight."""

    name: Name
    share: int = Field(default=1, ge=1, le=1000, description="How much of the audience, as a part.")
    text: Words = Field(description="What is said; Jinja2.")


class Wait(Frozen):
    """Wait until a member did something, at most so long: ``{ for = "reply", most = "2d" }``."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    what: Literal["reply", "click", "check-in"] = Field(alias="for")
    most: Duration = Field(description="When nothing came by then, it timed out.")


class Way(Frozen):
    """One way of a branch: the first whose ``if`` holds; without one, for all others."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: Name
    condition: Audience | None = Field(default=None, alias="if")


def _several(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and value:
        return tuple(value)
    raise expected(Phrase("a text, or a list of texts"))


Several = Annotated[tuple[NonEmpty, ...], BeforeValidator(_several)]
_MISSED = Kind(Phrase('"skip", "ask" or a table { send_late = "6h" }'))
_AT = Kind(Phrase('a time of day such as "21:00" or a parameter'))
_CRON = Kind(Phrase('a cron expression such as "0 20 * * 3" or a parameter'))
Missed = Annotated[Literal["skip", "ask"] | SendLate, _MISSED]


class Step(Frozen):
    """What is done, when, and for whom."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    id: Name = Field(description="Names the step in results and links; unique in the file.")

    # what
    text: Words | None = Field(default=None, description="What is said; Jinja2.")
    variant: tuple[Variant, ...] = Field(
        default=(), description="Texts to compare: each target gets always the same one."
    )
    holdout: int = Field(
        default=0, ge=0, le=90, description="Percent of the audience that gets nothing, to compare."
    )
    form: Literal["message", "moment"] = Field(
        default="message",
        alias="as",
        description="What `text` becomes: a message, or a moment that staff publish.",
    )
    seen_by: Several | None = Field(
        default=None, description="Only contacts with one of these tags see the moment."
    )
    task: Words | None = Field(
        default=None, description="What a staff member is to do; `text` is what they can copy."
    )
    within: Duration | None = Field(
        default=None, description="How long staff have for a task, or to confirm a message."
    )
    tag: Several | None = Field(default=None, description="Tags to give.")
    untag: Several | None = Field(default=None, description="Tags to take away.")
    route: NonEmpty | None = Field(default=None, description="The route whose group to invite to.")
    start: Name | None = Field(default=None, description="The SOP the member enters.")
    stop: Name | None = Field(default=None, description="The SOP the member gets no more of.")
    wait: Wait | None = Field(default=None, description="What to wait for, and how long.")
    branch: tuple[Way, ...] = Field(default=(), description="Ways to go on: `follows = id/way`.")

    # when
    after: Duration | None = Field(default=None, description="How long after the anchor.")
    before: Duration | None = Field(default=None, description="How long before the anchor.")
    follows: str | None = Field(
        default=None, description='Counts from when this step was done: "tips" or "ask/came".'
    )
    at: Annotated[ClockTime | Reference | None, _AT] = Field(
        default=None, description="The time of day."
    )
    until: ClockTime | None = Field(
        default=None, description="The end of the window that begins with `at`."
    )
    spread: Literal["even", "random"] = Field(
        default="even", description="How targets are placed in the window; always the same for one."
    )
    every: Annotated[NonEmpty | Reference | None, _CRON] = Field(
        default=None, description="When it comes again: minute hour day month weekday."
    )
    weekly: Several | None = Field(default=None, description='Days of the week: ["mon", "thu"].')
    monthly: tuple[int | Literal["last"], ...] | None = Field(
        default=None, description='Days of the month: [1, 15, "last"].'
    )
    on: Annotated[date | Reference | None, Kind(Phrase("a date, or a parameter"))] = Field(
        default=None, description="The one day it goes out."
    )
    lunar: str | None = Field(default=None, description='A lunar date every year: "08-15".')
    holiday: str | None = Field(
        default=None, description="A Chinese public holiday every year; shifted by after or before."
    )
    days: Literal["workday", "restday", "holiday", "makeup"] | None = Field(
        default=None, description="Only such days, by the Chinese calendar with make-up workdays."
    )
    closed: Literal["skip", "next", "previous"] = Field(
        default="skip", description="What happens on other days: the next or previous fitting one."
    )
    missed: Missed = Field(
        default="skip", description="What becomes of it when its time passed: skip, late, ask."
    )

    # for whom
    condition: Audience | None = Field(
        default=None, alias="if", description="Only for whom this holds."
    )
    unless: Audience | None = Field(default=None, description="Not for whom this holds.")

    @property
    def late(self) -> int:
        """How late, in ms, the step may still be sent."""
        seconds = self.missed.send_late if isinstance(self.missed, SendLate) else 0.0
        return int(max(PUNCTUAL, seconds) * 1000)

    @property
    def action(self) -> Action:
        """Which kind of step it is."""
        if self.task is not None:
            return "task"
        if self.route is not None:
            return "route"
        if self.text is not None or self.variant:
            return self.form
        for name in ("tag", "untag", "start", "stop", "wait", "branch"):
            if getattr(self, name):
                return name
        return "nothing"

    @property
    def texts(self) -> Mapping[str, Words]:
        """What it may say, by variant; '' without variants."""
        if self.variant:
            return {one.name: one.text for one in self.variant}
        return {} if self.text is None else {"": self.text}

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that can be followed."""
        if self.wait:
            return (CAME, TIMED_OUT)
        return (*(one.name for one in self.variant), *(one.name for one in self.branch))

    @property
    def after_step(self) -> str | None:
        """The step it follows, without the way."""
        return self.follows.partition("/")[0] if self.follows else None


def settled(step: Step, values: Mapping[str, Any]) -> Step:
    """The step with its references replaced by the parameters' values."""
    found: dict[str, Any] = {}
    for key in ("at", "every", "on"):
        value = getattr(step, key)
        if isinstance(value, Reference):
            given = values[value.parameter]
            found[key] = date.fromisoformat(str(given)) if key == "on" else given
    return step.model_copy(update=found) if found else step
