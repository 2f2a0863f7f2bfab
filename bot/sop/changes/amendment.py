"""Amendments: times and texts of single steps changed, steps taken out, and one added."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from bot.located import Place, Problem, Problems
from bot.model.phrase import Phrase
from bot.sop.templates.library import Library
from bot.sop.templates.manuscript import data_of, toml
from bot.sop.templates.template import Template

WHEN = ("after", "before", "at", "until", "every", "on")
"""Times that can be amended, where a step has them and no parameter gives them."""
_STEP = re.compile(r"step\[(\d+)\]\.?(.*)")
_FILE = "steps"

Fields = Mapping[str, str]
"""Values by their keys: ``after``, ``at``, ``text``, ``text.zh``, ``variant.0.text`` …"""


def fields(template: Template) -> dict[str, dict[str, str]]:
    """What can be amended: each step's fields with their values, by step id."""
    return {step["id"]: dict(_fields(step)) for step in data_of(template)["step"]}


def amended(
    template: Template,
    library: Library,
    changes: Mapping[str, Fields],
    removed: Collection[str] = (),
    added: Fields | None = None,
) -> Template:
    """The template with these fields of its steps; what is not given stays.

    Raises Problems whose keys are ``step id.field``; ``added`` has its own fields, and is ``new``
    there.
    """
    data = data_of(template)
    for step in data["step"]:
        for key, value in changes.get(step["id"], {}).items():
            _put(step, key, value)
    data["step"] = [step for step in data["step"] if step["id"] not in removed]
    names = [step["id"] for step in data["step"]]
    if added:
        data["step"].append({key: value for key, value in added.items() if value})
        names.append("new")
    if not data["step"]:
        raise Problems([Problem(Place(_FILE), "", Phrase("a SOP has at least one step"))])
    try:
        return library.parse(toml(data), _FILE)
    except Problems as found:
        raise Problems([_named(problem, names) for problem in found.problems]) from None


def _fields(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in WHEN:
        value = step.get(key)
        if isinstance(value, str | date):
            yield key, str(value)
    yield from _texts("text", step.get("text"))
    for number, variant in enumerate(step.get("variant", ())):
        yield from _texts(f"variant.{number}.text", variant["text"])


def _texts(key: str, words: Any) -> Iterator[tuple[str, str]]:
    if isinstance(words, str):
        yield key, words
    elif words is not None:
        yield from ((f"{key}.{language}", text) for language, text in words.items())


def _put(step: dict[str, Any], path: str, value: str) -> None:
    """Change one field that is there; an empty time takes it away.

    A text keeps the line end it has where only that differs.
    """
    *way, last = path.split(".")
    place: Any = step
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    old = place[last]
    if not value and last in WHEN:
        del place[last]
    elif isinstance(old, date):
        try:
            place[last] = date.fromisoformat(value)
        except ValueError:
            place[last] = value
    elif value.strip() != str(old).strip():
        place[last] = value


def _named(problem: Problem, names: list[str]) -> Problem:
    """The same, said of a step by its id."""
    found = _STEP.match(problem.key)
    key = f"{names[int(found[1])]}.{found[2]}" if found else problem.key
    return Problem(Place(_FILE), key, problem.message, problem.hint)
