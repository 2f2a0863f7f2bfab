"""SOPs as they are kept: what one is, its versions, and the names of what it does."""

from __future__ import annotations

from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.audience.audience import Audience
from bot.model.base import Frozen
from bot.sop.templates.anchor import AttributeAnchor, is_moment
from bot.sop.templates.step import Step
from bot.sop.templates.template import Template, Value
from bot.sop.templates.words import Localized, spoken

State = Literal["running", "paused", "stopping", "stopped", "finished"]
ALWAYS = "each"
"""The one occurrence of a step that counts from a moment each target has by itself."""


class Version(Frozen):
    """What a SOP does: a template with its values, for an audience. Never changed, only followed.

    ``template`` is as the file was when it was made; ``since`` is UTC ms; ``stayed`` are the older
    versions members are still on.
    """

    number: int
    since: int
    by: str
    template: Template
    parameters: dict[str, Value]
    audience: Audience
    language: str
    stayed: tuple[int, ...] = ()

    @property
    def settled(self) -> Template:
        """The template with its parameters in place."""
        return self.template.settled(self.parameters)

    def step(self, ident: str) -> Step | None:
        """One step, settled, or None when this version has none of that name."""
        return self.settled.find(ident)

    @property
    def always(self) -> bool:
        """Whether its steps have one occurrence, for each target at its own time."""
        return is_moment(self.template.anchor)

    @property
    def yearly(self) -> bool:
        """Whether its steps have one occurrence for every year."""
        return isinstance(self.template.anchor, AttributeAnchor)

    def zone(self, own: str | None, workspace: str) -> ZoneInfo:
        """The zone of its times for somebody whose own zone, if known, is ``own``."""
        for name in (self.template.timezone, own):
            if zone := zone_or_none(name):
                return zone
        return ZoneInfo(workspace)


class Identity(Frozen):
    """What stays the same about a SOP; ``started`` is UTC ms, ``number`` is nobody else's."""

    id: str
    number: int
    template: str
    title: str | Localized
    started: int
    by: str


class Sop(Frozen):
    """A SOP: a template with parameters, audience and schedule, in a state and version."""

    identity: Identity
    state: State
    version: int

    @property
    def id(self) -> str:
        """Its name in commands, pages and keys."""
        return self.identity.id

    @property
    def token(self) -> str:
        """State and version as the store keeps them; scripts compare it."""
        return f"{self.state}/{self.version}"

    @property
    def source(self) -> str:
        """What deliveries and journal entries call it."""
        return f"sop {self.id}"

    def title(self, language: str) -> str:
        """Its title, to read."""
        return spoken(self.identity.title, language)

    def occurrence(self, step: str, name: str) -> str:
        """A step at one of its times; the same through all versions."""
        return f"{self.id}/{step}/{name}"

    @classmethod
    def of(cls, identity: str, token: str) -> Sop:
        """From what the store keeps."""
        state, _, version = token.partition("/")
        found = Identity.model_validate_json(identity)
        return cls.model_validate({"identity": found, "state": state, "version": int(version)})


def run_of(version: int, occurrence: str) -> str:
    """The run an occurrence belongs to in a version: ``version/step/name``."""
    return f"{version}/{occurrence.partition('/')[2]}"


def differing(old: Version, new: Version) -> tuple[dict[str, Any], dict[str, Any]]:
    """What two versions do not have alike, as (old, new): for the audit."""
    before, after = _flat(old), _flat(new)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return (
        {name: before[name] for name in names if name in before},
        {name: after[name] for name in names if name in after},
    )


def _flat(version: Version) -> dict[str, Any]:
    """A version by what a reader would name: its audience, parameters, settings and steps."""
    template = version.template.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    steps = {f"step {step['id']}": step for step in template.pop("step")}
    return {"audience": str(version.audience), **version.parameters, "template": template, **steps}


def followers(template: Template, occurrence: str, step: str, way: str = "") -> tuple[str, ...]:
    """The occurrences of the steps that come after a step that went a way."""
    sop, _, name = occurrence.split("/", 2)
    wanted = {step, f"{step}/{way}"} if way else {step}
    return tuple(f"{sop}/{one.id}/{name}" for one in template.step if one.follows in wanted)


def zone_or_none(name: str | None) -> ZoneInfo | None:
    """A zone by its name; an attribute may hold anything, so a wrong one is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, LookupError):
        return None
