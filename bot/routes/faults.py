"""Faults: what is wrong with a route, each at its key."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audience.audience import Audience
from bot.i18n.mark import msgid
from bot.located import KeyPath, Problems
from bot.model.phrase import Phrase
from bot.routes.keywords import rules
from bot.routing.fold import fold, simplified
from bot.routing.template import Templates
from bot.routing.wording import Synonyms
from bot.settings.rooms import RouteSettings

KNOWN = frozenset({"member.name", "member.account", "gateway", "workspace", "timezone", "route"})
"""What a route's texts can name; ``group`` is not there in a direct chat."""
TARGET = frozenset({"target.name", "target.id", "target.link"})
"""What its reply can name besides."""
NOBODY = msgid("nobody is asked: name the attribute to ask for (ask), such as region")

Fault = tuple[KeyPath, str, str]
"""Key path, message and hint."""


def faults(
    route: RouteSettings, synonyms: Synonyms, functions: frozenset[str] | None
) -> Iterator[Fault]:
    """Everything wrong with a route by itself.

    ``synonyms`` are the workspace's, by word; ``functions`` what its texts can call besides
    naming what is KNOWN; None leaves texts aside.
    """
    yield from _words(route, synonyms)
    yield from _conditions(route)
    yield from _question(route)
    if functions is not None:
        yield from _texts(route, KNOWN | functions)


def _texts(route: RouteSettings, known: frozenset[str]) -> Iterator[Fault]:
    texts: list[tuple[KeyPath, str | None, frozenset[str]]] = [
        (("reply",), route.reply, TARGET),
        (("question",), route.question, frozenset()),
        (("when", "otherwise"), route.when.otherwise, frozenset()),
    ]
    for path, text, more in texts:
        for problem in Templates().check(text or "", known | more):
            message = Phrase("line {n}: {what}", n=problem.line, what=Phrase.of(problem.message))
            yield path, message, problem.hint


def _words(route: RouteSettings, synonyms: Synonyms) -> Iterator[Fault]:
    for position, word in enumerate(route.words):
        try:
            rules(route.model_copy(update={"words": (word,)}), synonyms)
        except ValueError as error:
            yield ("words", position), Phrase.of(error), ""
    folded = simplified if route.mode == "regex" else fold
    for key in route.synonyms:
        if not any(folded(key) in folded(word) for word in route.words):
            yield ("synonyms", key), msgid("is in none of the words, so it changes nothing"), ""
    for key in ("pinyin", "typos") if route.mode == "regex" else ():
        if getattr(route, key):
            yield (key,), msgid("a pattern fits only as it stands: leave this out"), ""


def _conditions(route: RouteSettings) -> Iterator[Fault]:
    if route.when.audience is None:
        return
    try:
        Audience.parse(route.when.audience)
    except Problems as error:
        for problem in error.problems:
            what = Phrase.of(problem.message)
            message = Phrase("at character {n}: {what}", n=problem.place.column, what=what)
            yield ("when", "audience"), message, problem.hint


def _question(route: RouteSettings) -> Iterator[Fault]:
    for position, group in enumerate(route.groups):
        if route.ask and not group.labels:
            text = msgid("expected the answers to {ask} that lead here (labels)")
            yield ("groups", position), Phrase(text, ask=repr(route.ask)), ""
        if group.labels and not route.ask:
            yield ("groups", position, "labels"), NOBODY, ""
    if route.question and not route.ask:
        yield ("question",), NOBODY, ""
