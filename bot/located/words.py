"""Plain words: what a setting expects, what was given, and the nearest valid name."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import AnyUrl, HttpUrl, SecretStr
from pydantic_core import PydanticCustomError

from bot.located.shape import Kind, Slot
from bot.redaction import without_secrets

_LONGEST = 60
_READ = 2000
_FEW = 8


def expected(what: str, hint: str = "") -> PydanticCustomError:
    """For validators to raise: ``expected {what}, got …; {hint}``."""
    return PydanticCustomError("expected", "expected {what}", {"what": what, "hint": hint})


def nearest(word: str, names: Iterable[str]) -> str:
    """``did you mean "x"?``; else, where there are few, the names to choose from; else nothing."""
    folded = {_fold(name): name for name in names}
    if close := difflib.get_close_matches(_fold(word), folded, n=1):
        return f"did you mean {quote(folded[close[0]])}?"
    if 0 < len(folded) <= _FEW:
        return "known here: " + ", ".join(sorted(folded.values()))
    return ""


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
            return "a list"
        case Mapping():
            return "a table"
        case int() if abs(value) >= 10**_LONGEST:
            return "a far larger number"
        case _:
            return str(value)


def kind_of(slot: Slot) -> str:
    """What may stand in a slot: ``a whole number between 1 and 65535``; "" when nothing may."""
    if words := [note.words for note in slot.notes if isinstance(note, Kind)]:
        return " or ".join(dict.fromkeys(words))
    return _either(word for kind in slot.kinds for word in _words(kind, slot.notes))


def options_of(slot: Slot) -> list[str]:
    """The texts a slot lets one choose from."""
    return [option for kind in slot.kinds for option in _options(kind)]


_SIMPLE: dict[Any, str] = {
    bool: "true or false",
    str: "text",
    SecretStr: "text",
    Path: "a path",
    AnyUrl: "a URL such as https://example.com",
    HttpUrl: "a URL such as https://example.com",
}


def _words(kind: Any, notes: Iterable[Any]) -> list[str]:
    if kind is type(None):
        return []
    if kind in (int, float):
        return [("a whole number" if kind is int else "a number") + _bounds(notes)]
    if options := _options(kind):
        return [quote(option) for option in options]
    alone = Slot((kind,))
    if alone.models or alone.values.kinds:
        return ["a table"]
    if alone.items.kinds:
        inner = kind_of(alone.items)
        plural = {"a table": "a list of tables", "text": "a list of texts"}
        return [plural.get(inner, f"a list, each {inner}")]
    return [_SIMPLE.get(kind, "a value")]


def _either(words: Iterable[str]) -> str:
    *others, last = dict.fromkeys(words) or [""]
    return f"{', '.join(others)} or {last}" if others else last


def _options(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(value) for value in get_args(kind)]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [str(member.value) for member in kind]
    return []


def _bounds(notes: Iterable[Any]) -> str:
    names = ("ge", "gt", "le", "lt")
    found = {n: getattr(note, n) for note in notes for n in names if hasattr(note, n)}
    if "ge" in found and "le" in found:
        return f" between {found['ge']} and {found['le']}"
    words = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
    return "".join(f" {words[name]} {found[name]}" for name in names if name in found)


def _fold(name: str) -> str:
    return name.casefold().replace("-", "_")
