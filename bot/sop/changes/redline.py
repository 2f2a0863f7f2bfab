"""The redline: two texts as one, with what went and what came marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

Mark = Literal["same", "gone", "new"]
Piece = tuple[Mark, str]

_WORD = re.compile(r"[㐀-鿿]|[^\W\d_㐀-鿿]+|\d+|\s+|.", re.DOTALL)
"""Chinese is compared sign by sign, everything else word by word."""
LONGEST = 1_500
"""Words of one passage that are compared; a longer one is shown as replaced."""


def redline(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces of both texts in order: line by line, then words within the lines that differ."""
    found: list[Piece] = []
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for mark, gone, came in _runs(old, new):
        if mark == "same":
            found.append(("same", "".join(gone)))
        else:
            found += _words("".join(gone), "".join(came))
    return tuple(_joined(found))


def _words(before: str, after: str) -> Iterator[Piece]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    if max(len(old), len(new)) > LONGEST:
        yield from (("gone", before), ("new", after))
        return
    for mark, gone, came in _runs(old, new):
        if mark == "same":
            yield "same", "".join(gone)
        else:
            yield from (("gone", "".join(gone)), ("new", "".join(came)))


def _runs(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[Literal["same", "other"], Sequence[str], Sequence[str]]]:
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield "same" if what == "equal" else "other", old[a:b], new[c:d]


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Without empty pieces, neighbours alike as one; one sign or space between changes goes along.

    So "the green tea" against "a black tea" reads as one change, not two.
    """
    held: dict[Mark, str] = {"gone": "", "new": ""}
    same = ""
    for mark, text in [piece for piece in pieces if piece[1]]:
        if mark == "same":
            same += text
            continue
        changing = held["gone"] or held["new"]
        if same and changing and len(same.strip()) <= 1 and "\n" not in same:
            held = {key: value + same for key, value in held.items()}
        elif same:
            yield from _both(held)
            yield "same", same
            held = {"gone": "", "new": ""}
        held[mark] += text
        same = ""
    yield from _both(held)
    if same:
        yield "same", same


def _both(held: dict[Mark, str]) -> Iterator[Piece]:
    if held["gone"]:
        yield "gone", held["gone"]
    if held["new"]:
        yield "new", held["new"]
