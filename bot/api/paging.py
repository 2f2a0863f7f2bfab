"""Paging: lists in pages, each with the opaque cursor of the next."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from bot.api.operation import Whole
from bot.api.problem import wrong
from bot.model.base import Frozen

T = TypeVar("T")
MOST = 200


class Cursor(Frozen):
    """Where a page of a list begins."""

    cursor: str = Field(
        default="", pattern=r"^[A-Za-z0-9_-]{0,2000}$", description="The ``next`` of the last page."
    )

    @property
    def after(self) -> str:
        """What the cursor says, '' at the start; raises Refused."""
        if not self.cursor:
            return ""
        try:
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            said = urlsafe_b64decode(padded.encode("ascii")).decode("utf-8")
        except (binascii.Error, ValueError):
            said = ""
        if not said or cursor(said) != self.cursor:
            raise wrong("query", "cursor", "expected the `next` of a page of this list")
        return said


class Asked(Cursor):
    """Which page of a list."""

    limit: Annotated[Whole, Field(ge=1, le=MOST)] = Field(
        default=50, description="How many at most."
    )

    @property
    def offset(self) -> int:
        """The same for lists that count; raises Refused."""
        said = self.after or "0"
        if not (said.isascii() and said.isdecimal() and len(said) < 10):
            raise wrong("query", "cursor", "expected the `next` of a page of this list")
        return int(said)


class Searched(Asked):
    """Which page of a list, and of what in it."""

    q: str = Field(default="", max_length=200, description="Only what has these words.")


class Paged(Frozen, Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


def cursor(said: str) -> str | None:
    """The opaque form of where a next page begins; None for nowhere."""
    return urlsafe_b64encode(said.encode()).decode().rstrip("=") if said else None


def page_of(every: Sequence[T], asked: Asked) -> tuple[Sequence[T], str | None]:
    """The page of a list that is in memory, and the next one's cursor; raises Refused."""
    start, end = asked.offset, asked.offset + asked.limit
    return every[start:end], cursor(str(end)) if end < len(every) else None


def checked(said: str, fits: Callable[[str], object]) -> str:
    """What a cursor says, when it fits; raises Refused."""
    if said and not fits(said):
        raise wrong("query", "cursor", "expected the `next` of a page of this list")
    return said
