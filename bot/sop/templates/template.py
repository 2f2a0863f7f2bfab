"""SOP templates: what a manager writes in a file, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from bot.model.base import Frozen
from bot.settings.kinds import Name, Zone
from bot.sop.templates.anchor import (
    CALENDAR,
    AnchorField,
    AttributeAnchor,
    DateAnchor,
    is_moment,
    usual_target,
)
from bot.sop.templates.guards import Guards
from bot.sop.templates.step import Step, settled
from bot.sop.templates.words import Localized, Words

ParameterType = Literal["text", "url", "number", "date", "time", "cron"]
Value = int | float | str
"""A parameter's value: a number for "number", else text (dates YYYY-MM-DD, times HH:MM)."""


class Parameter(Frozen):
    """What is asked when the SOP is started."""

    type: ParameterType = Field(default="text", description="What may be given.")
    title: Words | None = Field(default=None, description="What the form calls it.")
    default: Value | Localized | date | None = Field(
        default=None,
        description='For a text also in both languages, for a date "today", for a time "now".',
    )


class Template(Frozen):
    """A SOP template: what is done for whom, counted from where."""

    title: Words = Field(description="What managers read in lists.")
    notes: Words | None = Field(default=None, description="What it is for.")
    avoid: Words | None = Field(default=None, description="When not to use it.")
    topic: Name | None = Field(
        default=None, description="What it is about: members opt out by topic, caps count by it."
    )
    anchor: AnchorField = Field(description="The moment steps count from.")
    to: Literal["member", "group"] = Field(
        description="Who is written to; without it what is usual for the anchor."
    )
    audience: Literal["live", "fixed"] = Field(
        default="live", description="Whether the audience is asked at each step or once at start."
    )
    resume: Literal["anchor", "running", "restart"] = Field(
        default="anchor",
        description="After a pause: count from the anchor, only time it ran, or begin anew.",
    )
    timezone: Zone | None = Field(
        default=None, description="The zone of its times; else the member's, else the workspace's."
    )
    guards: Guards = Field(default=Guards(), description="Its own limits.")
    parameters: dict[str, Parameter] = Field(default={}, description="What is asked at the start.")
    step: tuple[Step, ...] = Field(min_length=1, description="The steps.")

    @model_validator(mode="before")
    @classmethod
    def _usual_target(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "to" not in value:
            return {**value, "to": usual_target(value.get("anchor"))}
        return value

    @property
    def finite(self) -> bool:
        """Whether there is a last occurrence."""
        if isinstance(self.anchor, DateAnchor):
            return True
        dated = all(step.on is not None or step.follows for step in self.step)
        return self.anchor == CALENDAR and dated

    @property
    def personal(self) -> bool:
        """Whether each target has its own anchor."""
        return is_moment(self.anchor) or isinstance(self.anchor, AttributeAnchor)

    def find(self, ident: str) -> Step | None:
        """One step, or None."""
        return next((step for step in self.step if step.id == ident), None)

    def followed(self, ident: str) -> bool:
        """Whether other steps follow this one."""
        return any(step.after_step == ident for step in self.step)

    def settled(self, values: Mapping[str, Value]) -> Template:
        """The same template with every reference replaced by its parameter's value."""
        return self.model_copy(update={"step": tuple(settled(s, values) for s in self.step)})
