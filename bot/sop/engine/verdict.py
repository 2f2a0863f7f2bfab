"""Verdicts: what becomes of one target at its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.model.delivery import Cap, Delivery
from bot.sop.engine.turn import Flight
from bot.sop.means import nothing
from bot.sop.outcomes.tasks import Task
from bot.sop.record import run_of
from bot.sop.templates.step import Step
from bot.store.effects import Effects
from bot.store.members import Group, Member

GONE = frozenset(
    {"left", "opted out", "not in the audience", "group gone", "stopped", "stop condition", "quit"}
)
"""Reasons after which a target gets nothing of the steps that follow either."""

Act = Callable[[Effects], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Who a row is about: a group, or a member and the group it is met in."""

    number: int
    name: str
    who: str
    zone: ZoneInfo
    member: Member | None
    group: Group | None


@dataclass(frozen=True, slots=True)
class Case:
    """One target, the version it follows and its step there, due at ``due`` (UTC ms)."""

    target: Target
    flight: Flight
    step: Step | None
    occurrence: str
    due: int

    @property
    def run(self) -> str:
        """The run its row belongs to, without the SOP: ``version/step/name``."""
        return run_of(self.flight.version.number, self.occurrence)


@dataclass(frozen=True, slots=True)
class Skip:
    """Not sent to this target; ``detail`` says more than the catalogued reason."""

    reason: str
    detail: str = ""
    way: str = ""
    act: Act = nothing


@dataclass(frozen=True, slots=True)
class Postpone:
    """Due again at this UTC ms, and why."""

    due: int
    why: str


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for what the member does, until ``due`` (UTC ms)."""

    due: int
    what: str


@dataclass(frozen=True, slots=True)
class Done:
    """Done at once, without a message; ``way`` is how it goes on."""

    way: str = ""
    act: Act = nothing
    text: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """A message on its way; ``way`` is the variant."""

    delivery: Delivery
    way: str = ""
    act: Act = nothing


@dataclass(frozen=True, slots=True)
class Assign:
    """A task for staff, counted against ``caps``; ``counted`` is what the store has of each."""

    task: Task
    way: str = ""
    caps: tuple[Cap, ...] = ()
    counted: dict[str, str] = field(default_factory=dict)
    act: Act = nothing


Verdict = Skip | Postpone | Await | Done | Send | Assign
