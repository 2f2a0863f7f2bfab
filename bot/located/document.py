"""A TOML document whose values remember where they were written."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.located.places import places
from bot.located.problem import KeyPath, Place, Problem, Problems, key_text
from bot.located.toml import MISTAKES
from bot.model.phrase import Phrase

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_FULLWIDTH = re.compile("[“”‘’＝［］｛｝，＃]")


@dataclass(frozen=True, slots=True)
class Located:
    """The data of a document, and the places of its keys; shows no values in its repr."""

    file: str
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    places: Mapping[KeyPath, Place] = field(default_factory=dict, repr=False)

    def place(self, path: KeyPath) -> Place:
        """Where a key stands; for one that is not there, where the nearest table around it does."""
        for end in range(len(path), 0, -1):
            if found := self.places.get(path[:end]):
                return found
        return Place(self.file)

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """A problem with the value at ``path``."""
        return Problem(self.place(path), key_text(path), message, hint)

    def value(self, path: KeyPath) -> Any:
        """The value at ``path``, or None when there is none."""
        value: Any = self.data
        for part in path:
            if not holds(value, part):
                return None
            value = value[part]
        return value

    def replaced(self, path: KeyPath, value: Any, place: Place) -> Located:
        """A copy in which ``path`` holds ``value``, said at ``place``.

        What is no table where one is needed stays: validation will say so.
        """
        data = _replaced(self.data, path, value)
        kept = {key: at for key, at in self.places.items() if key[: len(path)] != path}
        around = {path[:end]: place for end in range(1, len(path))}
        return Located(self.file, data, around | kept | {path: place})


def holds(value: Any, part: str | int) -> bool:
    """Whether a table has this key, or a list this position."""
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)


def _replaced(node: Any, path: KeyPath, value: Any) -> Any:
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(node, Mapping):
        return {**node, part: _replaced(node.get(part, {}), rest, value)}
    if holds(node, part):
        return [_replaced(n, rest, value) if i == part else n for i, n in enumerate(node)]
    return node


def load(path: Path, name: str | None = None) -> Located:
    """Read a TOML file; ``name`` is how errors call it. Raises Problems."""
    name = name or str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise Problems([Problem(Place(name), "", reason[:1].lower() + reason[1:])]) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        hint = Phrase("save the file in the encoding UTF-8")
        raise Problems([Problem(Place(name, line), "", Phrase("not UTF-8 text"), hint)]) from None
    return parse(text, name)


def parse(text: str, file: str) -> Located:
    """Read a TOML text; raises Problems."""
    try:
        data = tomllib.loads(text)
        where = places(text)
    except RecursionError:
        raise Problems([Problem(Place(file), "", Phrase("nested too deeply"))]) from None
    except ValueError as error:  # TOMLDecodeError, and numbers with thousands of digits
        raise Problems([_syntax(text, file, str(error))]) from None
    return Located(file, data, {path: Place(file, *at) for path, at in where.items()})


def _syntax(text: str, file: str, message: str) -> Problem:
    lines = text.split("\n")
    found = _AT.search(message)
    line, column = len(lines), 1
    if found:
        message = message[: found.start()]
        if found[1]:
            line, column = int(found[1]), int(found[2])
    hint: str = ""
    if _FULLWIDTH.search(lines[line - 1]):
        hint = Phrase('the line has full-width marks such as “ or ＝; TOML wants " and =')
    elif message == "Invalid value":
        hint = Phrase('text needs quotes, as in name = "value"')
    said = Phrase("not valid TOML: {reason}", reason=Phrase.heard(message, MISTAKES))
    return Problem(Place(file, line, column), "", said, hint)
