"""Nearness: words that are one edit off, found by what is left of them without one character."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import takewhile

from bot.routing.fold import han, splits

LOOKED = 60
"""Characters of a folded text in which such words are looked for."""
LONGEST = 30
"""Characters of a folded word that may be one edit off."""
LETTERS, HAN = 4, 3
"""What it must have at least: so many letters, or so many Chinese characters."""

Hit = tuple[str, int, int]
"""A word, and where in the folded text it stands."""


def can_be_off(word: str) -> bool:
    """Whether a folded word is long enough to be known with one character off."""
    chinese = sum(map(han, word))
    letters = sum(map(str.isalpha, word)) - chinese
    return len(word) <= LONGEST and (chinese >= HAN or letters >= LETTERS)


def near(one: str, other: str) -> bool:
    """Whether they are at most one edit apart: a character more, less, another, or two swapped.

    Numbers must be the same: class 2 is not a mistyped class 3.
    """
    start = _shared(one, other)
    a, b = one[start:], other[start:]
    end = _shared(a[::-1], b[::-1])
    a, b = a[: len(a) - end], b[: len(b) - end]
    edits = (len(a) <= 1 and len(b) <= 1) or (len(a) == 2 and a == b[::-1])
    return edits and _numbers(one) == _numbers(other)


class Near:
    """Finds words, folded, in texts that say them with at most one edit."""

    def __init__(self, words: Iterable[str]) -> None:
        """Words that are too short or too long are left out."""
        self._left: dict[str, list[str]] = defaultdict(list)
        sizes, chinese = set[int](), set[int]()
        for word in filter(can_be_off, words):
            around = len(word) - 1, len(word), len(word) + 1
            sizes.update(around)
            chinese.update(around if any(map(han, word)) else ())
            for left in _left(word):
                self._left[left].append(word)
        self._sizes = sorted(sizes)
        self._chinese = sorted(chinese)

    def __bool__(self) -> bool:
        return bool(self._left)

    def find(self, folded: str) -> Iterator[Hit]:
        """The words, those first that are as long as what was said."""
        text = folded[:LOOKED]
        cuts = {at for at in range(len(text) + 1) if not splits(folded, at)}
        later: list[Hit] = []
        for start in sorted(cuts):
            # What begins with two Chinese characters is an edit off no word without any.
            only = start + 1 < len(text) and han(text[start]) and han(text[start + 1])
            for size in self._chinese if only else self._sizes:
                end = start + size
                if end > len(text):
                    break
                piece = text[start:end]
                if end not in cuts or piece[0] == " " or piece[-1] == " ":
                    continue
                for word in self._of(piece):
                    if len(word) == size:
                        yield word, start, end
                    else:
                        later.append((word, start, end))
        yield from later

    def whole(self, folded: str) -> list[str]:
        """The words that a whole text says with at most one edit."""
        return self._of(folded)

    def _of(self, piece: str) -> list[str]:
        lefts = [left for left in _left(piece) if left in self._left]
        found = {word for left in lefts for word in self._left[left]}
        return sorted(word for word in found if near(word, piece))


def _shared(one: str, other: str) -> int:
    """With how many equal characters they begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _left(word: str) -> set[str]:
    """The word, and what is left of it without each of its characters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _numbers(text: str) -> list[str]:
    return [character for character in text if character.isnumeric()]
