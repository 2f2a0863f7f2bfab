"""The points ledger: every change of a member's points with its reason, and what is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Literal

from bot.checkins.rules import Rules
from bot.checkins.tally import Sheet, bonus, periods
from bot.model.base import Frozen

What = Literal[
    "check-in",
    "bonus",
    "stage",
    "gift",
    "make-up",
    "spent",
    "reversal",
    "correction",
    "refused",
    "expired",
]


class Entry(Frozen):
    """One change of a member's points.

    ``id``: of a stored entry, by which it is reversed; None when it follows from the records.
    ``at``: UTC ms. ``day``: the day it is about. ``of``: the id a reversal takes back.
    ``reversed``: it was taken back.
    """

    what: What
    points: int
    at: int
    programme: str = ""
    group: int = 0
    day: date | None = None
    reason: str = ""
    by: str = ""
    id: int | None = None
    of: int | None = None
    reversed: bool = False


def entries(
    sheet: Sheet,
    stored: Sequence[Entry],
    rules: Rules,
    today: date,
    begins: Callable[[date], int],
    now: int,
) -> list[Entry]:
    """The whole ledger, the oldest first; the points in it sum up to what is left.

    Records and bonuses are of the moment their day ``begins`` (UTC ms). A made-up day gives no
    points of its own. What ``now`` (UTC ms) is too old to be spent is taken out by entries.
    """
    sheet = sheet.within(rules)
    found = [
        Entry(what="check-in", points=rules.points, at=begins(day), day=day)
        for day in (sheet.days - sheet.made_up if rules.points else ())
    ]
    if rules.bonus_every:
        found += [
            Entry(what="bonus", points=points, at=begins(one.kept_on), day=one.kept_on)
            for one in periods(sheet, rules, today)
            if one.kept_on and (points := bonus(one, rules))
        ]
    back = {one.of for one in stored if one.of is not None}
    found += [one.model_copy(update={"reversed": one.id in back}) for one in stored]
    found.sort(key=lambda one: (one.at, one.id or 0))
    return [*_expiring(found, rules.lasts, now)] if rules.lasts is not None else found


def _expiring(found: Iterable[Entry], lasts: int, now: int) -> Iterable[Entry]:
    """The entries with those between that take out what nobody spent in time.

    What was taken back, and what took it back, is as if it had never been.
    """
    lots: deque[tuple[Entry, int]] = deque()
    debt = 0
    for one in (*found, None):
        until = one.at if one else now
        while lots and lots[0][0].at + lasts <= until:
            lot, rest = lots.popleft()
            yield Entry(what="expired", points=-rest, at=lot.at + lasts, day=lot.day)
        if one is None:
            return
        yield one
        if one.reversed or one.of is not None:
            continue
        points = one.points
        if points > 0:
            paid = min(points, debt)
            debt -= paid
            if points > paid:
                lots.append((one, points - paid))
        while points < 0 and lots:
            lot, rest = lots.popleft()
            if rest > -points:
                lots.appendleft((lot, rest + points))
            points = min(0, points + rest)
        debt -= min(0, points)
