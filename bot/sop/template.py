"""SOP templates: what a manager writes in a file, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from bot.located import Kind
from bot.model.base import Frozen
from bot.settings.kinds import ClockTime, Duration, Name, Zone

PUNCTUAL = 15 * 60.0
"""Seconds a step may be late and still be on time."""

ParameterType = Literal["text", "url", "number", "date", "time", "cron"]
Value = int | float | str
"""A parameter's value: a number for "number", else text (dates YYYY-MM-DD, times HH:MM)."""

NonEmpty = Annotated[str, Field(min_length=1)]


class Localized(Frozen):
    """One text in both languages."""

    zh: NonEmpty
    en: NonEmpty


Words = Annotated[NonEmpty | Localized, Kind("text, or a table { zh = …, en = … }")]


def spoken(words: str | Localized, language: str) -> str:
    """The words in a language ("zh" or "en"); plain text is the same in all."""
    return words if isinstance(words, str) else str(getattr(words, language, words.en))


class Reference(Frozen):
    """A value that is given when the SOP is started."""

    parameter: str


class AttributeAnchor(Frozen):
    """Steps count from a date each member has, every year: ``{ attribute = "birthday" }``."""

    attribute: Name


class DateAnchor(Frozen):
    """Steps count from one date, a parameter's: ``{ date = "day" }``."""

    date: str


class SendLate(Frozen):
    """A missed step is still sent when it is not later than this."""

    send_late: Duration


class Parameter(Frozen):
    """What is asked when the SOP is started."""

    type: ParameterType = "text"
    title: Words | None = None
    default: Value | date | None = Field(
        default=None, description='For a date also "today", for a time "now".'
    )


class Step(Frozen):
    """One message of a SOP, and when it goes out."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    id: Name = Field(description="Names the step in results and links; unique in the file.")
    text: Words = Field(description="What is said; Jinja2.")
    after: Duration | None = Field(default=None, description="How long after the anchor.")
    before: Duration | None = Field(default=None, description="How many days before the anchor.")
    at: Annotated[
        ClockTime | Reference | None, Kind('a time of day such as "21:00" or a parameter')
    ] = Field(default=None, description="The time of day.")
    every: Annotated[
        NonEmpty | Reference | None, Kind('a cron expression such as "0 20 * * 3" or a parameter')
    ] = Field(default=None, description="When it comes again: minute hour day month weekday.")
    on: date | None = Field(default=None, description="The one day it goes out.")
    missed: Annotated[
        Literal["skip"] | SendLate, Kind('"skip" or a table { send_late = "6h" }')
    ] = Field(default="skip", description="What becomes of it when its time passed.")
    condition: NonEmpty | None = Field(
        default=None, alias="if", description="Only for whom this holds."
    )
    unless: NonEmpty | None = Field(default=None, description="Not for whom this holds.")

    @property
    def late(self) -> int:
        """How late, in ms, the step may still be sent."""
        seconds = self.missed.send_late if isinstance(self.missed, SendLate) else 0.0
        return int(max(PUNCTUAL, seconds) * 1000)


class Template(Frozen):
    """A SOP template: what is sent to whom, counted from where."""

    title: Words = Field(description="What managers read in lists.")
    notes: Words | None = Field(default=None, description="What it is for, and when not to use it.")
    anchor: Annotated[
        Literal["joined", "calendar"] | AttributeAnchor | DateAnchor,
        Kind('"joined", "calendar", { attribute = "birthday" } or { date = "a parameter" }'),
    ] = Field(description="The moment steps count from.")
    to: Literal["member", "group"] = Field(
        description='Who is written to; without it members, and groups for "calendar" and dates.'
    )
    timezone: Zone | None = Field(
        default=None, description="The zone of its times; else the member's, else the workspace's."
    )
    parameters: dict[str, Parameter] = Field(default={}, description="What is asked at the start.")
    step: tuple[Step, ...] = Field(min_length=1, description="The steps.")

    @model_validator(mode="before")
    @classmethod
    def _usual_target(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "to" not in value:
            anchor = value.get("anchor")
            personal = anchor == "joined" or (isinstance(anchor, Mapping) and "attribute" in anchor)
            return {**value, "to": "member" if personal else "group"}
        return value

    @property
    def finite(self) -> bool:
        """Whether there is a last occurrence."""
        dated = isinstance(self.anchor, DateAnchor)
        return dated or (self.anchor == "calendar" and all(s.on is not None for s in self.step))

    def settled(self, values: Mapping[str, Value]) -> Template:
        """The same template with every reference replaced by its parameter's value."""
        steps = tuple(step.model_copy(update=_values(step, values)) for step in self.step)
        return self.model_copy(update={"step": steps})


def _values(step: Step, values: Mapping[str, Value]) -> dict[str, Value]:
    found = {"at": step.at, "every": step.every}
    return {k: values[v.parameter] for k, v in found.items() if isinstance(v, Reference)}
