"""Takings: what conversions come to, by day, step, group, link, campaign and SOP."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from pydantic import Field

from bot.links.links import Links
from bot.model.base import Frozen
from bot.store.facts import Facts
from bot.store.store import Store

UNIT = Decimal("0.0001")
"""What values are added up in; exact, as whole numbers of it."""

By = Literal["all", "day", "step", "group", "link", "campaign", "sop"]
Found = Mapping[tuple[str, str], Mapping[str, int]]
"""Count and value by kind and currency."""


class Period(Frozen):
    """The days from ``since`` to ``until``, both included."""

    since: date
    until: date

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        number = (self.until - self.since).days + 1
        return [self.since + timedelta(days=n) for n in range(number)]


class Sum(Frozen):
    """Conversions of one kind and currency: how many, and their value together."""

    kind: str
    currency: str
    count: int
    value: Decimal


class Share(Frozen):
    """What one day (ISO), step, SOP or campaign (by name), link or group (by number) has of them.

    '' is no step, SOP or campaign, 0 no group; what was put down to no link is in no link's.
    """

    name: str
    sums: tuple[Sum, ...] = Field(default=())


class Cell(Frozen):
    """What one step and group brought on one day; ``members`` says how often each converted.

    Step and group are 0 where a conversion was put down to none.
    """

    day: date
    step: int
    group: int
    sums: tuple[Sum, ...] = ()
    members: Mapping[int, int] = Field(default={})


class Takings:
    """Reads what the conversions of each link were added up to; link 0: those of all links, and of
    none.

    Sums stay as they are when a member is erased; the members of a day are known for 400 days.
    """

    def __init__(self, store: Store, links: Links, facts: Facts) -> None:
        self._store = store
        self._keys = store.keys
        self._links = links
        self._facts = facts

    async def sums(self, link: int = 0, period: Period | None = None) -> list[Sum]:
        """What a link brought, by kind and currency."""
        found = await self.by("all", link, period)
        return [*found[0].sums] if found else []

    async def members(self, link: int = 0, period: Period | None = None) -> int:
        """How many members converted."""
        if period is None:
            return await self._facts.count(self._keys.conversion_members(link, "all"))
        cells = await self.cells(link, period.since, period.until)
        return len({member for cell in cells for member in cell.members})

    async def cells(self, link: int, since: date, until: date) -> list[Cell]:
        """A link's conversions by day, step and group, both days included; those without any
        conversion are left out.
        """
        days = Period(since=since, until=until).days
        sums = await asyncio.gather(*(self._day(link, day) for day in days))
        people = await asyncio.gather(*(self._people(link, day) for day in days))
        return [
            Cell(
                day=day,
                step=step,
                group=group,
                sums=_sums(found),
                members=there.get((step, group), {}),
            )
            for day, cells, there in zip(days, sums, people, strict=True)
            for (step, group), found in sorted(cells.items())
        ]

    async def ways(self, link: int, ways: Iterable[str]) -> dict[str, int]:
        """How many members who were led along each way of a link ("3.1": the version and branch of
        its rules) converted there. Who was led along several counts for each.
        """
        key = self._keys.conversion_members(link, "all")
        converted = {*await self._facts.numbers(key)}
        clicked = {way: self._keys.link_clicked(link, f"w{way}") for way in ways}
        return {
            way: len(converted.intersection(await self._facts.numbers(led)))
            for way, led in clicked.items()
        }

    async def by(self, part: By, link: int = 0, period: Period | None = None) -> list[Share]:
        """The sums of each part, all-time or of a period; by link and campaign, of all links."""
        if part in ("link", "campaign"):
            return _merged(await self._by_link(part == "campaign", period))
        if period is not None:
            return await self._by_cell(part, link, period)
        if part not in ("step", "sop"):
            return await self._kept(part, link)
        shares = await self._kept("step", link)
        names = await self._names(part, (int(share.name) for share in shares))
        return _merged((names[int(share.name)], share.sums) for share in shares)

    async def _by_cell(self, part: By, link: int, period: Period) -> list[Share]:
        days = period.days
        found = await asyncio.gather(*(self._day(link, day) for day in days))
        names = await self._names(part, {step for cells in found for step, _ in cells})
        rows = []
        for day, cells in zip(days, found, strict=True):
            for (step, group), sums in cells.items():
                called = {"all": "all", "day": day.isoformat(), "group": str(group)}
                rows.append((called.get(part, names[step]), _sums(sums)))
        return _merged(rows)

    async def _by_link(
        self, campaigns: bool, period: Period | None
    ) -> list[tuple[str, tuple[Sum, ...]]]:
        """The sums of each link that has any, by its number or its campaign's present name."""
        days = ["all"] if period is None else [day.isoformat() for day in period.days]
        rows = []
        for day in days:
            for number in await self._store.texts("SMEMBERS", self._keys.conversion_links(day)):
                link = self._links.get(int(number))
                name = (link.campaign if link else "") if campaigns else number
                if day == "all":
                    found = [one.sums for one in await self._kept("all", int(number))]
                else:
                    cells = await self._day(int(number), date.fromisoformat(day))
                    found = [_sums(cell) for cell in cells.values()]
                rows += [(name, sums) for sums in found]
        return rows

    async def _kept(self, part: By, link: int) -> list[Share]:
        kept = await self._store.table("HGETALL", self._keys.conversion_by(part, link))
        shares: defaultdict[str, defaultdict[tuple[str, str], dict[str, int]]]
        shares = defaultdict(lambda: defaultdict(dict))
        for field, number in kept.items():
            name, kind, currency, what = field.split(":")
            shares[name][kind, currency][what] = int(number)
        return [Share(name=name, sums=_sums(found)) for name, found in sorted(shares.items())]

    async def _day(self, link: int, day: date) -> Mapping[tuple[int, int], Found]:
        key = self._keys.conversion_day(link, day.isoformat())
        cells: defaultdict[tuple[int, int], defaultdict[tuple[str, str], dict[str, int]]]
        cells = defaultdict(lambda: defaultdict(dict))
        for field, number in (await self._store.table("HGETALL", key)).items():
            cell, _, what = field.partition(":")
            step, group, kind, currency = cell.split("/")
            cells[int(step), int(group)][kind, currency][what] = int(number)
        return cells

    async def _people(self, link: int, day: date) -> Mapping[tuple[int, int], dict[int, int]]:
        key = self._keys.conversion_people(link, day.isoformat())
        there: defaultdict[tuple[int, int], dict[int, int]] = defaultdict(dict)
        for field, number in (await self._store.table("HGETALL", key)).items():
            step, group, member = map(int, field.split("/"))
            there[step, group][member] = int(number)
        return there

    async def _names(self, part: By, numbers: Iterable[int]) -> dict[int, str]:
        """The names of steps, or of the SOPs they are of, by number."""
        if part not in ("step", "sop"):
            return dict.fromkeys(numbers, "")
        steps = await self._links.steps.named({*numbers})
        return {n: step.sop if part == "sop" else step.name for n, step in steps.items()}


def _sums(found: Found) -> tuple[Sum, ...]:
    return tuple(
        Sum(kind=kind, currency=currency, count=one["count"], value=one["value"] * UNIT)
        for (kind, currency), one in sorted(found.items())
    )


def _merged(rows: Iterable[tuple[str, Iterable[Sum]]]) -> list[Share]:
    """Shares of the same name put together, by name."""
    shares: defaultdict[str, dict[tuple[str, str], Sum]] = defaultdict(dict)
    for name, sums in rows:
        there = shares[name]
        for one in sums:
            known = there.get((one.kind, one.currency))
            count, value = (known.count, known.value) if known else (0, Decimal(0))
            changed = {"count": one.count + count, "value": one.value + value}
            there[one.kind, one.currency] = one.model_copy(update=changed)
    return [
        Share(name=name, sums=tuple(found for _, found in sorted(there.items())))
        for name, there in sorted(shares.items())
    ]
