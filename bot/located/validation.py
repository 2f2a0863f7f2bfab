"""From pydantic's complaints to located problems in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.located.document import Located, holds
from bot.located.problem import KeyPath, Problem, Problems
from bot.located.shape import Slot, slot_at
from bot.located.words import given, kind_of, nearest, one_of, options_of, quote
from bot.model.phrase import Phrase
from bot.redaction import HIDDEN, is_secret

M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], located: Located, at: KeyPath = ()) -> M:
    """The table at ``at`` (the whole document when empty) as ``model``; raises Problems."""
    data = located.value(at)
    try:
        return model.model_validate({} if data is None else data)
    except ValidationError as error:
        found = error.errors(include_url=False)
    raise Problems(_Report(model, located, at).problems(found))


class _Report:
    """The problems of one validation."""

    def __init__(self, model: type[BaseModel], located: Located, at: KeyPath) -> None:
        self.model = model
        self.located = located
        self.at = at

    def problems(self, errors: list[ErrorDetails]) -> list[Problem]:
        """One problem for each key: where more is known about a part, that alone."""
        faults: dict[KeyPath, list[_Fault]] = {}
        for error in errors:
            fault = self.fault(error)
            faults.setdefault(fault.path, []).append(fault)
        return [
            self.problem(found)
            for path, found in faults.items()
            if not any(fault.general for fault in found)
            or not any(len(p) > len(path) and p[: len(path)] == path for p in faults)
        ]

    def fault(self, error: ErrorDetails) -> _Fault:
        """Follow the error's way through data and model, past pydantic's names for branches."""
        path = self.at
        value: Any = self.located.value(path)
        slot = Slot((self.model,))
        # A list whose elements are wrong is then called too short as well.
        general = error["type"] == "too_short"
        last = len(error["loc"]) - 1
        for position, part in enumerate(error["loc"]):
            if part == "[key]":
                slot, value = Slot(), path[-1]
            elif holds(value, part):
                path, value, slot = (*path, part), value[part], slot.inside(part)
            elif error["type"] == "missing" and position == last:
                path, slot = (*path, part), slot.inside(part)
            elif slot.inside(part).kinds:  # a short form, which a validator made a table of
                slot = slot.inside(part)
            else:
                general = True
        named = any(isinstance(part, str) and is_secret(part) for part in path)
        return _Fault(error, path, slot, value, general, slot.secret or named)

    def problem(self, faults: list[_Fault]) -> Problem:
        own = (fault for fault in faults if fault.error["type"] in ("expected", "value_error"))
        fault = next(own, faults[0])
        message, hint = self.words(fault)
        return self.located.problem(fault.path, message, hint)

    def words(self, fault: _Fault) -> tuple[str, str]:
        """Message and hint for one error."""
        kind = kind_of(fault.slot)
        context = fault.error.get("ctx", {})
        match fault.error["type"]:
            case "extra_forbidden":
                known = slot_at(self.model, fault.path[len(self.at) : -1]).keys
                return Phrase("unknown key"), nearest(str(fault.path[-1]), known)
            case "missing":
                return Phrase("missing; expected {what}", what=kind), ""
            case "expected":
                return _expected(fault, context["what"]), context["hint"]
            case "value_error" | "assertion_error":
                return _without(fault, Phrase.of(context["error"])), ""
            case "union_tag_invalid" | "union_tag_not_found":
                return _tag(fault.error)
            case "string_too_short" | "too_short":
                return Phrase("expected {what} that is not empty", what=kind), ""
        if not kind:
            return _got(fault, Phrase(_without(fault, fault.error["msg"]))), ""
        return _expected(fault, kind), _likely(fault)


@dataclass(frozen=True, slots=True)
class _Fault:
    """One of pydantic's errors: where it is in the data, and what the model wants there.

    ``general``: said of the whole where something may be said of a part.
    """

    error: ErrorDetails
    path: KeyPath
    slot: Slot
    value: Any
    general: bool
    secret: bool


def _expected(fault: _Fault, what: str) -> Phrase:
    return _got(fault, Phrase("expected {what}", what=what))


def _got(fault: _Fault, what: Phrase) -> Phrase:
    """``what``, and what was given instead unless that is a secret or may hold one."""
    if fault.secret or fault.value is None:
        return what
    found = given(fault.value)
    if isinstance(fault.value, str) and kind_of(fault.slot).startswith(("a table", "a list")):
        found = Phrase("text")
    return Phrase("{what}, got {given}", what=what, given=found)


def _likely(fault: _Fault) -> str:
    """The option that was meant, if one is near; all of them stand in the message already."""
    if fault.secret or not isinstance(fault.value, str):
        return ""
    hint = nearest(fault.value, options_of(fault.slot))
    return hint if hint.startswith("did") else ""


def _without(fault: _Fault, message: str) -> str:
    """A validator's own message, without the value when that is secret."""
    shown = str(fault.error["input"])
    return message.replace(shown, HIDDEN) if fault.secret and shown else message


def _tag(error: ErrorDetails) -> tuple[str, str]:
    context = error.get("ctx", {})
    key = str(context["discriminator"]).strip("'")
    if error["type"] == "union_tag_not_found":
        return Phrase("missing key {key}", key=quote(key)), ""
    options = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
    tag = str(context["tag"])
    what = Phrase("expected {what}", what=one_of(options))
    what = Phrase("{what}, got {given}", what=what, given=quote(tag))
    return Phrase("{key}: {what}", key=key, what=what), nearest(tag, options)
