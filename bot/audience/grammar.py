"""The grammar of audiences: from a text to an expression, or to a problem at its place."""

from __future__ import annotations

import re
from typing import NoReturn

from bot.audience.expression import (
    KINDS,
    OUTCOMES,
    PERIOD,
    And,
    Expression,
    Kind,
    Not,
    Or,
    Term,
    compared,
)
from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems, known_here, nearest
from bot.model.phrase import Phrase

LONGEST = 4_000
"""Characters an expression may have."""
DEEPEST = 20
"""How deep parentheses and "not" may be nested."""
MOST = 100
"""Terms an expression may have."""
DAYS = 3_660
"""Days a period may have."""

_SPACE = re.compile(r"\s*")
_AND = re.compile(r"(?:and(?![\w:：-])|AND(?![\w:：-])|且)\s*", re.ASCII)
_OR = re.compile(r"(?:or(?![\w:：-])|OR(?![\w:：-])|或)\s*", re.ASCII)
_NOT = re.compile(r"(?:not(?![\w:：-])|NOT(?![\w:：-])|非)\s*", re.ASCII)
_COMMAS = re.compile(r"[,，](?:\s*[,，])*\s*")
_OPEN, _CLOSE = re.compile(r"[(（]\s*"), re.compile(r"[)）]\s*")
_COLON = re.compile(r"\s*[:：]\s*")
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*")
_QUOTED = re.compile(
    r'"((?:[^"\\]|\\.)*)"|“([^”]*)”|「([^」]*)」',
    re.DOTALL,
)
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BARE = re.compile(r"[^\s()（）,，]+")
_NAMED = re.compile(r"[^\s()（）,，=<>≥≤＝＜＞\"“「][^\s()（）,，=<>≥≤＝＜＞]*")
_SIGN = re.compile(r"\s*(>=|<=|[=<>≥≤＝＜＞])\s*")
_SIGNS = {"≥": ">=", "≤": "<=", "＝": "=", "＜": "<", "＞": ">"}
_DAYS_ALONE = re.compile(r"([0-9]{1,4})[d天](?![^\s()（）,，])")
_BEHIND = re.compile(PERIOD.pattern.removesuffix(r"\Z") + r"(?![^\s()（）,，])")
_DAYS_ARGUMENT = re.compile(r"(?:days\s*=\s*)?([0-9]{1,4})(?![0-9])\s*", re.ASCII)
_REST = re.compile(r"[^\s()（）,，]{0,40}")
_CALLS = {"has-tag": "tag"}


def parse(text: str, where: str = "audience") -> Expression:
    """Read an expression; raises Problems, placed in the file ``where``.

    ``and`` binds closer than ``or``, and ``not`` closer than both; a comma is an ``or``.
    """
    return _Parser(text, where).whole()


class _Parser:
    """Recursive descent over one text; every method leaves ``at`` behind what it read."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where
        self.at = 0
        self.terms = 0

    def whole(self) -> Expression:
        if len(self.text) > LONGEST:
            self.fail(0, msgid("an audience may have at most 4,000 characters"))
        self.skip(_SPACE)
        found = self.either(0)
        if self.at < len(self.text):
            self.unexpected()
        if len(str(found)) > LONGEST:
            self.fail(0, msgid("an audience may have at most 4,000 characters"))
        return found

    def either(self, depth: int) -> Expression:
        parts = [self.both(depth)]
        while self.more():
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def more(self) -> bool:
        """Whether another alternative follows; commas with nothing behind them are passed."""
        if self.skip(_OR):
            return True
        return bool(self.skip(_COMMAS)) and self.text[self.at : self.at + 1] not in ("", ")", "）")

    def both(self, depth: int) -> Expression:
        parts = [self.one(depth)]
        while self.skip(_AND):
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def one(self, depth: int) -> Expression:
        start = self.at
        if depth > DEEPEST:
            self.fail(start, msgid("nested too deeply"))
        if self.skip(_NOT):
            return Not(self.one(depth + 1))
        if self.skip(_OPEN):
            found = self.either(depth + 1)
            if not self.skip(_CLOSE):
                self.unexpected(msgid('expected ")"'))
            return found
        term = self.term()
        self.skip(_SPACE)
        self.terms += 1
        if self.terms > MOST:
            self.fail(start, msgid("an audience may have at most 100 terms"))
        return term

    # terms

    def term(self) -> Term:
        start = self.at
        name = _NAME.match(self.text, start)
        if name is None or _AND.match(self.text, start) or _OR.match(self.text, start):
            self.unexpected(msgid("expected a term such as tag:vip"))
        self.at = name.end()
        word = name[0].lower().replace("_", "-")
        kind = KINDS.get(_CALLS.get(word, word))
        if kind is None:
            hint = nearest(word, KINDS) or known_here(KINDS)
            self.fail(start, msgid("there is no such kind of term"), name[0], hint)
        if re.compile(r"\s*[(（]").match(self.text, self.at):
            value, days = self.arguments(kind)
        else:
            value, days = self.written(kind, start)
        self.check(kind, value, days, start)
        return Term(kind.name, value, days, self.place(start))

    def written(self, kind: Kind, start: int) -> tuple[str, int | None]:
        """What stands behind the kind: ``:vip``, ``:"spring sale"/7d``, ``:7d``."""
        if not kind.value and kind.period == "no":
            return "", None
        if not self.skip(_COLON):
            self.missing(kind, start)
        if not kind.value:
            found = self.skip(_DAYS_ALONE)
            return ("", int(found[1])) if found else self.missing(kind, start)
        if kind.name == "attribute":
            return self.compared(kind, start), None
        if quoted := self.skip(_QUOTED):
            behind = self.skip(_BEHIND) if kind.period != "no" else None
            return _unquoted(quoted), int(behind[1]) if behind else None
        bare = self.skip(_BARE)
        if bare is None or bare[0][0] in '"“「':
            self.missing(kind, start)
        behind = PERIOD.search(bare[0]) if kind.period != "no" else None
        if behind is None:
            return bare[0], None
        return bare[0][: behind.start()], int(behind[1])

    def compared(self, kind: Kind, start: int) -> str:
        """An attribute, and what it is compared with, if anything: ``level>=3``, ``city="A B"``."""
        name = self.part(_NAMED)
        if name is None:
            self.missing(kind, start)
        if (sign := self.skip(_SIGN)) is None:
            return name
        wanted = self.part(_BARE)
        if wanted is None or not wanted.strip():
            self.missing(kind, start)
        return name + _SIGNS.get(sign[1], sign[1]) + wanted

    def part(self, bare: re.Pattern[str]) -> str | None:
        """A text in quotes or without."""
        if quoted := self.skip(_QUOTED):
            return _unquoted(quoted)
        found = None if self.text[self.at : self.at + 1] in ('"', "“", "「") else self.skip(bare)
        return found and found[0]

    def arguments(self, kind: Kind) -> tuple[str, int | None]:
        """The form of calls: ``("daily", days=3)``; without ``days`` today is meant."""
        start, days = self.at, 1 if kind.period == "must" else None
        values: list[str] = []
        self.skip(_SPACE)
        self.skip(_OPEN)
        while not self.skip(_CLOSE):
            if quoted := self.skip(_QUOTED) or self.skip(_SINGLE):
                values.append(_unquoted(quoted))
            elif kind.period != "no" and (found := self.skip(_DAYS_ARGUMENT)):
                days = int(found[1])
            else:
                self.unexpected(msgid('expected a text in quotes, days=3 or ")"'))
            self.skip(_SPACE)
            if not self.skip(_COMMAS) and not _CLOSE.match(self.text, self.at):
                self.unexpected(msgid('expected ")"'))
        if bool(values) is not kind.value:
            self.missing(kind, start)
        return ("=" if kind.name == "attribute" else "/").join(values), days

    def check(self, kind: Kind, value: str, days: int | None, start: int) -> None:
        if kind.value and not value.strip():
            self.missing(kind, start)
        if (days is None and kind.period == "must") or not 1 <= (days or 1) <= DAYS or days == 0:
            message = msgid("expected a period between 1d and 3660d")
            self.fail(start, message, self.text[start : self.at], _as_in(kind.example))
        if kind.name in ("group", "was-in", "left") and not all(value.partition("/")):
            self.missing(kind, start)
        if kind.name == "attribute":
            name, sign, wanted = compared(value)
            if not name.strip() or (sign and not wanted.strip()):
                self.missing(kind, start)
        outcome = value.rpartition("/")[2]
        if kind.name == "step" and ("/" not in value.strip("/") or outcome not in OUTCOMES):
            message = msgid("expected a step and what it did, such as step:tips/clicked")
            self.fail(start, message, value, nearest(outcome, OUTCOMES))

    # problems

    def missing(self, kind: Kind, start: int) -> NoReturn:
        behind = _REST.match(self.text, self.at)
        key = self.text[start : behind.end() if behind else self.at]
        self.fail(start, msgid("this term is not complete"), key, _as_in(kind.example))

    def unexpected(self, message: str = msgid("expected and, or, or the end")) -> NoReturn:
        rest = self.text[self.at : self.at + 20].strip()
        before = self.text[self.at - 1 : self.at]
        hint: str = ""
        if before.isspace() and _BARE.match(self.text, self.at) and self.terms:
            hint = Phrase('text with spaces needs quotes, as in tag:"opt out"')
        self.fail(self.at, message, rest, hint)

    def fail(self, at: int, message: str, key: str = "", hint: str = "") -> NoReturn:
        raise Problems([Problem(Place(self.where, *self.place(at)), key, message, hint)])

    def place(self, at: int) -> tuple[int, int]:
        line = self.text.count("\n", 0, at) + 1
        return line, at - (self.text.rfind("\n", 0, at) + 1) + 1

    # reading

    def skip(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found


def _as_in(example: str) -> Phrase:
    return Phrase("as in {example}", example=example)


def _unquoted(found: re.Match[str]) -> str:
    text = next(group for group in found.groups() if group is not None)
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if found[0][0] in "\"'" else text
