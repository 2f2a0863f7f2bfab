"""Time keys: which of a step's keys say when it comes, and which go with which anchor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from bot.i18n.mark import msgid
from bot.located import nearest
from bot.model.phrase import Phrase
from bot.sop.templates.anchor import AttributeAnchor, DateAnchor, is_moment
from bot.sop.templates.step import Reference, Step
from bot.sop.templates.template import Template
from bot.sop.times.timing import cycle_of

_DAY = 86_400.0
_CYCLES = ("every", "weekly", "monthly", "on", "lunar", "holiday")
_WINDOW = ("until", "spread")
_KEYS = ("after", "before", "at", *_WINDOW, *_CYCLES, "days", "closed")
_OFFSETS = ("after", "before")
_TAKEN = {
    "follows": ("after", "at", *_WINDOW),
    "moment": ("after", "at", *_WINDOW),
    "date": ("after", "before", "at", *_WINDOW),
}
_SAMPLES: dict[str, str | date] = {"at": "09:00", "every": "0 9 * * *", "on": date(2026, 1, 1)}
_CYCLE_KEYS = {"cron": "every", "on_closed": "closed"}

Wrong = tuple[str, str, str]
"""Which key of a step, what is wrong, and a hint."""


def wrong_times(template: Template, step: Step) -> Iterator[Wrong]:
    """What is wrong with the keys that say when a step comes."""
    given = {key for key in _KEYS if getattr(step, key) != Step.model_fields[key].default}
    kind = _kind(template, step)
    if kind == "calendar":
        yield from _calendar_wrong(step, given)
    else:
        taken = _TAKEN[kind]
        why = msgid("this anchor does not take it")
        if kind == "follows":
            why = msgid("a step that follows another does not take it")
        for key in sorted(given.difference(taken)):
            yield key, why, nearest(key, taken)
        yield from _offset_missing(template, kind, given)
    if {"after", "before"} <= given:
        yield "before", msgid('expected either "after" or "before"'), ""
    for key in _OFFSETS:
        if (given & {"at", "holiday"}) and (getattr(step, key) or 0.0) % _DAY:
            beside = "holiday" if "holiday" in given else "at"
            message = Phrase('expected whole days beside "{key}"', key=beside)
            yield key, message, msgid('such as "3d"')
    yield from _window_wrong(step, given)


def _kind(template: Template, step: Step) -> str:
    if step.follows is not None:
        return "follows"
    if is_moment(template.anchor):
        return "moment"
    return "calendar" if isinstance(template.anchor, str) else "date"


def _offset_missing(template: Template, kind: str, given: set[str]) -> Iterator[Wrong]:
    anchor = template.anchor
    if kind == "moment" and "after" not in given:
        yield "after", msgid("missing; expected a duration such as 3d"), ""
    if kind != "date" or "at" in given:
        return
    if isinstance(anchor, AttributeAnchor) and anchor.yearly:
        yield "at", msgid("missing; expected a time of day"), ""
    if isinstance(anchor, DateAnchor) and anchor.time is None:
        hint = msgid('or give the anchor a "time"')
        yield "at", msgid("missing; expected a time of day"), hint


def _calendar_wrong(step: Step, given: set[str]) -> Iterator[Wrong]:
    cycles = [key for key in _CYCLES if key in given]
    if not cycles:
        yield "every", Phrase("missing; expected one of {names}", names=", ".join(_CYCLES)), ""
    for key in cycles[1:]:
        text = msgid('expected one of {names}, and "{name}" is there')
        yield key, Phrase(text, names=", ".join(_CYCLES), name=cycles[0]), ""
    for key in sorted(given.intersection(_OFFSETS)):
        if "holiday" not in given:
            yield key, msgid('expected beside "holiday" only'), ""
    if "every" in given and "at" in given:
        yield "at", msgid('"every" has its own time of day'), ""
    elif "every" not in given and "at" not in given:
        yield "at", msgid("missing; expected a time of day"), ""
    elif len(cycles) == 1 and not (given & {"after", "before"} and "holiday" not in given):
        yield from _cycle_wrong(step)


def _cycle_wrong(step: Step) -> Iterator[Wrong]:
    """What the calendar itself says of the values."""
    samples = {
        key: value for key, value in _SAMPLES.items() if isinstance(getattr(step, key), Reference)
    }
    offset = "before" if step.before else "after"
    for key, message, hint in cycle_of(step.model_copy(update=samples)).faults():
        yield _CYCLE_KEYS.get(key, offset if key == "offset" else key), message, hint


def _window_wrong(step: Step, given: set[str]) -> Iterator[Wrong]:
    if "until" in given and not given & {"at", "every"}:
        yield "until", msgid('expected beside "at", where the window begins'), ""
    if "until" in given and step.until == step.at:
        yield "until", msgid('expected another time of day than "at"'), ""
    if "spread" in given and "until" not in given:
        yield "spread", msgid('expected beside "until" only'), ""
