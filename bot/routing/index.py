"""The index: all rules compiled into one synchronous pass, whatever their number."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic

from ahocorasick_rs import AhoCorasick

from bot.model.event import BaseEvent, MessageReceived
from bot.routing.fold import LIMIT, fold, rest, splits
from bot.routing.near import Hit, Near
from bot.routing.rule import KINDS, Found, Kind, Rule, T

Span = tuple[int, int]
"""Where something begins and ends."""
_LITERAL = ("exact", "all", "prefix", "contains", "pinyin")
_SLASH = re.compile(r"[/／]\s*(?=\S)")

WHY: dict[Kind, str] = {
    "exact": 'the whole text is "{word}"',
    "command": 'it is the command "/{word}"',
    "all": 'the text has all of "{word}"',
    "prefix": 'the text begins with "{word}"',
    "contains": 'the text contains "{word}"',
    "pinyin": 'pinyin: "{word}"',
    "regex": "the text matches the pattern {word}",
    "fuzzy": 'one character off: "{word}"',
    "any": "it takes every message",
    "event": "it takes every message",
}
"""Why a rule matched, for people; to be translated."""

WHY_NOT = {
    "off": "but another rule fits without a mistake",
    "priority": "but a rule of higher priority matches",
    "kind": "but a more specific kind of rule matches",
    "length": "but a longer word matches",
    "order": "but an earlier rule matches",
}
"""Why a rule that matched did not win, for people; to be translated."""


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """A rule that takes an event.

    ``word`` is the one of the rule's words that matched, as it was written; ``text`` the message's
    words; ``args`` what follows a command or prefix; ``found`` the match of a regex; ``said`` what
    was said for a word that is one character off; ``length`` how long the folded word is.
    """

    rule: Rule[T]
    word: str = ""
    text: str = ""
    args: str = ""
    found: Found | None = None
    said: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class Explained(Generic[T]):
    """What a rule made of a text: ``why`` it matched and, unless it ``won``, why it lost."""

    rule: Rule[T]
    word: str
    why: str
    won: bool


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    """One word of a rule, in the order of precedence."""

    rule: Rule[T]
    word: str
    folded: str
    order: int

    @property
    def precedence(self) -> tuple[bool, int, int, int, int]:
        kind = min(KINDS.index(self.rule.kind), KINDS.index("any"))
        off = self.rule.kind == "fuzzy"
        return off, -self.rule.priority, kind, -len(self.folded), self.order


class _Words(Generic[T]):
    """Which entries (by rank) a word of a text leads to, by where in the text it stands."""

    def __init__(self, entries: Iterable[tuple[int, _Entry[T]]]) -> None:
        self.exact: dict[str, list[int]] = defaultdict(list)
        self.prefix: dict[str, list[int]] = defaultdict(list)
        self.contains: dict[str, list[int]] = defaultdict(list)
        self.sets: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._sizes: dict[int, int] = {}
        by_place = {"exact": self.exact, "prefix": self.prefix, "contains": self.contains}
        for rank, entry in entries:
            if entry.rule.stands in by_place:
                by_place[entry.rule.stands][entry.folded].append(rank)
            for number, ways in enumerate(entry.rule.sets):
                self._sizes[rank] = number + 1
                for folded in dict.fromkeys(map(fold, ways)):
                    self.sets[folded].append((rank, number))

    @property
    def parts(self) -> set[str]:
        """The words that stand within texts."""
        return {*self.prefix, *self.contains, *self.sets}

    def ranks(self, hits: Iterable[Hit], size: int) -> dict[int, Span]:
        """The entries found in a folded text of this size, and where they were seen.

        Of those seen several times, one place; of sets none.
        """
        found: dict[int, Span] = {}
        parts: dict[int, set[int]] = {}
        for word, start, end in hits:
            at = start, end
            if here := self.contains.get(word):
                found = dict.fromkeys(here, at) | found
            if start == 0 and (here := self.prefix.get(word)):
                found = dict.fromkeys(here, at) | found
            if at == (0, size) and (here := self.exact.get(word)):
                found = dict.fromkeys(here, at) | found
            for rank, number in self.sets.get(word, ()):
                parts.setdefault(rank, set()).add(number)
        for rank, seen in parts.items():
            if len(seen) == self._sizes[rank]:
                found[rank] = 0, 0
        return found


class Index(Generic[T]):
    """Finds the rules that take an event.

    They come by priority, then the more specific first (exact, command, all, prefix, contains,
    pinyin, regex, any; the longer word first), then in the order given. Those that fit with one
    character off ("fuzzy") come after all others.
    """

    def __init__(self, rules: Iterable[Rule[T]]) -> None:
        self.rules = tuple(rules)
        self._entries = sorted(self._split(), key=lambda entry: entry.precedence)
        ranked = [*enumerate(self._entries)]
        self._words = _Words(pair for pair in ranked if pair[1].rule.kind in _LITERAL)
        self._fuzzy = _Words(pair for pair in ranked if pair[1].rule.kind == "fuzzy")
        self._near = Near({*self._fuzzy.parts, *self._fuzzy.exact})
        self._commands = self._by_command()
        self._command_words = max((len(e.word.split()) for e in self._of("command")), default=0)
        self._parts = sorted({*self._words.parts, *self._fuzzy.sets})
        self._automaton = AhoCorasick(self._parts) if self._parts else None
        self._patterns = [
            (rank, entry.rule.pattern)
            for rank, entry in enumerate(self._entries)
            if entry.rule.pattern is not None
        ]
        self._any = [rank for rank, entry in enumerate(self._entries) if _takes_messages(entry)]
        self._events: dict[type, list[Match[T]]] = {}

    def match(self, event: BaseEvent) -> list[Match[T]]:
        """The rules that take an event, best first; each rule once."""
        direct = event.group is None
        if isinstance(event, MessageReceived):
            return self.find(event.message.text, direct)
        kind = type(event)
        if kind not in self._events:
            self._events[kind] = [
                Match(entry.rule) for entry in self._entries if issubclass(kind, entry.rule.events)
            ]
        return [match for match in self._events[kind] if match.rule.direct in (None, direct)]

    def find(self, text: str, direct: bool | None = None) -> list[Match[T]]:
        """The rules that take a message of this text, best first; each rule once.

        ``direct`` says where it was said; None asks for the rules of both kinds of chats.
        """
        folded = fold(text)
        ranks: dict[int, Found | str | None] = dict.fromkeys(self._any)
        if len(text) <= LIMIT:
            ranks.update(dict.fromkeys(self._words.exact.get(folded, ())))
        hits, off = self._hits(folded), dict[int, Span]()
        if hits:
            ranks.update(dict.fromkeys(self._words.ranks(hits, 0)))
        if self._near:
            off = self._fuzzy.ranks([*self._near.find(folded), *hits], len(folded))
            ranks.update(dict.fromkeys(off))
        self._find_commands(text, ranks)
        self._find_patterns(text[:LIMIT], folded, ranks)
        matches: dict[int, Match[T]] = {}
        for rank in sorted(ranks):
            entry = self._entries[rank]
            rule = entry.rule
            if id(rule) in matches or (direct is not None and rule.direct is (not direct)):
                continue
            hit = ranks[rank]
            args, found = (hit, None) if isinstance(hit, str) else ("", hit)
            if rule.kind == "prefix":
                args = rest(text, entry.folded)
            said = folded[slice(*off[rank])] if rank in off else ""
            matches[id(rule)] = Match(rule, entry.word, text, args, found, said, len(entry.folded))
        return list(matches.values())

    def explain(self, text: str, direct: bool | None = None) -> list[Explained[T]]:
        """Every rule that matches a text, best first, with the reasons in words."""
        matches = self.find(text, direct)
        return [
            Explained(match.rule, match.word, _why(match, matches[0]), match is matches[0])
            for match in matches
        ]

    def _hits(self, folded: str) -> list[Hit]:
        """Where the words that stand within texts are."""
        if self._automaton is None:
            return []
        return [
            (self._parts[part], start, end)
            for part, start, end in self._automaton.find_matches_as_indexes(
                folded, overlapping=True
            )
            if not splits(folded, start) and not splits(folded, end)
        ]

    def _find_commands(self, text: str, ranks: dict[int, Found | str | None]) -> None:
        slash = _SLASH.match(text) if self._commands else None
        if slash is None:
            return
        for count in range(1, self._command_words + 1):
            *words, args = [*text[slash.end() :].split(maxsplit=count), ""][: count + 1]
            if len(words) < count:
                break
            found = self._commands.get(fold(" ".join(words)), ())
            ranks.update(dict.fromkeys(found, args.rstrip()))

    def _find_patterns(self, text: str, folded: str, ranks: dict[int, Found | str | None]) -> None:
        for rank, pattern in self._patterns:
            if found := pattern.search(text) or pattern.search(folded):
                ranks[rank] = found

    def _split(self) -> Iterable[_Entry[T]]:
        for order, rule in enumerate(self.rules):
            if rule.sets:
                folded = "".join(fold(ways[0]) for ways in rule.sets)
                yield _Entry(rule, rule.words[0], folded, order)
                continue
            for word in rule.words or ("",):
                folded = "" if rule.kind == "regex" else fold(word)
                yield _Entry(rule, word, folded, order)

    def _of(self, kind: Kind) -> Iterable[_Entry[T]]:
        return (entry for entry in self._entries if entry.rule.kind == kind)

    def _by_command(self) -> dict[str, list[int]]:
        ranks = defaultdict(list)
        for rank, entry in enumerate(self._entries):
            if entry.rule.kind == "command":
                ranks[entry.folded].append(rank)
        return dict(ranks)


def _takes_messages(entry: _Entry[T]) -> bool:
    rule = entry.rule
    return rule.kind == "any" or issubclass(MessageReceived, rule.events)


def _why(match: Match[T], winner: Match[T]) -> str:
    why = WHY[match.rule.kind].format(word=match.word)
    if match is winner:
        return why
    if "fuzzy" in (match.rule.kind, winner.rule.kind) and match.rule.kind != winner.rule.kind:
        reason = "off"
    elif match.rule.priority != winner.rule.priority:
        reason = "priority"
    elif match.rule.kind != winner.rule.kind:
        reason = "kind"
    elif len(fold(match.word)) != len(fold(winner.word)):
        reason = "length"
    else:
        reason = "order"
    return f"{why}, {WHY_NOT[reason]}"
