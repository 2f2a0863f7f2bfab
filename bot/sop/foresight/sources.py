"""Sources: whose moments lie in a span of time, read for a dry run by many at once."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from bot.sop.engine.moments import Moments, between
from bot.sop.foresight.outlook import Outlook
from bot.sop.foresight.rows import Source
from bot.store.bits import Bits

FOREVER = 2**52
NUMBER = 2**32 - 1
"""The part of a packed moment that is a number."""


class Sources:
    """Reads targets with their moments, by zone; who left the group they were met in apart."""

    def __init__(self, outlook: Outlook) -> None:
        self._look = outlook
        self._turn = outlook.turn
        self._store = outlook.sops.means.store
        self._members = outlook.sops.means.members
        self._roster = outlook.sops.roster
        self._zones: dict[int, ZoneInfo] | None = None

    async def read(
        self,
        sets: Sequence[Moments],
        after: int = -1,
        until: int = FOREVER,
        told: Callable[[int], None] = lambda _: None,
        *,
        whole: bool = False,
    ) -> list[Source]:
        """Whose moments lie in (after, until], by their zones."""
        here, away = list[int](), list[int]()
        look, loose, led = self._look, not self._look.elsewhere, await self._led()
        pages = (
            self._few(sets, after, until)
            if look.only
            else between(self._store, sets, after, until, whole=whole)
        )
        async for page in pages:
            for name, at in page:
                named, _, group = name.partition(":")
                number, found = led.get(int(named), int(named)), here
                if group and group != "0":
                    present = look.present.get(int(group))
                    if present is None:
                        present = await self._roster.present(int(group))
                        look.present[int(group)] = present
                    if number not in present and (loose or number not in look.met):
                        found = away
                found.append(at << 32 | number)
            told(len(page))
        return [*self._sources(here, False), *self._sources(away, True)]

    async def _few(
        self, sets: Sequence[Moments], after: int, until: int
    ) -> AsyncIterator[list[tuple[str, int]]]:
        """The same of the only ones that are looked at."""
        places = [f":{group}" for group in (0, *self._turn.groups)] if self._look.personal else []
        only, led = self._look.only or Bits(), await self._led()
        for number in [*only, *(former for former, to in led.items() if to in only)]:
            for one in sets:
                plain = one.suffix or not places
                names = [str(number)] if plain else [f"{number}{place}" for place in places]
                names = [str(number), *names] if not plain else names
                for name in names:
                    score = await self._store.text("ZSCORE", one.key, name)
                    if score is not None and after < float(score) <= until:
                        yield [(f"{name}{one.suffix}", int(float(score)))]

    async def _led(self) -> Mapping[int, int]:
        """Where the numbers of members lead: what is put down may say a former one."""
        return await self._members.led() if self._look.personal else {}

    def _sources(self, packed: list[int], away: bool) -> Iterator[Source]:
        if not packed:
            return
        packed.sort()
        by_zone: dict[ZoneInfo, list[int]] = {}
        usual = self._turn.zone_of(None)
        if self._zones is None:
            self._zones = self._look.zone_table()
        if self._zones:
            for one in packed:
                by_zone.setdefault(self._zones.get(one & NUMBER, usual), []).append(one)
        else:
            by_zone[usual] = packed
        for zone, those in by_zone.items():
            times = array("q", [one >> 32 for one in those])
            yield Source(zone, away, times, array("I", [one & NUMBER for one in those]))
