"""Pinyin: the ways to write Chinese words in Latin letters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby, islice, product

from bot.routing.fold import han

MOST_READINGS = 16
"""Ways to read one word that are listened to, the most usual first."""


@lru_cache(4096)
def spelt(word: str) -> tuple[str, ...]:
    """A folded word in full pinyin, joined and apart, and as initials; () without Chinese in it.

    Initials are only of words that are all Chinese and of at least two characters. Of characters
    that are read in several ways each way counts, up to MOST_READINGS for the word.
    """
    if not any(map(han, word)):
        return ()
    readings = list(islice(product(*_readings(word)), MOST_READINGS))
    found = dict.fromkeys(form for one in readings for form in _joined(word, one))
    if len(word) > 1 and all(map(han, word)):
        found |= dict.fromkeys("".join(syllable[0] for syllable in one) for one in readings)
    return tuple(found)


@lru_cache(4096)
def sound(text: str) -> str:
    """How a folded text is most usually read, without spaces: equal for what sounds the same."""
    if not any(map(han, text)):
        return text.replace(" ", "")
    return "".join(options[0] for options in _readings(text)).replace(" ", "")


def _readings(word: str) -> list[list[str]]:
    """For each character its readings, first as in this word; others as they are."""
    # Loading its tables takes 0.1 s and 50 MB: only for who asks for pinyin.
    from pypinyin import Style, pinyin

    def read(run: str) -> list[list[str]]:
        return pinyin(run, style=Style.NORMAL, heteronym=True)

    found: list[list[str]] = []
    for chinese, characters in groupby(word, han):
        run = "".join(characters)
        alone = [read(one)[0] if chinese else [one] for one in run]
        here = read(run) if chinese else alone
        if len(here) != len(run):  # what has no reading is not taken apart
            here = alone
        found += [
            list(dict.fromkeys((*first, *every))) for first, every in zip(here, alone, strict=True)
        ]
    return found


def _joined(word: str, reading: tuple[str, ...]) -> Iterator[str]:
    """The syllables joined, and apart; other scripts' words are kept whole."""
    yield "".join(reading)
    apart = ""
    for at, syllable in enumerate(reading):
        new = at > 0 and (han(word[at]) or han(word[at - 1]))
        apart += f" {syllable}" if new else syllable
    yield " ".join(apart.split())
