"""A difference as a terminal shows it: what an edit of a SOP changes, line by line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from bot.sop.changes.difference import Change, Crowding, Difference, StepChange
from bot.sop.changes.redline import Piece

MARKS = {"gone": "[-{}-]", "new": "{{+{}+}}", "same": "{}"}
"""As ``git diff --word-diff`` marks what went and what came."""


def lines(found: Difference, *, stay: bool, catch_up: Collection[str]) -> Iterator[str]:
    """The lines to read before saying yes."""
    if found.empty:
        yield "nothing changes"
    yield from _audience(found.audience)
    for title, changes in (("parameter", found.parameters), ("setting", found.settings)):
        for change in changes:
            yield f"{title} {_change(change)}"
    for step in found.steps:
        yield from _step(step)
    if found.flight:
        then = "stay on their version" if stay else "follow the new version; --stay keeps them"
        yield f"in flight: {found.flight.count()} {then}"
    for ident, who in found.past.items():
        if who:
            then = "get it now" if ident in catch_up else f"do not get it; --catch-up {ident}"
            yield f"past step {ident}: {who.count()} {then}"


def summary(found: Difference) -> dict[str, Any]:
    """The same for programs."""
    crowd = found.audience
    return {
        "audience": {
            "before": str(crowd.before) if crowd.before else None,
            "after": str(crowd.after),
            "staying": crowd.staying,
            "joining": crowd.joins.count(),
            "leaving": crowd.leaves.count(),
        },
        "parameters": {one.what: [one.before, one.after] for one in found.parameters},
        "settings": {one.what: [one.before, one.after] for one in found.settings},
        "steps": {one.id: one.kind for one in found.steps},
        "in_flight": found.flight.count(),
        "past": {ident: who.count() for ident, who in found.past.items()},
    }


def _audience(crowd: Crowding) -> Iterator[str]:
    if not crowd.changed:
        return
    yield f"audience: {crowd.before} → {crowd.after}"
    yield f"  {crowd.staying} stay"
    for what, who, names in (
        ("join", crowd.joins, crowd.joining),
        ("leave", crowd.leaves, crowd.leaving),
    ):
        if who:
            more = " …" if who.count() > len(names) else ""
            yield f"  {who.count()} {what}: {', '.join(names)}{more}"


def _step(step: StepChange) -> Iterator[str]:
    yield f"step {step.id}: {step.kind}" + (", at another time" if step.timed else "")
    for change in step.settings:
        yield f"  {_change(change)}"
    if step.reworded:
        for way, pieces in step.texts.items():
            text = _marked(pieces).strip().replace("\n", "\n    ")
            yield f"  {way + ': ' if way else ''}{text}"


def _change(change: Change) -> str:
    return f"{change.what}: {change.before or '–'} → {change.after or '–'}"


def _marked(pieces: Collection[Piece]) -> str:
    return "".join(MARKS[mark].format(text) for mark, text in pieces)
