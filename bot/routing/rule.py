"""A rule: which events something is for; handlers and keyword routes are both behind rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, get_args

import re2

from bot.i18n.mark import msgid
from bot.model.event import BaseEvent
from bot.model.phrase import Phrase
from bot.routing.fold import fold, simplified

T = TypeVar("T")

Kind = Literal[
    "exact", "command", "all", "prefix", "contains", "pinyin", "regex", "fuzzy", "any", "event"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The most specific first. Any rule goes before a "fuzzy" one, whatever their priority."""
Place = Literal["exact", "all", "prefix", "contains"]
"""Where in a text words stand: they are all of it, in any order in it, at its beginning, in it."""

MISTAKES = (
    msgid("missing ): {where}"),
    msgid("missing ]: {where}"),
    msgid("unexpected ): {where}"),
    msgid("bad repetition operator: {where}"),
    msgid("no argument for repetition operator: {where}"),
    msgid("invalid repetition size: {where}"),
    msgid("invalid character class range: {where}"),
    msgid("invalid perl operator: {where}"),
    msgid("invalid escape sequence: {where}"),
    msgid("invalid named capture group: {where}"),
    msgid("pattern too large - compile failed"),
    msgid("trailing \\"),
)
"""What RE2 says of a regular expression."""

_PLACES: tuple[Place, ...] = get_args(Place)
_WORDED = ("command", *_PLACES, "pinyin", "fuzzy")


class Pass(Enum):
    """The type of PASS."""

    PASS = "pass"  # noqa: S105 - no password


PASS: Final = Pass.PASS
"""Returned by a handler that leaves the event to the next rule that matches."""


class Found(Protocol):
    """What both ``re`` and ``re2`` give for a match."""

    def group(self, *groups: Any) -> Any:
        """The text of a group."""

    def groups(self) -> tuple[Any, ...]:
        """The texts of all groups."""


class Pattern(Protocol):
    """What both ``re`` and ``re2`` can do with a text."""

    def search(self, text: str, /) -> Found | None:
        """The first match anywhere in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[T]):
    """Leads the events it matches to ``payload``.

    ``words`` are the words, command names or the source of ``pattern``, as they were written.
    ``sets``: of "all", the ways to say each of the words that a text must have. ``place``: where
    the words of "pinyin" and "fuzzy" stand; of other kinds the kind says it.
    ``direct``: only direct chats (True), only groups (False), both (None). ``role``: the operator
    role the speaker needs; the index does not look at it. Raises ValueError for words that can
    never match.
    """

    kind: Kind
    payload: T
    words: tuple[str, ...] = ()
    sets: tuple[tuple[str, ...], ...] = ()
    place: Place | None = None
    pattern: Pattern | None = None
    events: tuple[type[BaseEvent], ...] = ()
    priority: int = 0
    direct: bool | None = None
    role: str | None = None
    help: str = ""

    def __post_init__(self) -> None:
        if self.kind in _WORDED:
            for words in self.sets or (self.words,):
                _check_words(self.stands, words)
        if self.kind in ("pinyin", "fuzzy") and self.place is None:
            raise ValueError("expected a place")
        if self.kind == "regex" and self.pattern is None:
            raise ValueError("a regex rule needs a pattern")
        if self.kind == "event" and not self.events:
            raise ValueError("expected at least one class of events")

    @property
    def stands(self) -> Place | None:
        """Where in a text the words stand."""
        return self.place or next((place for place in _PLACES if place == self.kind), None)


def _check_words(place: Place | None, words: tuple[str, ...]) -> None:
    if not words:
        raise ValueError("expected at least one word")
    for word in words:
        folded = fold(word)
        if not folded:
            raise ValueError(Phrase("{word} says nothing: expected a word", word=repr(word)))
        if place != "exact" and fold(f"x {folded}") == "x":
            text = msgid("{word} is only punctuation, which is matched as a whole text only")
            raise ValueError(Phrase(text, word=repr(word)))


def handler_pattern(source: str) -> Pattern:
    """A regex from source code, with all that ``re`` can; raises ValueError with the place."""
    try:
        return re.compile(source)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None


def route_pattern(source: str) -> Pattern:
    """A regex somebody typed: linear time, any case, any kind of Chinese; raises ValueError.

    The syntax is RE2's: no look-around and no back-references.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        pattern: Pattern = re2.compile(simplified(source), options)
    except re2.error as error:
        reason = error.args[0] if error.args else "not understood"
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        heard = Phrase.heard(text, MISTAKES)
        raise ValueError(Phrase("not a regular expression: {reason}", reason=heard)) from None
    return pattern
