"""Reach: whom the messages with links reached, and when."""

from __future__ import annotations

import asyncio
from array import array
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, tzinfo
from sys import byteorder

from bot.clock import utc
from bot.figures.period import Period
from bot.links.steps import Step
from bot.sop.versions import Versions
from bot.store.bits import Bits
from bot.store.effects import CHUNK
from bot.store.facts import read
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Sending:
    """Whom one run's messages reached within an hour, as members of a group (0: of none)."""

    step: Step
    group: int
    day: date
    hour: int
    members: Bits


class Reach:
    """Reads when each target got a run, and who was there; kept for 400 days."""

    def __init__(self, store: Store, versions: Versions, zone: tzinfo) -> None:
        self._store = store
        self._keys = store.keys
        self._versions = versions
        self._zone = zone

    async def of(self, steps: Iterable[Step], period: Period) -> list[Sending]:
        """What was sent of some runs in a period; raises StoreError."""
        found = await asyncio.gather(*(self._run(step, period) for step in steps if step.run))
        return [sending for run in found for sending in run]

    async def _run(self, step: Step, period: Period) -> list[Sending]:
        sent = (await read(self._store, [self._keys.sop_result(step.run, "sent")])).popitem()[1]
        moments = await self._moments(step.run, [*sent.numbers()])
        targets: defaultdict[tuple[date, int], list[int]] = defaultdict(list)
        for number, second in moments.items():
            local = utc(second * 1000).astimezone(self._zone)
            if local.date() in period:
                targets[local.date(), local.hour].append(number)
        version = await self._versions.get(step.sop, int(step.run.split("/", 2)[1]))
        if version.template.to == "member":
            return await self._alone(step, targets)
        return await self._in_groups(step, targets)

    async def _alone(self, step: Step, targets: dict[tuple[date, int], list[int]]) -> list[Sending]:
        """Of members who got it alone; parted by the group they got it as a member of."""
        places = (await read(self._store, [self._keys.sop_places(step.run)])).popitem()[1]
        names = {group: self._keys.sop_present(step.run, group) for group in places.numbers()}
        there = await read(self._store, [*names.values()]) if names else {}
        found = []
        for (day, hour), numbers in targets.items():
            rest = Bits.of(numbers)
            for group, name in names.items():
                if part := rest & there[name]:
                    found.append(Sending(step, group, day, hour, part))
                    rest = rest - part
            if rest:
                found.append(Sending(step, 0, day, hour, rest))
        return found

    async def _in_groups(
        self, step: Step, targets: dict[tuple[date, int], list[int]]
    ) -> list[Sending]:
        places = [(when, group) for when, groups in targets.items() for group in groups]
        names = [self._keys.sop_present(step.run, group) for _, group in places]
        there = await read(self._store, names)
        return [
            Sending(step, group, day, hour, there[name])
            for ((day, hour), group), name in zip(places, names, strict=True)
        ]

    async def _moments(self, run: str, numbers: list[int]) -> dict[int, int]:
        """When each got it, UTC seconds; those of whom it is not known are left out."""
        chunks = sorted({number // CHUNK for number in numbers})
        asked = (self._store.ask("GET", self._keys.sop_sent(run, chunk)) for chunk in chunks)
        found = {
            chunk: _seconds(raw or b"")
            for chunk, raw in zip(chunks, await asyncio.gather(*asked), strict=True)
        }
        moments = {}
        for number in numbers:
            chunk, place = found[number // CHUNK], number % CHUNK
            if place < len(chunk) and chunk[place]:
                moments[number] = chunk[place]
        return moments


def _seconds(raw: bytes) -> array[int]:
    """Big-endian whole numbers of four bytes."""
    numbers = array("I", raw[: len(raw) // 4 * 4])
    if byteorder == "little":
        numbers.byteswap()
    return numbers
