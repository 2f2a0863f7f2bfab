"""Deeds: what operators did to SOPs, told in the journal and the audit."""

from __future__ import annotations

from bot.delivery.journal import Entry, record
from bot.sop.record import Sop
from bot.store.audit import audit_entry
from bot.store.effects import Effects


def told(
    effects: Effects, sop: Sop, what: str, by: str, now: int, change: str, text: str = ""
) -> None:
    """Write an operator's word on a SOP into journal and audit; ``change`` is "before → after"."""
    audit_entry(effects, noted(effects, sop, what, by, now, change, text))


def noted(
    effects: Effects, sop: Sop, what: str, by: str, now: int, change: str, text: str = ""
) -> Entry:
    """Write it into the journal alone, for who tells the audit more."""
    source = f"{sop.source}, by {by}"
    entry = Entry(at=now, what=what, source=source, reason=change, text=text)
    record(effects, entry)
    return entry
