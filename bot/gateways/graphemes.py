"""Graphemes: the smallest pieces of a text that may be parted."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_JOINER = "\u200d"


def graphemes(text: str) -> Iterator[str]:
    """What a reader sees as single characters, in order; together they are the text.

    The rules of Unicode's annex 29, with one difference that only ever keeps more together:
    whatever follows a zero-width joiner stays with it.
    """
    start = 0
    for index in range(1, len(text)):
        if _parts(text, start, index):
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def _parts(text: str, start: int, index: int) -> bool:
    """Whether the grapheme that began at ``start`` ends before ``index``."""
    before, after = text[index - 1], text[index]
    if before < "\u0300" and after < "\u0300":
        return not (before == "\r" and after == "\n")
    if unicodedata.category(before) in ("Cc", "Zl", "Zp"):
        return True
    if before == _JOINER or _extends(after):
        return False
    if _is_flag_letter(before) and _is_flag_letter(after):
        return (index - start) % 2 == 0
    return not _is_one_syllable(before, after)


def _extends(character: str) -> bool:
    """Marks, joiners, skin tones and tags: they belong to what they follow."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in "\u200c\u200d\uff9e\uff9f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_one_syllable(before: str, after: str) -> bool:
    """Whether two Hangul letters form one syllable."""
    if "\u1160" <= after <= "\u11ff" or "\ud7b0" <= after <= "\ud7fb":
        return _is_hangul(before)
    return _is_leading(before) and (_is_leading(after) or "\uac00" <= after <= "\ud7a3")


def _is_hangul(character: str) -> bool:
    return "\u1100" <= character <= "\u11ff" or "\ua960" <= character <= "\ud7fb"


def _is_leading(character: str) -> bool:
    return "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c"
