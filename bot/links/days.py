"""Days: what was counted on each day of a link, by step, group, hour, way and member."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.store.store import Store, as_text

Name = Callable[[int, str], str]
"""A key's name by link and day."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Hits of one link on one day that are the same in everything.

    ``hour`` is 0 to 23 in the workspace's zone, ``way`` the version and branch of the link's rules
    ("0" for none), ``verdict`` what they were judged.
    """

    link: int
    day: date
    step: int
    group: int
    hour: int
    way: str
    verdict: str
    hits: int


@dataclass(frozen=True, slots=True)
class Clicked:
    """A member's clicks of one link in one step and group on one day.

    Member 0 is everybody nobody knows. ``first`` is the first click, UTC ms, ``delay`` the
    milliseconds it came after the message (None where that is not known), and ``way`` the version
    and branch of the link's rules it went.
    """

    link: int
    day: date
    step: int
    group: int
    member: int
    clicks: int
    first: int
    delay: int | None
    way: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Visitors without a member on one day: of a step and a group, or of a way.

    -1 stands for all of them, and so does '' for ways.
    """

    link: int
    day: date
    step: int
    group: int
    way: str
    visitors: int


class Days:
    """Reads days; each is kept as it was counted, and only replay writes it again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def of(self, link: int) -> list[date]:
        """The days on which a link had hits, ascending."""
        fields = await self._store.texts("HKEYS", self._keys.link_by("day", link))
        return sorted({date.fromisoformat(field.partition(":")[0]) for field in fields})

    async def links(self, days: Iterable[date]) -> dict[date, list[int]]:
        """The links that had hits on each day."""
        wanted = [*days]
        asked = (self._store.ask("SMEMBERS", self._keys.link_active(day)) for day in wanted)
        found = await asyncio.gather(*asked)
        return {
            day: sorted(int(link) for link in links)
            for day, links in zip(wanted, found, strict=True)
        }

    async def rules(self, link: int) -> dict[date, int]:
        """The version of the rules each day was counted by; of several, the first."""
        found = await self._store.table("HGETALL", self._keys.link_rules(link))
        return {date.fromisoformat(day): int(version) for day, version in sorted(found.items())}

    async def cells(self, link: int, days: Sequence[date]) -> list[Cell]:
        """All hits of some days, by what they were."""
        return [
            _cell(link, day, field, number)
            for day, fields in await self._tables(self._keys.link_day, link, days)
            for field, number in fields
        ]

    async def people(self, link: int, days: Sequence[date]) -> list[Clicked]:
        """Who clicked on some days; kept for 400 days."""
        return [
            _clicked(link, day, field, value)
            for day, fields in await self._tables(self._keys.link_people, link, days)
            for field, value in fields
        ]

    async def seen(self, link: int, days: Sequence[date]) -> list[Seen]:
        """How many visitors without a member some days had."""
        return [
            Seen(link, day, *_who(field), int(number))
            for day, fields in await self._tables(self._keys.link_seen, link, days)
            for field, number in fields
        ]

    async def _tables(
        self, key: Name, link: int, days: Sequence[date]
    ) -> list[tuple[date, list[tuple[str, str]]]]:
        answers = await asyncio.gather(
            *(self._store.ask("HGETALL", key(link, day.isoformat())) for day in days)
        )
        return [
            (day, [(as_text(k), as_text(v)) for k, v in zip(flat[::2], flat[1::2], strict=True)])
            for day, flat in zip(days, answers, strict=True)
        ]


def _cell(link: int, day: date, field: str, number: str) -> Cell:
    place, _, verdict = field.rpartition(":")
    step, group, hour, way = place.split("/")
    return Cell(link, day, int(step), int(group), int(hour), way, verdict, int(number))


def _clicked(link: int, day: date, field: str, value: str) -> Clicked:
    step, group, member = map(int, field.split("/"))
    clicks, first, delay, way = value.split()
    known = None if delay == "-" else int(float(delay))
    return Clicked(link, day, step, group, member, int(clicks), int(float(first)), known, way)


def _who(field: str) -> tuple[int, int, str]:
    """Step, group and way of "all", "s3", "g5", "g5:3" or "w3.1"."""
    kind, rest = field[:1], field[1:]
    match kind:
        case "s":
            return int(rest), -1, ""
        case "g":
            group, _, step = rest.partition(":")
            return int(step) if step else -1, int(group), ""
        case "w":
            return -1, -1, rest
    return -1, -1, ""
