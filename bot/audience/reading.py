"""The reading: an audience as a sentence a manager reads, in their language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

from bot.audience.audience import Audience
from bot.audience.expression import And, Expression, Not, Or, Term, compared, pushed
from bot.audience.phrases import GROUPS, MEMBERS
from bot.i18n.mark import msgid

Target = Literal["member", "group"]
SIGNS = {">=": "≥", "<=": "≤"}
"""How people write them."""


@dataclass(frozen=True, slots=True)
class _Clause:
    """A term or its opposite, with the values of others that say the same of something else."""

    phrase: str
    negative: bool
    days: int | None
    values: tuple[str, ...]
    name: str = ""
    sign: str = ""


Part = _Clause | And | Or


class Reading:
    """Reads in one language; ``names`` gives groups (gateway/id) the names people know."""

    def __init__(
        self, translate: Callable[[str], str], names: Mapping[str, str] | None = None
    ) -> None:
        self._translate = translate
        self._names = names or {}

    def of(self, audience: Audience, to: Target = "member") -> str:
        """Who is meant: "members who are tagged “vip” but have not spoken in the last 7 days"."""
        return _Sentence(self._translate, self._names, to).of(pushed(audience.expression))


class _Sentence:
    """Says one expression in which every Not is directly at a term."""

    def __init__(
        self, translate: Callable[[str], str], names: Mapping[str, str], to: Target
    ) -> None:
        self._translate = translate
        self._names = names
        self._phrases = MEMBERS if to == "member" else GROUPS
        self._groups = to == "group"
        self._all = "all-groups" if self._groups else "everyone"

    def of(self, expression: Expression) -> str:
        parts = self._parts(expression)
        if isinstance(expression, Or) and any(isinstance(part, And) for part in parts):
            plain = [part for part in parts if not isinstance(part, And)]
            said = [self._who(self._or(plain))] if plain else []
            said += [self._who(self._and(self._parts(p))) for p in parts if isinstance(p, And)]
            return self._fold(msgid("{first}, and also {second}"), said)
        if len(parts) == 1 and isinstance(parts[0], _Clause):
            return self._alone(parts[0])
        return self._who(self._or(parts) if isinstance(expression, Or) else self._and(parts))

    def _alone(self, clause: _Clause) -> str:
        if clause.phrase == self._all:
            none = msgid("no groups") if self._groups else msgid("nobody")
            every = msgid("all groups") if self._groups else msgid("everyone")
            return self._say(none if clause.negative else every)
        if self._groups and clause.phrase == "group" and not clause.negative:
            one, many = msgid("group {value}"), msgid("groups {value}")
            return self._say(one if len(clause.values) == 1 else many, value=self._values(clause))
        return self._who(self._clause(clause))

    def _who(self, clause: str) -> str:
        frame = msgid("groups that {clause}") if self._groups else msgid("members who {clause}")
        return self._say(frame, clause=clause)

    # joining

    def _or(self, parts: Sequence[Part]) -> str:
        return self._list([self._part(part) for part in parts], msgid("{first} or {second}"))

    def _and(self, parts: Sequence[Part]) -> str:
        """What they do before what they do not."""
        not_all = [part for part in parts if not self._is_all(part)] or parts
        also = msgid("{first} and {second}")
        groups = [
            self._list([self._part(part) for part in not_all if _negative(part) is negative], also)
            for negative in (False, True)
        ]
        return self._fold(msgid("{first} but {second}"), [text for text in groups if text])

    def _part(self, part: Part) -> str:
        if isinstance(part, _Clause):
            return self._clause(part)
        inner = self._parts(part)
        if len(inner) == 1:
            return self._part(inner[0])
        words = self._or(inner) if isinstance(part, Or) else self._and(inner)
        return self._say(msgid("({words})"), words=words)

    def _parts(self, expression: Expression | Part) -> list[Part]:
        """The parts of an expression; clauses that differ only in what they name become one."""
        if not isinstance(expression, And | Or):
            return [expression if isinstance(expression, _Clause) else _clause(expression)]
        found: dict[Part, Part] = {}
        for one in expression.of:
            part: Part = one if isinstance(one, And | Or) else _clause(one)
            alike = part
            # "tagged a or b" is an Or of what they do, "not tagged a or b" an And of what not.
            if isinstance(part, _Clause) and part.negative is isinstance(expression, And):
                alike = replace(part, values=())
                before = found.get(alike)
                if isinstance(before, _Clause):
                    values = dict.fromkeys((*before.values, *part.values))
                    part = replace(part, values=tuple(values))
            found[alike] = part
        return [*found.values()]

    def _is_all(self, part: Part) -> bool:
        return isinstance(part, _Clause) and part.phrase == self._all and not part.negative

    # words

    def _clause(self, clause: _Clause) -> str:
        return self._say(
            self._phrases[clause.phrase][clause.negative],
            value=self._values(clause),
            name=self._quoted(clause.name),
            sign=clause.sign,
            when=self._when(clause.days),
        )

    def _values(self, clause: _Clause) -> str:
        named = self._names if clause.phrase in ("group", "was-in", "left") else {}
        quoted = [self._quoted(named.get(v, v)) for v in clause.values]
        return self._list(quoted, msgid("{first} or {last}"))

    def _quoted(self, text: str) -> str:
        return self._say(msgid("“{value}”"), value=text)

    def _when(self, days: int | None) -> str:
        if days == 1:
            return self._say(msgid("today"))
        return self._say(msgid("in the last {n} days"), n=days)

    def _list(self, texts: Sequence[str], last: str) -> str:
        if len(texts) < 2:
            return "".join(texts)
        first = self._fold(msgid("{first}, {second}"), texts[:-1])
        return self._say(last, first=first, second=texts[-1], last=texts[-1])

    def _fold(self, joint: str, texts: Sequence[str]) -> str:
        return reduce(lambda first, second: self._say(joint, first=first, second=second), texts)

    def _say(self, text: str, **values: object) -> str:
        return self._translate(text).format(**values)


def _clause(expression: Expression) -> _Clause:
    negative = isinstance(expression, Not)
    term = expression.of if isinstance(expression, Not) else expression
    assert isinstance(term, Term), "every Not is directly at a term"
    phrase, values = term.kind, (term.value,) if term.value else ()
    if term.kind == "attribute" and (found := compared(term.value))[1]:
        name, sign, wanted = found
        phrase = "attribute is" if sign == "=" else "attribute compared"
        return _Clause(phrase, negative, None, (wanted,), name, SIGNS.get(sign, sign))
    if term.kind == "step":
        step, _, outcome = term.value.rpartition("/")
        phrase, values = f"step/{outcome}", (step,)
    elif term.kind == "clicked" and term.days is not None:
        phrase = "clicked within"
    return _Clause(phrase, negative, term.days, values)


def _negative(part: Part) -> bool:
    return isinstance(part, _Clause) and part.negative
