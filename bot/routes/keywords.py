"""Keywords: a route's words and their synonyms as rules of the index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import re2

from bot.i18n.mark import msgid
from bot.located import KeyPath
from bot.model.phrase import Phrase
from bot.routing.fold import fold, simplified, splits
from bot.routing.rule import Rule, route_pattern
from bot.routing.template import Templates
from bot.settings.rooms import RouteSettings

MOST_WAYS = 100
"""Ways to say one word with its synonyms."""

KNOWN = frozenset(
    {"member.name", "member.account", "gateway", "workspace", "timezone", "route"}
    | {"target.name", "target.id", "target.link"}
)
"""What a route's reply can name; ``group`` is not there in a direct chat."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """One of a route's words, as it was written."""

    route: RouteSettings
    word: str


def rules(route: RouteSettings) -> list[Rule[Keyword]]:
    """The route's rules; raises ValueError for a word that cannot be matched."""
    return [_rule(route, word) for word in route.words]


def faults(route: RouteSettings, functions: frozenset[str]) -> Iterator[tuple[KeyPath, str, str]]:
    """What is wrong with a route: key path, message and hint.

    ``functions`` are what its reply can call besides naming what is KNOWN.
    """
    for position, word in enumerate(route.words):
        try:
            _rule(route, word)
        except ValueError as error:
            yield ("words", position), Phrase.of(error), ""
    for key in route.synonyms:
        if not any(_folded(key, route.mode) in _folded(word, route.mode) for word in route.words):
            yield ("synonyms", key), msgid("is in none of the words, so it changes nothing"), ""
    for problem in Templates().check(route.reply or "", KNOWN | functions):
        message = Phrase("line {n}: {what}", n=problem.line, what=Phrase.of(problem.message))
        yield ("reply",), message, problem.hint


def _rule(route: RouteSettings, word: str) -> Rule[Keyword]:
    keyword = Keyword(route, word)
    if route.mode == "regex":
        source = _pattern(word, route.synonyms)
        return Rule(
            kind="regex",
            payload=keyword,
            words=(word,),
            pattern=route_pattern(source),
            priority=route.priority,
        )
    words = ways(word, route.synonyms)
    return Rule(kind=route.mode, payload=keyword, words=words, priority=route.priority)


def ways(word: str, synonyms: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """All ways to say a word, in folded form; the first is the word itself.

    Raises ValueError when there are more than MOST_WAYS.
    """
    folded, at = fold(word), 0
    groups = {fold(key): tuple(map(fold, said)) for key, said in synonyms.items()}
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


def _stands_at(key: str, folded: str, at: int) -> bool:
    """Whether ``key`` is at this position, and not as a part of a longer word."""
    end = at + len(key)
    fits = bool(key) and folded.startswith(key, at)
    return fits and not splits(folded, at) and not splits(folded, end)


def _pattern(source: str, synonyms: Mapping[str, Sequence[str]]) -> str:
    found = simplified(source)
    for key, said in synonyms.items():
        forms = dict.fromkeys(form(word) for word in (key, *said) for form in (simplified, fold))
        either = "|".join(map(re2.escape, forms))
        found = found.replace(simplified(key), f"(?:{either})")
    return found


def _folded(text: str, mode: str) -> str:
    return simplified(text) if mode == "regex" else fold(text)
