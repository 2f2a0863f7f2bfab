"""The table: all routes compiled, and which of them a text leads to, with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.model.conversation import Conversation
from bot.routes.keywords import Keyword, rules
from bot.routing.fold import fold
from bot.routing.index import WHY, WHY_NOT, Index, Match
from bot.routing.rule import KINDS
from bot.settings.rooms import RouteSettings

SYNONYM = 'said "{said}" for "{word}"'
"""Why a synonym matched, for people; to be translated."""
LOST = {
    **WHY_NOT,
    "elsewhere": "but it does not listen in this group",
    "tie": "and another route fits as well: the member is asked which",
}
"""What else is to be said of a route that matched; to be translated."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A route a text leads to, and its word that was said (``said`` is the synonym used)."""

    route: RouteSettings
    word: str
    said: str

    @property
    def standing(self) -> tuple[int, int, int]:
        """What decides between routes: priority, kind of match, length of what was said."""
        length = 0 if self.route.mode == "regex" else len(fold(self.said))
        return -self.route.priority, KINDS.index(self.route.mode), -length


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a route fits a text and, unless it won, why it lost.

    ``lost`` is a key of LOST; "tie" is said of routes that win together.
    """

    route: str
    word: str
    said: str
    mode: str
    won: bool
    lost: str

    def text(self, translate: Callable[[str], str] = lambda text: text) -> str:
        """The reason in words."""
        parts = [translate(WHY[self.mode]).format(word=self.said)]  # type: ignore[index]
        if self.said != self.word:
            parts.append(translate(SYNONYM).format(said=self.said, word=self.word))
        if self.lost:
            parts.append(translate(LOST[self.lost]))
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the routes make of a text: its folded form, and every route that matches, best first."""

    text: str
    folded: str
    where: Conversation | None
    reasons: tuple[Reason, ...]

    @property
    def winners(self) -> tuple[str, ...]:
        """The routes that win: none, one, or several of which the member chooses."""
        return tuple(reason.route for reason in self.reasons if reason.won)


class Table:
    """Compiled routes; nothing here needs a running bot.

    ``where`` is the conversation a text is said in; None stands for a direct chat.
    """

    def __init__(self, routes: Iterable[RouteSettings]) -> None:
        """Compile; raises ValueError for a word that cannot be matched."""
        self.routes = {route.name: route for route in routes}
        self._index = Index(rule for route in self.routes.values() for rule in rules(route))
        self._lobbies = {group for route in self.routes.values() for group in route.lobby}

    def listens(self, where: Conversation) -> bool:
        """Whether any route listens there."""
        return bool(self.routes) and (where.group is None or where in self._lobbies)

    def find(self, text: str, where: Conversation | None = None) -> list[Fit]:
        """The routes a text leads to, best first; each once."""
        return [fit for fit in self._fits(text) if _hears(fit.route, where)]

    def best(self, text: str, where: Conversation | None = None) -> list[Fit]:
        """The best of them: several when they fit equally."""
        fits = self.find(text, where)
        return [fit for fit in fits if fit.standing == fits[0].standing]

    def explain(self, text: str, where: Conversation | None = None) -> Explanation:
        """Every route whose words a text says, with the reasons."""
        best = self.best(text, where)
        reasons = []
        for fit in self._fits(text):
            won, lost = fit in best, ""
            if won:
                lost = "tie" if len(best) > 1 else ""
            elif not _hears(fit.route, where):
                lost = "elsewhere"
            else:
                lost = _beaten(fit, best[0])
            route = fit.route
            reasons.append(Reason(route.name, fit.word, fit.said, route.mode, won, lost))
        reasons.sort(key=lambda reason: not reason.won)
        return Explanation(text, fold(text), where, tuple(reasons))

    def _fits(self, text: str) -> list[Fit]:
        found: dict[str, Fit] = {}
        for match in self._index.find(text):
            fit = _fit(match)
            found.setdefault(fit.route.name, fit)
        return list(found.values())


def _fit(match: Match[Keyword]) -> Fit:
    keyword = match.rule.payload
    itself = match.word == match.rule.words[0]
    return Fit(keyword.route, keyword.word, keyword.word if itself else match.word)


def _hears(route: RouteSettings, where: Conversation | None) -> bool:
    return where is None or where.group is None or where in route.lobby


def _beaten(fit: Fit, by: Fit) -> str:
    for own, other, reason in zip(
        fit.standing, by.standing, ("priority", "kind", "length"), strict=True
    ):
        if own != other:
            return reason
    raise AssertionError("equals win together")
