"""Keywords: a route's words as rules of the index."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from bot.routing import wording
from bot.routing.rule import Rule
from bot.routing.wording import Synonyms
from bot.settings.rooms import RouteSettings


@dataclass(frozen=True, slots=True)
class Keyword:
    """One of a route's words, as it was written."""

    route: RouteSettings
    word: str


def rules(route: RouteSettings, synonyms: Synonyms) -> list[Rule[Keyword]]:
    """The route's rules; raises ValueError for a word that cannot be matched."""
    also = {**synonyms, **route.synonyms}
    return wording.rules(route, partial(Keyword, route), also, route.priority)
