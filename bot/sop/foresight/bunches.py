"""Bunches: targets told together in a dry run, one row for all whose time is about the same."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.sop.foresight.outlook import Outlook
from bot.sop.foresight.places import EXACT, QUARTER
from bot.sop.foresight.rows import Row, Source, part
from bot.sop.foresight.sources import FOREVER
from bot.sop.times.schedule import DAY_MS

HOUR = 3_600_000
MANY = 100_000
"""Of more than so many those of one hour are told together, else those of a quarter of it."""

When = Callable[[int], int]
"""When a step comes for an anchor, both UTC ms; a later anchor's is never earlier."""


class Bunches:
    """Cuts sources into rows till ``until`` (UTC ms), never across quiet hours or midnight."""

    def __init__(self, outlook: Outlook, until: int) -> None:
        self._now = outlook.turn.now
        self._windows = outlook.sops.windows
        self._until = until
        self._cuts: dict[tuple[str, int], list[int]] = {}

    async def of(
        self,
        row: Row,
        sources: Sequence[Source],
        when: Callable[[ZoneInfo], When],
        after: int = -1,
        least: int = -1,
    ) -> AsyncIterator[Row]:
        """Rows of whose anchor is later than ``after`` and whose time not before ``least``."""
        for source in sources:
            moment = when(source.zone)
            first = bisect_right(source.times, after)
            first = bisect_left(source.times, least, first, key=moment)
            last = bisect_right(source.times, self._until, first, key=moment)
            end_of = self._end(source.zone, last - first)
            while first < last:
                start = moment(source.times[first])
                end = bisect_left(source.times, end_of(start), first, last, key=moment)
                who = part(source, first, end)
                yield replace(row, due=start, who=who, zone=source.zone, away=source.away)
                first = end
            await asyncio.sleep(0)

    def _end(self, zone: ZoneInfo, count: int) -> When:
        """Before when somebody is told together with who is due at a moment."""
        if count <= EXACT:
            return lambda ms: ms + 1
        cuts = self._edges(zone, HOUR if count > MANY else QUARTER)
        return lambda ms: cuts[bisect_right(cuts, ms)]

    def _edges(self, zone: ZoneInfo, width: int) -> list[int]:
        """Whole quarters or hours, and when quiet hours and dates begin and end in a zone."""
        if (zone.key, width) not in self._cuts:
            first, last = 0, self._until + 2 * width
            start = self._now - 2 * DAY_MS
            edges = self._windows.edges(start, last, zone)
            whole = range(start - start % width, last, width)
            self._cuts[zone.key, width] = sorted({first, *whole, *edges, FOREVER})
        return self._cuts[zone.key, width]
