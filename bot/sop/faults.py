"""Faults: why there is no such SOP, or why it cannot be changed now."""

from __future__ import annotations

from bot.model.phrase import Phrase


class NoSuchSop(LookupError):
    """There is no SOP of that name; the message names the nearest."""


class WrongState(Exception):
    """A SOP cannot do that in its state, or somebody else changed it at the same moment."""


class Locked(WrongState):
    """A step is about to be due, at the wall time ``due``; till then it cannot be edited."""

    def __init__(self, ident: str, due: str) -> None:
        super().__init__(Phrase('"{name}" is locked: a step is due at {due}', name=ident, due=due))
        self.due = due


def faster(ident: str) -> WrongState:
    """Somebody else was."""
    return WrongState(Phrase('"{name}" was changed by somebody else just now', name=ident))
