"""Names: the block list of words whose bearers are not greeted."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from bot.routing.fold import simplified
from bot.routing.rule import route_pattern

LONGEST = 200
"""Characters of a name that are looked at."""


class BlockList:
    """Patterns: part of a name, ``=`` the whole name, ``/…/`` a regular expression.

    Width and case make no difference. Raises ValueError for a pattern that is none.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._tests = {pattern: _test(pattern) for pattern in patterns}

    def find(self, name: str) -> str | None:
        """The first pattern that holds for a name."""
        folded = _folded(name[:LONGEST])
        fits = (p for p, (kind, what) in self._tests.items() if _holds(kind, what, folded))
        return next(fits, None)


@lru_cache(1000)
def _test(pattern: str) -> tuple[str, object]:
    if len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/"):
        return "regex", route_pattern(unicodedata.normalize("NFKC", pattern[1:-1]))
    if pattern.startswith("=") and len(pattern) > 1:
        return "whole", _folded(pattern[1:])
    return "part", _folded(pattern)


def _holds(kind: str, what: object, name: str) -> bool:
    if kind == "regex":
        return what.search(simplified(name)) is not None  # type: ignore[attr-defined]
    return name == what if kind == "whole" else str(what) in name


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
