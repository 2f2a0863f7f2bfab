"""A problem in a file: where it is, which key, what is wrong and what would be right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.model.phrase import Phrase

KeyPath = tuple[str | int, ...]
"""The way to a value: keys and, in arrays, positions from 0."""

_BARE = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file, counted from 1; line 0 means the file (or variable) as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to correct; ``str()`` is one line to show, without secrets.

    Message and hint are phrases where a manager may read them.
    """

    place: Place
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: {self.key}" if self.key else str(self.place)
        return f"{where}: {self.said}"

    @property
    def said(self) -> Phrase:
        """Message and hint, without the place."""
        what, hint = Phrase.of(self.message), Phrase.of(self.hint)
        return Phrase("{what}; {hint}", what=what, hint=hint) if hint else what

    @property
    def keyed(self) -> Phrase:
        """The same after the key, if there is one."""
        return Phrase("{key}: {what}", key=self.key, what=self.said) if self.key else self.said


class Problems(Exception):
    """Everything wrong with one or more files, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


def key_text(path: KeyPath) -> str:
    """A key path as people write it: ``routes[0].words``, ``welcome.groups."tea room"``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            text += f".{bare}" if text else bare
    return text
