"""What is foreseen: a step at a moment, who gets it then, and who does not and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.sop.templates.step import Action
from bot.store.bits import Bits


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One step of one SOP at one moment.

    ``due`` is UTC ms, after quiet hours and blackouts (``deferred``: they moved it). Numbers are
    members', or groups' where ``to`` says so. ``who`` are those it is for then; of these
    ``by_staff`` need a staff member's tap. ``skipped`` are those whose time it would be, by the
    reason why they get nothing. Not ``certain``: it hangs on what members or staff do before, such
    as what a step waits for. ``sop`` is '' for a draft.
    """

    sop: str
    step: str
    action: Action
    due: int
    to: Literal["member", "group"]
    who: Bits
    by_staff: Bits = field(default_factory=Bits)
    skipped: Mapping[str, Bits] = field(default_factory=dict)
    deferred: bool = False
    certain: bool = True

    def why(self, number: int) -> str | None:
        """Why somebody gets nothing; '' when they get it, None when it is not about them."""
        if number in self.who:
            return ""
        return next((reason for reason, who in self.skipped.items() if number in who), None)
