"""Rows: the figures of one thing, and the table they stand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Literal, get_args

from bot.figures.period import Period
from bot.figures.subject import Subject
from bot.reports.interval import Interval, share

By = Literal[
    "link", "campaign", "sop", "step", "run", "group", "staff", "channel", "day", "hour", "way"
]
BYS: tuple[By, ...] = get_args(By)
TIMES = ("day", "hour")
"""Cuts by the moment of the click: whom a message reached has another."""


@dataclass(frozen=True, slots=True)
class Delay:
    """How long after the message first clicks came, milliseconds; of ``count`` of them."""

    count: int
    median: int
    slowest: int
    """Nine of ten came sooner."""

    @classmethod
    def of(cls, delays: Sequence[int]) -> Delay | None:
        """From single delays; None when there are none."""
        if not delays:
            return None
        ordered = sorted(delays)
        middle, ninth = ordered[(len(ordered) - 1) // 2], ordered[ceil(len(ordered) * 0.9) - 1]
        return cls(len(ordered), middle, ninth)


@dataclass(frozen=True, slots=True)
class Row:
    """What one link, step, group, day … came to; every figure is explained in ``measures``.

    None is a figure that has no meaning here. ``received`` adds up whom each message reached,
    ``clickers`` who of them clicked in it. ``followed`` says how many replied, checked in and
    got a tag within a day. ``converted`` are members, ``revenue`` is by currency.
    """

    key: str
    name: str = ""
    hits: int | None = 0
    clicks: int = 0
    members: int = 0
    visitors: int | None = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    reach: int | None = None
    received: int | None = None
    clickers: int | None = None
    delay: Delay | None = None
    followed: Mapping[str, int] | None = None
    conversions: int = 0
    converted: int = 0
    revenue: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def people(self) -> int:
        """Different people: members, and visitors nobody knows."""
        return self.members + (self.visitors or 0)

    @property
    def rate(self) -> Interval | None:
        """The part of those a message reached that clicked in it, with the range chance allows."""
        if self.received is None or self.clickers is None:
            return None
        return share(min(self.clickers, self.received), self.received)


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows about a subject in a period, and all of it together.

    ``complete`` is the UTC ms before which everything is counted.
    """

    subject: Subject
    by: By | None
    period: Period
    total: Row
    rows: tuple[Row, ...]
    complete: int
