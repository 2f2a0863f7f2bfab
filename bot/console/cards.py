"""Cards: what the pages of single rooms put on the overview and on a member's page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bot.console.page import Page


@dataclass(frozen=True, slots=True)
class Need:
    """Something an operator should look at."""

    text: str
    href: str
    tone: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its name; ``trend`` is the days up to now, ``href`` opens it."""

    label: str
    value: float
    href: str
    note: str = ""
    trend: Sequence[float] = ()


Card = Callable[[Page], Awaitable[Tile | Need | None]]
"""What a room tells on the overview, None when there is nothing to tell."""
Panel = Callable[[Page, int], Awaitable[Markup | None]]
"""What a room tells on the page of the member or group with this number."""
