"""The audit's entries: who changed what, before and after."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from bot.model.base import Frozen
from bot.store.effects import Effects

KEPT = 100_000
"""Entries kept, roughly."""


class Change(Frozen):
    """One thing an operator did; ``at`` is UTC ms, ``what`` a dotted name, ``on`` its object."""

    at: int
    who: str
    what: str
    on: str = ""
    before: dict[str, Any] = Field(default={})
    after: dict[str, Any] = Field(default={})


def audit(effects: Effects, change: Change) -> None:
    """Write the change when, and only when, the effects are done."""
    body = change.model_dump_json(exclude_defaults=True)
    effects.do("XADD", effects.keys.audit(), "MAXLEN", "~", KEPT, "*", "change", body)


def audit_entry(effects: Effects, entry: Frozen) -> None:
    """The same in the journal's form: its ``source`` is "object, by who", its ``reason`` "before →
    after".
    """
    body = entry.model_dump_json(exclude_defaults=True)
    effects.do("XADD", effects.keys.audit(), "MAXLEN", "~", KEPT, "*", "entry", body)
