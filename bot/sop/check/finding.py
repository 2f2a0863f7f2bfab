"""Findings: what a plan check tells, where, and how it could be put right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.sop.check.fixes import Fix

Severity = Literal["error", "warning", "note"]
"""It cannot go as it is; it goes, but not as meant; good to know."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Place(Frozen):
    """What a finding is about; what does not matter is empty.

    ``key`` is the key of the template or step, ``target`` a gateway, group or variant.
    """

    sop: str = ""
    step: str = ""
    key: str = ""
    target: str = ""


class Finding(Frozen):
    """One thing to know before launch, with a change of the draft that would mend it."""

    severity: Severity
    place: Place
    message: Phrase
    fix: Fix | None = None


def told(
    severity: Severity, place: Place, text: str, fix: Fix | None = None, /, **values: str | int
) -> Finding:
    """A finding; ``text`` is a msgid, which ``values`` fill."""
    message = Phrase(text, **values)
    return Finding(severity=severity, place=place, message=message, fix=fix)


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once, in order."""
    return [*{finding.model_dump_json(): finding for finding in findings}.values()]
