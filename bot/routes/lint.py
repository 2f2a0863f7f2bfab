"""Lint: routes that get in each other's way, or that nobody can ever take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.routes.conditions import never_holds
from bot.routes.table import Fit, Table, hears
from bot.routing.wording import parts_of
from bot.settings.conditions import RouteConditions
from bot.settings.rooms import RouteGroup, RouteSettings

_ALWAYS = RouteConditions()
_AROUND = ("{}", "\U0001f7a1{}\U0001f7a1", "0 {} 0", "{}\U0001f7a1", "\U0001f7a1{}")
"""A word alone, and among what no word of a route holds."""
_SPACED = re.compile("[\u3400-\u9fff]\\s+[\u3400-\u9fff]")
_ANYTHING = ("\U0001f7a1", "0", "q z")


Values = Callable[[str, str], Phrase | None]
"""What is wrong with a value of an attribute, by name; None when nothing is."""


def any_value(name: str, value: str) -> Phrase | None:
    """Where nothing is declared."""
    return None


@dataclass(frozen=True, slots=True)
class Caution:
    """What a manager should look at; ``routes`` are all it is about, first the one to change."""

    routes: tuple[str, ...]
    message: Phrase


def lint(table: Table, today: date) -> list[Caution]:
    """Everything that looks unintended; ``today`` is in the workspace's zone."""
    found = list(_alike(table))
    for route in table.routes.values():
        if never_holds(route.when, today):
            text = Phrase(msgid("its dates are over, or on none of its days of the week"))
            found.append(Caution((route.name,), text))
        found += _everything(table, route)
        found += _undivided(route)
        found += _beaten(table, route)
    return found


def nowhere(route: RouteSettings, absent: Sequence[RouteGroup]) -> Iterator[Caution]:
    """Its groups nobody is led to, for their gateway does not have them."""
    for one in absent:
        text = msgid(
            "nobody is led to {group}: its gateway has no such group. Is it written right, and is "
            "the bot in it?"
        )
        yield Caution((route.name,), Phrase(text, group=one.written))


def values_of(table: Table, values: Values) -> Iterator[Caution]:
    """Values of attributes no member can have, as they are declared now, and what for."""
    for route in table.routes.values():
        wanted = [
            (
                Phrase(msgid("members whose “{name}” is “{value}”"), name=name, value=value),
                name,
                value,
            )
            for name, every in route.when.attributes.items()
            for value in every
        ]
        if route.ask:
            wanted += [
                (
                    Phrase(msgid("answers that lead to {group}"), group=group.written),
                    route.ask,
                    group.labels[0],
                )
                for group in route.groups
                if group.labels
            ]
        for where, name, value in wanted:
            if wrong := values(name, value):
                text = msgid("{where}: {what}")
                yield Caution((route.name,), Phrase(text, where=where, what=wrong))


def _everything(table: Table, route: RouteSettings) -> Iterator[Caution]:
    """Patterns that fit every message."""
    if route.mode != "regex":
        return
    said = [{fit.route.name for fit in table.find(text)} for text in _ANYTHING]
    if all(route.name in names for names in said):
        yield Caution((route.name,), Phrase(msgid("it takes every message")))


def _undivided(route: RouteSettings) -> Iterator[Caution]:
    """Chinese words with a space between them where a plus is meant."""
    for word in route.words if route.mode == "all" else ():
        if _SPACED.search(word) and len(parts_of(word, route.mode)) == 1:
            text = msgid("“{word}” is heard as one phrase: write + between words in any order")
            yield Caution((route.name,), Phrase(text, word=word))


def _alike(table: Table) -> Iterator[Caution]:
    """Words of equal standing, as they are or by synonyms, in routes for the same people."""
    order = {name: number for number, name in enumerate(table.routes)}
    words: dict[tuple[str, str], str] = {}
    for route, word, other in _equals(table):
        if other.name != route.name and other.when == route.when:
            first, second = sorted((route.name, other.name), key=order.__getitem__)
            words.setdefault((second, first), word)
    for names, word in words.items():
        text = msgid("“{word}” leads to “{other}” as well: members are asked which they mean")
        yield Caution(names, Phrase(text, word=word, other=names[1]))


def _equals(table: Table) -> Iterator[tuple[RouteSettings, str, RouteSettings]]:
    """Each route's words with the routes that win together with it when one is said."""
    patterns: dict[tuple[str, int], RouteSettings] = {}
    for route in table.routes.values():
        for word in route.words:
            if route.mode == "regex":
                yield route, word, patterns.setdefault((word, route.priority), route)
                continue
            best = [fit.route for fit in table.best(_said(route, word))]
            if route.name in (one.name for one in best):
                yield from ((route, word, other) for other in best)


def _said(route: RouteSettings, word: str) -> str:
    """A message that says just a word."""
    return " 0 ".join(parts_of(word, route.mode))


def _beaten(table: Table, route: RouteSettings) -> Iterator[Caution]:
    """Words that another route takes wherever they are said."""
    if route.mode == "regex":
        return
    lost = {word: by for word in route.words if (by := _always(table, route, word))}
    if not lost:
        return
    word, by = next(iter(lost.items()))
    if len(lost) == len(route.words):
        text = Phrase(msgid("nobody gets here: “{other}” always goes before it"), other=by)
    else:
        text = Phrase(
            msgid("“{word}” never leads here: “{other}” always goes before it"), word=word, other=by
        )
    yield Caution((route.name, by), text)


def _always(table: Table, route: RouteSettings, word: str) -> str:
    """Which route wins over ``route`` whatever stands around a word; '' when none does."""
    said = _said(route, word)
    around = {"exact": _AROUND[:1], "prefix": (_AROUND[0], _AROUND[3], "{} 0")}
    names: set[str] | None = None
    for pattern in around.get(route.mode, _AROUND):
        fits = table.find(pattern.format(said))
        own = next((fit for fit in fits if fit.route.name == route.name), None)
        if own is None:
            return ""
        better = {fit.route.name for fit in fits if _before(fit, own)}
        names = better if names is None else names & better
    return min(names or [""])


def _before(fit: Fit, own: Fit) -> bool:
    """Whether a route goes before another one for everybody and everywhere that one listens."""
    return (
        fit.standing < own.standing
        and fit.route.when in (_ALWAYS, own.route.when)
        and all(hears(fit.route, place) for place in own.route.lobby)
    )
