"""Operations: the table of what the API does, from which routes and description are made."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BeforeValidator, Field

from bot.api.problem import Where
from bot.model.base import Frozen
from bot.tokens import Scope, Token

A = TypeVar("A", bound=Frozen)
B = TypeVar("B")
LARGEST = 2**53 - 1
BODY = 64 * 1024
"""Bytes a body usually may have."""
_NAME = re.compile(r"\{(\w+)\}")


def _whole(value: object) -> object:
    """A number as a URL has it; pydantic alone would also read " 1", "1.0" and "1_0"."""
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,16}", value):
        raise ValueError("expected a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[Whole, Field(ge=1, le=LARGEST, examples=[1])]
"""The number of a link, member or group."""


class Nothing(Frozen):
    """No path, query or header values."""


@dataclass(frozen=True, slots=True)
class Call(Generic[A, B]):
    """One request that may be done: who asks, the values in its URL and headers, its body."""

    token: Token
    asked: A
    body: B


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with another status than the first of its operation's, or with headers."""

    body: Frozen
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer that is a file, sent while it is made."""

    name: str
    media: str
    pieces: AsyncIterator[bytes]


Handler = Callable[[Call[Any, Any]], Awaitable[Frozen | Answer | Stream]]
Method = Literal["GET", "POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing the API does; the handler's docstring says what.

    ``asked`` names the values in path, query and headers: those of the path are in its braces,
    those of headers have an alias with a hyphen. ``answers`` are by status, the usual one first.
    ``refusals`` are the statuses it may refuse with beside those every operation has. A body is
    JSON of the model ``body``, or a file of one of the media types ``takes``, and has at most
    ``largest`` bytes. With ``gives`` the answer is a ``Stream`` of one of these media types.
    """

    method: Method
    path: str
    scope: Scope
    handler: Handler
    answers: Mapping[int, type[Frozen]]
    asked: type[Frozen] = Nothing
    body: type[Frozen] | None = None
    refusals: tuple[int, ...] = ()
    takes: Sequence[str] = ()
    gives: Sequence[str] = ()
    largest: int = BODY

    @property
    def name(self) -> str:
        """What clients made from the description call it."""
        return self.handler.__name__

    @property
    def summary(self) -> str:
        """What it does."""
        return (self.handler.__doc__ or "").strip()

    @property
    def places(self) -> dict[str, Where]:
        """Where each value of ``asked`` stands; '' is where unknown ones do."""
        path = {*_NAME.findall(self.path)}
        places: dict[str, Where] = {"": "query"}
        for name, about in self.asked.model_fields.items():
            shown = about.alias or name
            places[shown] = "path" if name in path else "header" if "-" in shown else "query"
        return places
