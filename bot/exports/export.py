"""The export: reads what Muster knows, and writes it as the layout says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.clock import utc
from bot.exports.actions import Actions
from bot.exports.folder import Folder
from bot.exports.listings import Listings
from bot.exports.pieces import Pieces, Span, gathered
from bot.exports.sendings import Sendings
from bot.exports.shapes import (
    CHECK_INS,
    CLICKS,
    CONVERSIONS,
    COUNTS,
    GROUPS,
    HITS,
    LINKS,
    MEMBERS,
    REACH,
    RESULTS,
    RUNS,
    VISITORS,
    Shape,
)
from bot.links.links import Links
from bot.sop.outcomes.results import Results
from bot.sop.sops import Sops
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

KEPT = 400
"""Days whose clicks and check-ins of single members are kept."""


class NoDays(ValueError):
    """The last day asked for is before the first."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an export came to: rows by table, and until when (UTC ms) its hits are complete."""

    rows: dict[str, int]
    complete_until: int


class Export:
    """Writes exports; days are those of ``zone``, ``programmes`` the check-ins' names."""

    def __init__(
        self,
        store: Store,
        links: Links,
        members: Members,
        facts: Facts,
        sops: Sops,
        programmes: Collection[str],
        zone: ZoneInfo,
    ) -> None:
        self._store = store
        self._zone = zone
        self._listings = Listings(store, links, members, facts)
        self._sendings = Sendings(store, members, facts, sops, Results(store, facts))
        self._actions = Actions(store, links, members, facts, tuple(programmes))

    async def write(
        self,
        place: Path,
        since: date | None = None,
        until: date | None = None,
        *,
        names: bool = False,
        replace: bool = False,
    ) -> Written:
        """Write the layout to the folder ``place``, the days from ``since`` to ``until``.

        Without these: from the first that is known to today. ``names``: with members' names.
        Raises FolderTaken, NoDays, OSError.
        """
        now = self._store.clock.now()
        last = until or utc(now).astimezone(self._zone).date()
        span = Span(since or date.min, last, last - timedelta(KEPT), self._zone)
        if span.since > last:
            raise NoDays(f"no day from {since} to {last}")
        complete = await self._actions.complete_until()
        about = {
            "zone": self._zone.key,
            "made": _iso(now),
            "complete_until": _iso(complete),
            "since": since.isoformat() if since else None,
            "until": last.isoformat(),
            "names": names,
        }
        async with _in_a_thread(await asyncio.to_thread(Folder, place, about, replace)) as folder:
            for shape, pieces in self._tables(span, names):
                async for day, rows in gathered(pieces):
                    await asyncio.to_thread(folder.write, shape, day, rows)
        return Written(dict(folder.rows), complete)

    def _tables(self, span: Span, names: bool) -> list[tuple[Shape, Pieces]]:
        return [
            (LINKS, self._listings.links()),
            (GROUPS, self._listings.groups()),
            (MEMBERS, self._listings.members(names)),
            (RUNS, self._sendings.runs(span)),
            (RESULTS, self._sendings.results(span)),
            (REACH, self._sendings.reach(span)),
            (HITS, self._actions.hits(span)),
            (COUNTS, self._actions.counts(span)),
            (CLICKS, self._actions.clicks(span)),
            (VISITORS, self._actions.visitors(span)),
            (CONVERSIONS, self._actions.conversions(span)),
            (CHECK_INS, self._actions.check_ins(span)),
        ]


@asynccontextmanager
async def _in_a_thread(folder: Folder) -> AsyncIterator[Folder]:
    try:
        yield folder
    except BaseException as error:
        await asyncio.to_thread(folder.__exit__, type(error), error, None)
        raise
    await asyncio.to_thread(folder.__exit__, None, None, None)


def _iso(ms: int) -> str:
    return utc(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
