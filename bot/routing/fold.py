"""Folding: the one form in which words and messages are compared."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left

from opencc import OpenCC

LIMIT = 4_000
"""Characters of a message that take part in matching; what comes later is ignored."""

# Scripts written without spaces between words: Thai and Lao, Myanmar, Khmer, Chinese, Japanese;
# and Korean, where particles are written onto the word.
_DENSE = (
    r"\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff"
    r"\u2e80-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_NEEDLESS_SPACE = re.compile(f"(?<=[{_DENSE}]) | (?=[{_DENSE}])")
_ONE_WORD = re.compile(f"[^\\W{_DENSE}]{{2}}")
_INVISIBLE = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_SEPARATORS = re.compile(r"\A[\s,，、:：\u200b-\u200f\u2060\ufe0f\ufeff]+")
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_APOSTROPHES = "'’‘ʼ"
_SPACING = ("P", "Z", "Sk", "Cc")

_simplified = OpenCC("t2s").convert


class _Shapes(dict[int, str | None]):
    """What becomes of a character: a space, nothing, or itself; filled as characters are met."""

    def __missing__(self, code: int) -> str | None:
        shape = self[code] = _shape(chr(code))
        return shape


def _shape(character: str) -> str | None:
    category = unicodedata.category(character)
    if category in ("Cf", "Cs") or character in _APOSTROPHES or _INVISIBLE.match(character):
        return None
    return " " if category.startswith(_SPACING) or character == "~" else character


_shapes = _Shapes()


def fold(text: str) -> str:
    """The form of ``text`` to compare: equal for what people hold to be the same words.

    Width, case, traditional or simplified characters, punctuation, invisible characters and
    needless spaces make no difference. Of text that is only punctuation the punctuation stays.
    Looks at the first LIMIT characters.
    """
    return _words(text) or "".join(filter(_visible, _normal(text)))


def rest(text: str, word: str) -> str:
    """What ``text`` says, as it was written, after the folded ``word`` it begins with."""
    size = end = len(word)
    while end < len(text) and len(_words(text[:end])) < size:
        end *= 2
    end = bisect_left(range(min(end, len(text))), size, key=lambda i: len(_words(text[:i])))
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    if _words(text[:end]) != word:  # the word ends inside a character, as "kg" does in "㎏s"
        return _words(text)[size:].strip()
    return _SEPARATORS.sub("", text[end:], count=1)


def splits(text: str, at: int) -> bool:
    """Whether a cut of folded text before position ``at`` goes through a word."""
    return 0 < at < len(text) and _ONE_WORD.match(text, at - 1) is not None


def han(character: str) -> bool:
    """Whether it is a Chinese character."""
    return _HAN.fullmatch(character) is not None


def simplified(text: str) -> str:
    """Traditional Chinese characters as simplified ones, all else unchanged."""
    return text if text.isascii() else str(_simplified(text))


def _visible(character: str) -> bool:
    return character != " " and character.isprintable() and _shapes[ord(character)] is not None


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text[:LIMIT]).casefold()


def _words(text: str) -> str:
    words = " ".join(_normal(text).translate(_shapes).split())
    if words.isascii():
        return words
    words = unicodedata.normalize("NFKC", words)
    return simplified(_NEEDLESS_SPACE.sub("", words))
