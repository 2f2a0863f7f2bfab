"""Rows: targets of one step that are due together, a million of them in a few."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.sop.engine.turn import Flight
from bot.sop.foresight.outlook import CHUNK
from bot.sop.templates.step import Step
from bot.store.bits import Bits


@dataclass(slots=True, eq=False)
class Source:
    """Targets in order of a moment each has; ``away``: they left the group they were met in."""

    zone: ZoneInfo
    away: bool
    times: array[int]
    numbers: array[int]
    _known: dict[tuple[int, int], Bits] = field(default_factory=dict)

    def bits(self, first: int, last: int) -> Bits:
        """Those from one place to before another."""
        if last - first < CHUNK:
            return Bits.of(self.numbers[first:last])
        if (first, last) not in self._known:
            self._known[first, last] = Bits.of(self.numbers[first:last])
        return self._known[first, last]


@dataclass(slots=True)
class Row:
    """Targets of one step that are due together, as far as is known before they are judged.

    ``zone`` is theirs, None where it was not asked for. ``seed`` places them in the step's window,
    '' when they have their places. ``once``: only who was not put down for the occurrence yet.
    ``waiting``: what they waited for did not come.
    """

    due: int
    flight: Flight
    step: Step | None
    occurrence: str
    who: Callable[[], Bits]
    zone: ZoneInfo | None = None
    seed: str = ""
    away: bool = False
    once: bool = False
    waiting: bool = False
    deferred: bool = False
    certain: bool = True


def just(who: Bits) -> Callable[[], Bits]:
    """These."""
    return lambda: who


def part(source: Source, first: int, last: int) -> Callable[[], Bits]:
    """Those of a source from one place to before another, made when they are asked for."""
    return lambda: source.bits(first, last)


def both(who: Callable[[], Bits], others: Bits) -> Callable[[], Bits]:
    """Those who are also among others."""
    return lambda: who() & others


def without(who: Callable[[], Bits], others: Bits) -> Callable[[], Bits]:
    """Those who are not among others."""
    return lambda: who() - others
