"""Plain words: what a setting expects, what was given, and the nearest valid name."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import reduce
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import AnyUrl, HttpUrl, SecretStr
from pydantic_core import PydanticCustomError

from bot.i18n.mark import msgid
from bot.located.shape import Kind, Slot
from bot.model.phrase import Phrase
from bot.redaction import without_secrets

_LONGEST = 60
_READ = 2000
_FEW = 8


def expected(what: str, hint: str = "") -> PydanticCustomError:
    """For validators to raise: ``expected {what}, got …; {hint}``, both phrases for managers."""
    return PydanticCustomError("expected", "expected {what}", {"what": what, "hint": hint})


def nearest(word: str, names: Iterable[str]) -> str:
    """``did you mean "x"?``; else, where there are few, the names to choose from; else nothing."""
    folded = {_fold(name): name for name in names}
    if close := difflib.get_close_matches(_fold(word), folded, n=1):
        return Phrase("did you mean {name}?", name=quote(folded[close[0]]))
    if 0 < len(folded) <= _FEW:
        return known_here(sorted(folded.values()))
    return ""


def known_here(names: Iterable[str]) -> Phrase:
    """The names to choose from."""
    return Phrase("known here: {names}", names=", ".join(names))


def quote(text: str) -> str:
    """Text in quotes, on one line, cropped, without credentials."""
    shown = without_secrets(text[:_READ])
    if len(shown) > _LONGEST:
        shown = shown[: _LONGEST - 1] + "…"
    return json.dumps(shown, ensure_ascii=False)


def one_of(options: Iterable[str]) -> str:
    """The options in quotes: ``"a", "b" or "c"``."""
    return _either(map(quote, options))


def given(value: Any) -> str:
    """What was given, in words: scalars as they were written, only the kind of anything else."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quote(value)
        case list() | tuple():
            return Phrase("a list")
        case Mapping():
            return Phrase("a table")
        case int() if abs(value) >= 10**_LONGEST:
            return Phrase("a far larger number")
        case _:
            return str(value)


def kind_of(slot: Slot) -> str:
    """What may stand in a slot: ``a whole number between 1 and 65535``; "" when nothing may."""
    if words := [note.words for note in slot.notes if isinstance(note, Kind)]:
        return _either(words)
    return _either(word for kind in slot.kinds for word in _words(kind, slot.notes))


def options_of(slot: Slot) -> list[str]:
    """The texts a slot lets one choose from."""
    return [option for kind in slot.kinds for option in _options(kind)]


_BOUNDS = {
    "ge": msgid("{number} of at least {bound}"),
    "gt": msgid("{number} above {bound}"),
    "le": msgid("{number} of at most {bound}"),
    "lt": msgid("{number} below {bound}"),
}
_SIMPLE: dict[Any, Phrase] = {
    bool: Phrase("true or false"),
    str: Phrase("text"),
    SecretStr: Phrase("text"),
    Path: Phrase("a path"),
    AnyUrl: Phrase("a URL such as https://example.com"),
    HttpUrl: Phrase("a URL such as https://example.com"),
}


def _words(kind: Any, notes: Iterable[Any]) -> list[str]:
    if kind is type(None):
        return []
    if kind in (int, float):
        return [_bounded(Phrase("a whole number") if kind is int else Phrase("a number"), notes)]
    if options := _options(kind):
        return [quote(option) for option in options]
    alone = Slot((kind,))
    if alone.models or alone.values.kinds:
        return [Phrase("a table")]
    if alone.items.kinds:
        inner = kind_of(alone.items)
        plural = {"a table": Phrase("a list of tables"), "text": Phrase("a list of texts")}
        return [plural.get(inner) or Phrase("a list, each {what}", what=inner)]
    return [_SIMPLE.get(kind) or Phrase("a value")]


def _either(words: Iterable[str]) -> str:
    *others, last = dict.fromkeys(words) or [""]
    if not others:
        return last
    first = reduce(lambda one, two: Phrase("{first}, {second}", first=one, second=two), others)
    return Phrase("{first} or {last}", first=first, last=last)


def _options(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(member.value) for member in kind]
    return []


def _bounded(number: Phrase, notes: Iterable[Any]) -> Phrase:
    names = ("ge", "gt", "le", "lt")
    found = {n: getattr(note, n) for note in notes for n in names if hasattr(note, n)}
    if "ge" in found and "le" in found:
        low, high = found["ge"], found["le"]
        return Phrase("{number} between {low} and {high}", number=number, low=low, high=high)
    for name in names:
        if name in found:
            number = Phrase(_BOUNDS[name], number=number, bound=found[name])
    return number


def _fold(name: str) -> str:
    return name.casefold().replace("-", "_")
