"""Initials: how a Chinese name is typed in short, 小明 as xm."""

from __future__ import annotations

from bisect import bisect_right

# GB 2312 puts its 3755 common characters in the order of their pinyin, so that where a letter's
# characters begin says the initial of each. Characters with several readings have their first.
_BEGINS = (
    *(0xB0A1, 0xB0C5, 0xB2C1, 0xB4EE, 0xB6EA, 0xB7A2, 0xB8C1, 0xB9FE, 0xBBF7, 0xBFA6, 0xC0AC),
    *(0xC2E8, 0xC4C3, 0xC5B6, 0xC5BE, 0xC6DA, 0xC8BB, 0xC8F6, 0xCBFA, 0xCDDA, 0xCEF4, 0xD1B9),
    0xD4D1,
)
_LETTERS = "abcdefghjklmnopqrstwxyz"
_END = 0xD7FA


def initials(name: str) -> str:
    """The pinyin initials of a name's common Chinese characters, its ASCII letters kept.

    '' when it has no Chinese character whose reading is known: then it is typed as it is.
    """
    if name.isascii():
        return ""
    found, known = [], False
    for char in name.casefold():
        if char.isascii():
            found.append(char)
        elif letter := _initial(char):
            found.append(letter)
            known = True
    return "".join(found) if known else ""


def _initial(char: str) -> str:
    try:
        code = int.from_bytes(char.encode("gb2312"), "big")
    except UnicodeEncodeError:
        return ""
    return _LETTERS[bisect_right(_BEGINS, code) - 1] if _BEGINS[0] <= code < _END else ""
