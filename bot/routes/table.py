"""The table: all routes compiled, and which of them a text leads to, with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType

from bot.i18n.mark import msgid
from bot.model.conversation import Conversation
from bot.routes.conditions import Condition
from bot.routes.keywords import Keyword, rules
from bot.routing.fold import fold
from bot.routing.index import WHY, WHY_NOT, Index, Match
from bot.routing.rule import KINDS, Kind, Rule
from bot.routing.wording import said, shared
from bot.settings.rooms import RouteGroup, RouteSettings

SYNONYM = 'said "{said}" for "{word}"'
"""Why a synonym matched, for people; to be translated."""
MORE = msgid("{text}, {more}")
LOST = {
    **WHY_NOT,
    "off": "but another route fits without a mistake",
    "elsewhere": "but it does not listen in this group",
    "unmet": "but it is {condition}",
    "tie": "and another route fits as well: the member is asked which",
}
"""What else is to be said of a route that matched; to be translated."""
NO_SYNONYMS: Mapping[str, Sequence[str]] = MappingProxyType({})
NOTHING_UNMET: Mapping[str, Condition] = MappingProxyType({})
NOTHING_ONLY: Mapping[str, tuple[Condition, ...]] = MappingProxyType({})
NOTHING_ABSENT: Mapping[str, Sequence[RouteGroup]] = MappingProxyType({})
ABSENT = msgid("{group} is passed over: its gateway has no such group")


@dataclass(frozen=True, slots=True)
class Fit:
    """A route a text leads to, and its word that was said.

    ``said`` is the synonym or spelling used; ``kind`` how it fits, ``length`` of how many
    characters the word is.
    """

    route: RouteSettings
    word: str
    said: str
    kind: Kind
    length: int

    @property
    def standing(self) -> tuple[bool, int, int, int]:
        """What decides between routes: being said right, priority, kind of match, length."""
        kind = KINDS.index(self.kind)
        return self.kind == "fuzzy", -self.route.priority, kind, -self.length


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a route fits a text and, unless it won, why it lost.

    ``lost`` is a key of LOST; "tie" is said of routes that win together. ``unmet`` is the
    condition that does not hold; ``only`` are those nobody looked at; ``absent`` the groups
    nobody is led to.
    """

    route: str
    word: str
    said: str
    mode: str
    won: bool
    lost: str
    unmet: Condition | None = None
    only: tuple[Condition, ...] = ()
    absent: tuple[str, ...] = ()

    def text(self, translate: Callable[[str], str] = lambda text: text) -> str:
        """The reason in words."""
        parts = [translate(WHY[self.mode]).format(word=self.said)]  # type: ignore[index]
        if self.said != self.word:
            parts.append(translate(SYNONYM).format(said=self.said, word=self.word))
        if self.lost:
            condition = self.unmet.text(translate) if self.unmet else ""
            parts.append(translate(LOST[self.lost]).format(condition=condition))
        parts += [condition.text(translate) for condition in self.only]
        parts += [translate(ABSENT).format(group=group) for group in self.absent]
        joined = translate(MORE)
        return reduce(lambda text, more: joined.format(text=text, more=more), parts)


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

    def __init__(
        self, routes: Iterable[RouteSettings], synonyms: Mapping[str, Sequence[str]] = NO_SYNONYMS
    ) -> None:
        """Compile; ``synonyms`` are the workspace's sets. Raises ValueError for a word that cannot
        be matched."""
        self.routes = {route.name: route for route in routes}
        also = shared(synonyms)
        self._index = Index(rule for route in self.routes.values() for rule in rules(route, also))
        self._lobbies = {group for route in self.routes.values() for group in route.lobby}
        self._answers = {
            route.name: Index(_labels(route, also)) for route in self.routes.values() if route.ask
        }

    @property
    def asks(self) -> bool:
        """Whether any route asks the member something."""
        return bool(self._answers)

    def listens(self, where: Conversation) -> bool:
        """Whether any route listens there."""
        return bool(self.routes) and (where.group is None or where in self._lobbies)

    def find(self, text: str, where: Conversation | None = None) -> list[Fit]:
        """The routes a text leads to, best first; each once."""
        return [fit for fit in self._fits(text) if hears(fit.route, where)]

    def best(
        self,
        text: str,
        where: Conversation | None = None,
        unmet: Container[str] = (),
    ) -> list[Fit]:
        """The best of them, but for those ``unmet``: several when they fit equally."""
        fits = [fit for fit in self.find(text, where) if fit.route.name not in unmet]
        return [fit for fit in fits if fit.standing == fits[0].standing]

    def answer(self, route: str, text: str) -> str:
        """Which label (the first of a group) of a route that asks a text says; '' when none."""
        found = self._answers[route].find(text) if route in self._answers else []
        best = {
            match.rule.payload
            for match in found
            if (match.rule.kind, match.length) == (found[0].rule.kind, found[0].length)
        }
        return best.pop() if len(best) == 1 else ""

    def explain(
        self,
        text: str,
        where: Conversation | None = None,
        unmet: Mapping[str, Condition] = NOTHING_UNMET,
        only: Mapping[str, tuple[Condition, ...]] = NOTHING_ONLY,
        absent: Mapping[str, Sequence[RouteGroup]] = NOTHING_ABSENT,
    ) -> Explanation:
        """Every route whose words a text says, with the reasons.

        ``unmet`` is the condition that does not hold by route, ``only`` those nobody judged,
        ``absent`` the groups nobody is led to.
        """
        best = self.best(text, where, unmet)
        reasons = []
        for fit in self._fits(text):
            won, lost, name = fit in best, "", fit.route.name
            if won:
                lost = "tie" if len(best) > 1 else ""
            elif not hears(fit.route, where):
                lost = "elsewhere"
            else:
                lost = "unmet" if name in unmet else _beaten(fit, best[0])
            reasons.append(
                Reason(
                    *(name, fit.word, fit.said, fit.kind, won, lost),
                    *(unmet.get(name) if lost == "unmet" else None, only.get(name, ())),
                    tuple(one.written for one in absent.get(name, ())),
                )
            )
        reasons.sort(key=lambda reason: not reason.won)
        return Explanation(text, fold(text), where, tuple(reasons))

    def _fits(self, text: str) -> list[Fit]:
        found: dict[str, Fit] = {}
        for match in self._index.find(text):
            fit = _fit(match)
            found.setdefault(fit.route.name, fit)
        return list(found.values())


def hears(route: RouteSettings, where: Conversation | None) -> bool:
    """Whether a route listens there."""
    return where is None or where.group is None or where in route.lobby


def _fit(match: Match[Keyword]) -> Fit:
    keyword, kind = match.rule.payload, match.rule.kind
    itself = match.word == match.rule.words[0] and kind != "pinyin"
    said = match.said or (keyword.word if itself or match.rule.sets else match.word)
    return Fit(keyword.route, keyword.word, said, kind, match.length)


def _labels(route: RouteSettings, synonyms: Mapping[str, Sequence[str]]) -> Iterator[Rule[str]]:
    """How the answers to a route's question are recognised: anywhere in what is said."""
    lenient = route.model_copy(update={"pinyin": True, "typos": True, "priority": 0})
    for group in route.groups:
        for label in group.labels:
            yield from said(label, "contains", group.labels[0], synonyms, lenient)


def _beaten(fit: Fit, by: Fit) -> str:
    for own, other, reason in zip(
        fit.standing, by.standing, ("off", "priority", "kind", "length"), strict=True
    ):
        if own != other:
            return reason
    raise AssertionError("equals win together")
