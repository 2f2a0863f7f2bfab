"""Leaderboards: members in order of what they reached, equals on the same rank."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import Literal

from bot.checkins.days import DAY, Days
from bot.model.base import Frozen

Board = Literal["day", "week", "total", "streak"]


class Row(Frozen):
    """A member's place on a leaderboard; ``value`` is days, on the day's board the order."""

    rank: int
    member: int
    name: str = ""
    value: int


def value(board: Board, days: Days, today: date) -> int:
    """What a member's days are worth on a board."""
    match board:
        case "day":
            return int(today in days)
        case "week":
            monday = today - DAY * today.weekday()
            return days.count(monday, monday + DAY * 6)
        case "total":
            return days.total
        case "streak":
            return days.streak(today)


def ranked(values: Iterable[tuple[int, int]]) -> Iterator[Row]:
    """Rows for (member, value) pairs: the highest first, equal values equal ranks."""
    placed = sorted((pair for pair in values if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))
    rank = 1
    for reached, equals in groupby(placed, key=lambda pair: pair[1]):
        rows = [Row(rank=rank, member=member, value=reached) for member, _ in equals]
        yield from rows
        rank += len(rows)
