"""Keywords: a route's words, and all the ways to say them, as rules of the index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from math import prod
from typing import TypeVar

import re2

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.routes.pinyin import spelt
from bot.routing.fold import fold, simplified, splits
from bot.routing.near import can_be_off
from bot.routing.rule import Kind, Place, Rule, route_pattern
from bot.settings.rooms import RouteSettings

MOST_WAYS = 100
"""Ways to say one word with its synonyms."""

MOST_SPELLINGS = 200
"""Ways to write one word in pinyin."""

P = TypeVar("P")
Synonyms = Mapping[str, Sequence[str]]
_Made = tuple[Kind, tuple[str, ...], tuple[tuple[str, ...], ...]]
_PLUS = re.compile(r"\s*[+＋]\s*")


@dataclass(frozen=True, slots=True)
class Keyword:
    """One of a route's words, as it was written."""

    route: RouteSettings
    word: str


def shared(sets: Synonyms) -> dict[str, tuple[str, ...]]:
    """The workspace's sets of synonyms as each of their words sees them."""
    found: dict[str, tuple[str, ...]] = {}
    for key, said in sets.items():
        every = dict.fromkeys((key, *said))
        found |= {word: tuple(other for other in every if other != word) for word in every}
    return found


def rules(route: RouteSettings, synonyms: Synonyms) -> list[Rule[Keyword]]:
    """The route's rules; raises ValueError for a word that cannot be matched."""
    return [rule for word in route.words for rule in _of_word(route, word, synonyms)]


def said(
    word: str, place: Place, payload: P, synonyms: Synonyms, route: RouteSettings
) -> list[Rule[P]]:
    """The rules for one word, as leniently as ``route`` reads; raises ValueError."""
    made = _together if place == "all" else _alone
    return [
        Rule(
            kind=kind, place=place, payload=payload, words=words, sets=sets, priority=route.priority
        )
        for kind, words, sets in made(word, place, synonyms, route)
    ]


def _of_word(route: RouteSettings, word: str, synonyms: Synonyms) -> list[Rule[Keyword]]:
    keyword, synonyms = Keyword(route, word), {**synonyms, **route.synonyms}
    if route.mode != "regex":
        return said(word, route.mode, keyword, synonyms, route)
    pattern = route_pattern(_pattern(word, synonyms))
    rule = Rule(
        kind="regex", payload=keyword, words=(word,), pattern=pattern, priority=route.priority
    )
    return [rule]


def _alone(word: str, place: Place, synonyms: Synonyms, route: RouteSettings) -> Iterator[_Made]:
    every = ways(word, synonyms)
    yield place, every, ()
    if route.pinyin and (forms := _spelt(every)):
        yield "pinyin", forms, ()
    if route.typos and (long := tuple(filter(can_be_off, every))):
        yield "fuzzy", long, ()


def _together(word: str, place: Place, synonyms: Synonyms, route: RouteSettings) -> Iterator[_Made]:
    parts = parts_of(word, place)
    if not all(parts):
        raise ValueError(Phrase('expected a word on both sides of "+"'))
    sets = tuple(ways(part, synonyms) for part in parts)
    yield place, (word,), sets
    if route.pinyin and any(map(_spelt, sets)):
        yield "pinyin", (word,), tuple((*every, *_spelt(every)) for every in sets)
    if route.typos and any(can_be_off(way) for every in sets for way in every):
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
