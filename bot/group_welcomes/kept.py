"""Kept: a group welcome as it is written down here, and how it stands at its platform."""

from __future__ import annotations

from typing import Literal

from bot.model.base import Frozen
from bot.model.group_welcome import GroupWelcome

State = Literal["making", "there", "behind", "unmade", "doubt", "gone"]
"""Being made; at the platform as it is here; there with an older text; not there; nobody knows
whether it is there; taken away by somebody else."""

PATIENCE = 120_000
"""Ms after which one that is still being made was left behind by a node that ended."""


class Kept(Frozen):
    """One group welcome: ``wanted`` is what it shall be, ``platform`` its id there.

    ``seen`` is what the platform told last, ``known`` what it told after our last change: they
    differ where somebody edited it there. Times are UTC ms, 0 for never; ``why`` is what the
    platform said when it did not take it, ``by`` the operator who wanted it last.
    """

    id: str
    gateway: str
    wanted: GroupWelcome
    state: State = "making"
    platform: str = ""
    known: GroupWelcome | None = None
    seen: GroupWelcome | None = None
    tell: bool = False
    why: str = ""
    since: int = 0
    changed: int = 0
    looked: int = 0
    by: str = ""

    @property
    def edited(self) -> bool:
        """Whether somebody edited it at the platform."""
        return self.state == "there" and self.seen != self.known

    def now(self, at: int) -> Kept:
        """As it is at a UTC ms: what a node was making and left is in doubt."""
        if self.state == "making" and at - self.changed >= PATIENCE:
            return self.model_copy(update={"state": "doubt"})
        return self
