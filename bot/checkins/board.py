"""A leaderboard's rows, and the days it is about."""

from __future__ import annotations

from datetime import date
from typing import Literal

from bot.checkins.days import DAY
from bot.model.base import Frozen

Board = Literal["day", "week", "month", "total", "streak", "points"]
PERIODS = ("day", "week", "month")
"""Boards of how many days of a period somebody came; the others are of all records."""


class Row(Frozen):
    """A member's place on a leaderboard; ``value`` is days, on the day's board the order."""

    rank: int
    member: int
    name: str = ""
    value: int


def period(board: Board, today: date, starts: int = 0) -> tuple[date, date]:
    """The days a board of a period is about; a week begins with weekday ``starts`` (0: Monday)."""
    match board:
        case "week":
            first = today - DAY * ((today.weekday() - starts) % 7)
            return first, first + DAY * 6
        case "month":
            following = (today.replace(day=1) + DAY * 31).replace(day=1)
            return today.replace(day=1), following - DAY
        case _:
            return today, today
