"""Where the keys of a TOML text stand; the text must be one that tomllib accepts."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

from bot.located.problem import KeyPath

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def places(text: str) -> dict[KeyPath, tuple[int, int]]:
    """The (line, column), from 1, of every key and array element.

    A table that only dotted keys or longer headers mention stands where it is first mentioned.
    """
    text = text.replace("\r\n", "\n")
    scan = _Scan(text)
    scan.document()
    starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line_and_column(at: int) -> tuple[int, int]:
        line = bisect_right(starts, at)
        return line, at - starts[line - 1] + 1

    return {path: line_and_column(at) for path, at in (scan.mentioned | scan.defined).items()}


class _Scan:
    """One pass over the text; tomllib has proved it valid, so nothing is checked twice."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.mentioned: dict[KeyPath, int] = {}
        self.defined: dict[KeyPath, int] = {}
        self.tables: dict[KeyPath, int] = {}
        """How many ``[[path]]`` headers there were."""

    def document(self) -> None:
        table: KeyPath = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.take("[["):
                table = self.header(array=True)
            elif self.take("["):
                table = self.header(array=False)
            else:
                self.pair(table)
            self.skip(_BLANK)

    def header(self, *, array: bool) -> KeyPath:
        self.skip(_SPACE)
        path: KeyPath = ()
        start = self.at
        *outer, last = self.key()
        for part, at in outer:
            path = (*path, part)
            self.mentioned.setdefault(path, at)
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
        path = (*path, last[0])
        if array:
            self.mentioned.setdefault(path, start)
            self.tables[path] = self.tables.get(path, 0) + 1
            path = (*path, self.tables[path] - 1)
        self.defined[path] = start
        self.at += 2 if array else 1
        return path

    def pair(self, table: KeyPath) -> None:
        start = self.at
        path = table
        for part, _ in self.key():
            path = (*path, part)
            self.mentioned.setdefault(path, start)
        self.defined[path] = start
        self.take("=")
        self.skip(_SPACE)
        self.value(path)

    def key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key and where each starts; leaves ``at`` behind the key."""
        parts = []
        while True:
            start = self.at
            quoted = self.text[start] in "\"'"
            self.skip(_STRING if quoted else _BARE)
            name = self.text[start : self.at]
            parts.append((tomllib.loads(f"k={name}")["k"] if quoted else name, start))
            self.skip(_SPACE)
            if not self.take("."):
                return parts
            self.skip(_SPACE)

    def value(self, path: KeyPath) -> None:
        if self.take("["):
            self.array(path)
        elif self.take("{"):
            self.inline_table(path)
        elif self.text[self.at] in "\"'":
            self.skip(_STRING)
        else:
            self.skip(_SCALAR)

    def array(self, path: KeyPath) -> None:
        index = 0
        self.skip(_BLANK)
        while not self.take("]"):
            self.defined[*path, index] = self.at
            self.value((*path, index))
            index += 1
            self.skip(_BLANK)
            self.take(",")
            self.skip(_BLANK)

    def inline_table(self, path: KeyPath) -> None:
        self.skip(_BLANK)
        while not self.take("}"):
            self.pair(path)
            self.skip(_BLANK)
            self.take(",")
            self.skip(_BLANK)

    def take(self, token: str) -> bool:
        found = self.text.startswith(token, self.at)
        self.at += len(token) if found else 0
        return found

    def skip(self, pattern: re.Pattern[str]) -> None:
        if match := pattern.match(self.text, self.at):
            self.at = match.end()
