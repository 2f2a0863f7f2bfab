"""Wording: what somebody may say, and all the ways to say it, as rules of the index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product
from math import prod
from typing import Literal, Protocol, TypeVar

import re2

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.routing.fold import fold, simplified, splits
from bot.routing.near import can_be_off
from bot.routing.pinyin import spelt
from bot.routing.rule import Kind, Place, Rule, route_pattern

MOST_WAYS = 100
"""Ways to say one word with its synonyms."""

MOST_SPELLINGS = 200
"""Ways to write one word in pinyin."""

P = TypeVar("P")
Mode = Literal["exact", "all", "prefix", "contains", "regex"]
"""How a message must fit one of the words; "all": have all of "skin + oily"."""
Synonyms = Mapping[str, Sequence[str]]
_Made = tuple[Kind, tuple[str, ...], tuple[tuple[str, ...], ...]]
_PLUS = re.compile(r"\s*[+＋]\s*")


class Lenience(Protocol):
    """Which other spellings of a word are read as it."""

    @property
    def pinyin(self) -> bool:
        """Whether Chinese words may be written in pinyin or initials."""

    @property
    def typos(self) -> bool:
        """Whether one character of a longer word may be off."""


class Wording(Lenience, Protocol):
    """Words people type: what others say."""

    @property
    def words(self) -> tuple[str, ...]:
        """As they were written."""

    @property
    def mode(self) -> Mode:
        """How a message must fit one of them."""


def shared(sets: Synonyms) -> dict[str, tuple[str, ...]]:
    """The workspace's sets of synonyms as each of their words sees them."""
    found: dict[str, tuple[str, ...]] = {}
    for key, said in sets.items():
        every = dict.fromkeys((key, *said))
        found |= {word: tuple(other for other in every if other != word) for word in every}
    return found


def rules(
    wording: Wording, payload: Callable[[str], P], synonyms: Synonyms, priority: int = 0
) -> list[Rule[P]]:
    """The rules for all its words, each with its ``payload``.

    Raises ValueError for a word that cannot be matched.
    """
    return [
        rule
        for word in wording.words
        for rule in _of_word(wording, word, payload(word), synonyms, priority)
    ]


def said(
    word: str,
    place: Place,
    payload: P,
    synonyms: Synonyms,
    lenience: Lenience,
    priority: int = 0,
) -> list[Rule[P]]:
    """The rules for one word; raises ValueError."""
    made = _together if place == "all" else _alone
    return [
        Rule(kind=kind, place=place, payload=payload, words=words, sets=sets, priority=priority)
        for kind, words, sets in made(word, place, synonyms, lenience)
    ]


def _of_word(
    wording: Wording, word: str, payload: P, synonyms: Synonyms, priority: int
) -> list[Rule[P]]:
    if wording.mode != "regex":
        return said(word, wording.mode, payload, synonyms, wording, priority)
    pattern = route_pattern(_pattern(word, synonyms))
    return [Rule(kind="regex", payload=payload, words=(word,), pattern=pattern, priority=priority)]


def _alone(word: str, place: Place, synonyms: Synonyms, lenience: Lenience) -> Iterator[_Made]:
    every = ways(word, synonyms)
    yield place, every, ()
    if lenience.pinyin and (forms := _spelt(every)):
        yield "pinyin", forms, ()
    if lenience.typos and (long := tuple(filter(can_be_off, every))):
        yield "fuzzy", long, ()


def _together(word: str, place: Place, synonyms: Synonyms, lenience: Lenience) -> Iterator[_Made]:
    parts = parts_of(word, place)
    if not all(parts):
        raise ValueError(Phrase('expected a word on both sides of "+"'))
    sets = tuple(ways(part, synonyms) for part in parts)
    yield place, (word,), sets
    if lenience.pinyin and any(map(_spelt, sets)):
        yield "pinyin", (word,), tuple((*every, *_spelt(every)) for every in sets)
    if lenience.typos and any(can_be_off(way) for every in sets for way in every):
        yield "fuzzy", (word,), sets


def parts_of(word: str, place: str) -> list[str]:
    """What must be said of a word: of "skin + oily" both, where that is meant."""
    return _PLUS.split(word) if place == "all" else [word]


def _spelt(words: Iterable[str]) -> tuple[str, ...]:
    forms = dict.fromkeys(form for word in words for form in spelt(word))
    return tuple(islice(forms, MOST_SPELLINGS))


def ways(word: str, synonyms: Synonyms) -> tuple[str, ...]:
    """All ways to say a word, in folded form; the first is the word itself.

    Raises ValueError when there are more than MOST_WAYS.
    """
    folded, at = fold(word), 0
    groups = {_read(key): tuple(map(_read, others)) for key, others in synonyms.items()}
    keys = sorted(groups, key=len, reverse=True)
    parts: list[tuple[str, ...]] = []
    while at < len(folded):
        key = next((k for k in keys if _stands_at(k, folded, at)), "")
        parts.append((key, *groups[key]) if key else (folded[at],))
        at += len(parts[-1][0])
    count = prod(map(len, parts))
    if count > MOST_WAYS:
        text = msgid("can be said in {count} ways with its synonyms: at most {most}")
        raise ValueError(Phrase(text, count=count, most=MOST_WAYS))
    return tuple(dict.fromkeys("".join(choice) for choice in product(*parts)))


_read = lru_cache(4096)(fold)


def _stands_at(key: str, folded: str, at: int) -> bool:
    """Whether ``key`` is at this position, and not as a part of a longer word."""
    end = at + len(key)
    fits = bool(key) and folded.startswith(key, at)
    return fits and not splits(folded, at) and not splits(folded, end)


def _pattern(source: str, synonyms: Synonyms) -> str:
    every = {simplified(key): (key, *others) for key, others in synonyms.items()}
    if not every:
        return simplified(source)

    def either(found: re.Match[str]) -> str:
        forms = dict.fromkeys(form(word) for word in every[found[0]] for form in (simplified, fold))
        return f"(?:{'|'.join(map(re2.escape, forms))})"

    keys = sorted(map(re.escape, every), key=len, reverse=True)
    return re.sub("|".join(keys), either, simplified(source))
