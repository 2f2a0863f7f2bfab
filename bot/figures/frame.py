"""Frames: everything counted that belongs to a scope and a period, read at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from bot.figures.period import Period
from bot.figures.subject import Scope
from bot.links.clicks import Clicks
from bot.links.days import Cell, Clicked, Seen
from bot.links.takings import Cell as Taking
from bot.links.takings import Takings
from bot.store.store import Store

NONE: dict[int, int] = {}


@dataclass(frozen=True, slots=True)
class Taken:
    """Conversions of one kind put down to a link (0: none), step and group on a day.

    ``members`` says how often each converted, whatever the kind, and stands at one of them only.
    """

    link: int
    day: date
    step: int
    group: int
    count: int
    value: Decimal
    currency: str
    members: dict[int, int]


@dataclass(frozen=True, slots=True)
class Frame:
    """What was counted: fetches, who clicked, visitors, and conversions."""

    cells: Sequence[Cell]
    people: Sequence[Clicked]
    seen: Sequence[Seen]
    taken: Sequence[Taken]


class Frames:
    """Reads frames. Whose members or staff they are is asked later."""

    def __init__(self, store: Store, clicks: Clicks, takings: Takings) -> None:
        self._store = store
        self._book = clicks.book
        self._takings = takings

    async def read(self, scope: Scope, period: Period) -> Frame:
        """All of a scope in a period; raises StoreError."""
        days = await self._days(scope, period)
        read = await asyncio.gather(*(self._link(link, there) for link, there in days.items()))
        cells = [c for one in read for c in one[0] if _fits(scope, c.step, c.group)]
        people = [p for one in read for p in one[1] if _fits(scope, p.step, p.group)]
        seen = [s for one in read for s in one[2]]
        return Frame(cells, people, seen, await self._taken(scope, period))

    async def _days(self, scope: Scope, period: Period) -> dict[int, list[date]]:
        """The links in question with the days they had hits on."""
        found: defaultdict[int, list[date]] = defaultdict(list)
        for day, links in (await self._book.links(period.days)).items():
            for link in links:
                if scope.links is None or link in scope.links:
                    found[link].append(day)
        return found

    async def _link(
        self, link: int, days: list[date]
    ) -> tuple[list[Cell], list[Clicked], list[Seen]]:
        book = self._book
        return await asyncio.gather(
            book.cells(link, days), book.people(link, days), book.seen(link, days)
        )

    async def _taken(self, scope: Scope, period: Period) -> list[Taken]:
        key = self._store.keys.conversion_links("all")
        earning = {int(link) for link in await self._store.call("SMEMBERS", key)}
        links = earning if scope.links is None else earning & scope.links
        found = [taken for link in sorted(links) for taken in await self._link_taken(link, period)]
        if scope.links is None:
            found += _rest(await self._link_taken(0, period), found)
        return [one for one in found if _fits(scope, one.step, one.group)]

    async def _link_taken(self, link: int, period: Period) -> list[Taken]:
        cells = await self._takings.cells(link, period.since, period.until)
        return [taken for cell in cells for taken in _taken(link, cell)]


def _fits(scope: Scope, step: int, group: int) -> bool:
    return (scope.steps is None or step in scope.steps) and scope.group in (None, group)


def _taken(link: int, cell: Taking) -> list[Taken]:
    place = (link, cell.day, cell.step, cell.group)
    found = [Taken(*place, one.count, one.value, one.currency, NONE) for one in cell.sums]
    found.append(Taken(*place, 0, Decimal(0), "", {**cell.members}))
    return found


def _rest(every: Sequence[Taken], linked: Sequence[Taken]) -> list[Taken]:
    """What of all conversions no link has."""
    sums: defaultdict[tuple[date, int, int, str], list[Decimal]]
    sums = defaultdict(lambda: [Decimal(0), Decimal(0)])
    members: defaultdict[tuple[date, int, int], dict[int, int]] = defaultdict(dict)
    for sign, some in ((1, every), (-1, linked)):
        for one in some:
            place = (one.day, one.step, one.group)
            sums[*place, one.currency][0] += sign * one.count
            sums[*place, one.currency][1] += sign * one.value
            for member, count in one.members.items():
                members[place][member] = members[place].get(member, 0) + sign * count
    found = [
        Taken(0, day, step, group, int(count), value, currency, NONE)
        for (day, step, group, currency), (count, value) in sums.items()
        if count
    ]
    for (day, step, group), there in members.items():
        left = {member: count for member, count in there.items() if count > 0}
        if left:
            found.append(Taken(0, day, step, group, 0, Decimal(0), "", left))
    return found
