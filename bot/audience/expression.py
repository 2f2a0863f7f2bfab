"""Expressions: terms joined by and, or and not; equal when they say the same in the same order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

PERIOD = re.compile(r"/([0-9]{1,4})[d天]\Z")
"""A period at the end of a bare value: ``daily/3d``."""
SIGN = re.compile(r">=|<=|[=<>]")
"""What compares an attribute with a value."""
_BARE = re.compile(r"""[^\s()（）,，:："'“”‘’「」\\][^\s()（）,，]*""")
_NAME = re.compile(r"""[^\s()（）,，:："'“”‘’「」\\=<>≥≤＝＜＞][^\s()（）,，=<>≥≤＝＜＞]*""")
_COMPARED = re.compile(r"""[^\s()（）,，:："'“”‘’「」\\=<>≥≤＝＜＞][^\s()（）,，]*""")

OUTCOMES = ("sent", "clicked", "replied", "checked-in", "came", "timed-out", "skipped")
"""What a SOP's step can have done for a member."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of term: an example to show, and whether a value and a period of days belong to it."""

    name: str
    example: str
    value: bool = True
    period: Literal["no", "may", "must"] = "no"


KINDS = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("everyone", "everyone", value=False),
            Kind("all-groups", "all-groups", value=False),
            Kind("group", "group:sandbox/tea"),
            Kind("was-in", "was-in:sandbox/tea"),
            Kind("left", "left:sandbox/tea"),
            Kind("tag", "tag:vip"),
            Kind("segment", "segment:regulars"),
            Kind("gateway", "gateway:sandbox"),
            Kind("owner", "owner:ann"),
            Kind("attribute", "attribute:city=Shanghai"),
            Kind("active", "active:7d", value=False, period="must"),
            Kind("joined", "joined:7d", value=False, period="must"),
            Kind("checked-in", "checked-in:daily/3d", period="must"),
            Kind("clicked", "clicked:spring-sale/7d", period="may"),
            Kind("step", "step:tips/clicked"),
        )
    }
)
"""Every kind of term there is; which members one chooses, its source says."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; ``days`` is its period, 1 being today.

    ``at`` is the (line, column), from 1, where it was written, (0, 0) when it was not.
    """

    kind: str
    value: str = ""
    days: int | None = None
    at: tuple[int, int] = field(default=(0, 0), compare=False, repr=False)

    def __str__(self) -> str:
        period = "" if self.days is None else f"{self.days}d"
        if not self.value:
            return f"{self.kind}:{period}" if period else self.kind
        return f"{self.kind}:{self._value}" + (f"/{period}" if period else "")

    @property
    def _value(self) -> str:
        if self.kind == "attribute":
            name, sign, wanted = compared(self.value)
            return _quoted(name, _NAME) + (sign and sign + _quoted(wanted, _COMPARED))
        ambiguous = KINDS[self.kind].period != "no" and PERIOD.search(self.value)
        return _quoted(self.value, None if ambiguous else _BARE)


@dataclass(frozen=True, slots=True)
class Not:
    """Everyone but those."""

    of: Expression

    def __str__(self) -> str:
        return f"not {_inside(self.of, And, Or)}"


@dataclass(frozen=True, slots=True)
class And:
    """Who is in all of at least two; an And directly within an And is one."""

    of: tuple[Expression, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", _flat(self.of, And))

    def __str__(self) -> str:
        return " and ".join(_inside(one, Or) for one in self.of)


@dataclass(frozen=True, slots=True)
class Or:
    """Who is in any of at least two; an Or directly within an Or is one."""

    of: tuple[Expression, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", _flat(self.of, Or))

    def __str__(self) -> str:
        return " or ".join(map(str, self.of))


Expression = Term | Not | And | Or


def compared(value: str) -> tuple[str, str, str]:
    """The name, sign and value that ``level>=3`` has; a name alone has neither."""
    found = SIGN.search(value)
    if found is None:
        return value, "", ""
    return value[: found.start()], found[0], value[found.end() :]


def terms(expression: Expression) -> Iterator[Term]:
    """Every term in it, in reading order."""
    if isinstance(expression, Term):
        yield expression
    elif isinstance(expression, Not):
        yield from terms(expression.of)
    else:
        for one in expression.of:
            yield from terms(one)


def pushed(expression: Expression, negative: bool = False) -> Expression:
    """The same, or with ``negative`` its opposite, with every Not directly at a term."""
    match expression:
        case Term():
            return Not(expression) if negative else expression
        case Not(of=inner):
            return pushed(inner, not negative)
        case And() | Or():
            joined = And if isinstance(expression, And) is not negative else Or
            return joined(tuple(pushed(one, negative) for one in expression.of))


def _flat(parts: tuple[Expression, ...], kind: type[And] | type[Or]) -> tuple[Expression, ...]:
    return tuple(p for part in parts for p in (part.of if isinstance(part, kind) else (part,)))


def _quoted(text: str, bare: re.Pattern[str] | None) -> str:
    """A text as it is where it may be so, else in quotes."""
    if bare and bare.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _inside(expression: Expression, *bracketed: type) -> str:
    return f"({expression})" if isinstance(expression, bracketed) else str(expression)
