"""Actions: what members did: hits, clicks, conversions and check-ins."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, TypeVar

from bot.checkins.records import Records
from bot.exports.pieces import Cells, Pieces, Span, batches, by_day
from bot.links.codes import Code
from bot.links.conversions import Conversion
from bot.links.days import Days
from bot.links.hits import Hit
from bot.links.judge import way_of
from bot.links.links import Links
from bot.links.rules import app
from bot.links.takings import UNIT
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store, as_text

T = TypeVar("T")
Read = Callable[[int, Sequence[date]], Awaitable[list[T]]]

AT_ONCE = 1000
LINKS = 50
"""Links asked about at once."""
VISITOR = 12
"""Letters of a visitor's hash: enough to tell those of one day apart, no more."""


class Actions:
    """Reads streams and days; ``programmes`` are the names of check-ins."""

    def __init__(
        self,
        store: Store,
        links: Links,
        members: Members,
        facts: Facts,
        programmes: Sequence[str],
    ) -> None:
        self._store = store
        self._links = links
        self._members = members
        self._programmes = programmes
        self._days = Days(store)
        self._records = Records(store, facts)

    async def complete_until(self) -> int:
        """The UTC ms before which every hit is counted."""
        rows = await self._store.call("XRANGE", self._store.keys.hits(), "-", "+", "COUNT", 1)
        return int(rows[0][0].split(b"-")[0]) if rows else self._store.clock.now()

    async def hits(self, span: Span) -> Pieces:
        """Judged hits one by one, as far as they are kept."""
        # A hit is put here when it is counted, never before it was.
        async for entries in self._stream(self._store.keys.hits_kept(), span.start):
            judged = [_judged(fields) for _, fields in entries]
            hits = [(hit, verdict, rules, self._code(hit)) for hit, verdict, rules in judged]
            named = await self._named({code.step for *_, code in hits})
            rows = (
                (
                    span.day(hit.at),
                    (
                        *(hit.at, code.link or None, *named[code.step]),
                        *(code.group or None, code.member or None, verdict, rules),
                        *(app(hit.agent) or None, _way(way_of(hit.flags)), hit.visitor[:VISITOR]),
                    ),
                )
                for hit, verdict, rules, code in hits
            )
            for day, some in by_day(rows):
                if span.has(day):
                    yield day, some

    async def counts(self, span: Span) -> Pieces:
        """All hits added up, for every day there was."""
        async for day, cells in self._each(span, self._days.cells):
            named = await self._named({one.step for one in cells})
            yield (
                day,
                [
                    (
                        *(one.link, *named[one.step], one.group or None, one.hour),
                        *(_way(one.way), one.verdict, one.hits),
                    )
                    for one in cells
                ],
            )

    async def clicks(self, span: Span) -> Pieces:
        """Who clicked, as far back as that is kept."""
        async for day, people in self._each(span, self._days.people):
            named = await self._named({one.step for one in people})
            yield (
                day,
                [
                    (
                        *(one.link, *named[one.step], one.group or None, one.member, one.clicks),
                        *(one.first, None if one.delay is None else one.delay / 1000),
                        _way(one.way),
                    )
                    for one in people
                    if one.member  # 0: what those did who are not known, see visitors
                ],
            )

    async def visitors(self, span: Span) -> Pieces:
        """How many clicked without being known as members, by step and group."""
        async for day, seen in self._each(span, self._days.seen):
            own = [one for one in seen if one.step >= 0 and one.group >= 0]
            named = await self._named({one.step for one in own})
            yield day, [(o.link, *named[o.step], o.group or None, o.visitors) for o in own]

    async def conversions(self, span: Span) -> Pieces:
        """Conversions one by one, as far as they are kept."""
        async for entries in self._stream(self._store.keys.conversions(), 0):
            told = [(as_text(i), Conversion.model_validate_json(f[1])) for i, f in entries]
            named = await self._named({one.step for _, one in told})
            yield (
                None,
                [
                    (
                        *(ident, one.at, one.kind, _exact(one.value), one.currency or None),
                        *(one.member or None, one.link or None, self._campaign(one.link)),
                        *(*named[one.step], one.group or None, one.attributed or None),
                    )
                    for ident, one in told
                    if span.has(span.day(one.at))
                ],
            )

    async def check_ins(self, span: Span) -> Pieces:
        """Who checked in, and where, as far back as that is kept."""
        groups = [group.number for group in await self._members.groups()]
        for day in span.recent:
            for programme in self._programmes:
                if not await self._records.count(programme, day):
                    continue
                for group in groups:
                    for some in batches(await self._records.on(programme, day, group), 10_000):
                        yield day, [(programme, group, member) for member in some]

    # inside

    async def _stream(self, key: str, start: int) -> AsyncIterator[Any]:
        after: str | bytes = str(start)
        while entries := await self._store.call("XRANGE", key, after, "+", "COUNT", AT_ONCE):
            yield entries
            after = b"(" + entries[-1][0]

    async def _each(self, span: Span, read: Read[T]) -> AsyncIterator[tuple[date, list[T]]]:
        """What some links had on a wanted day, day by day."""
        busy = defaultdict[date, list[int]](list)
        for link in self._links.search(limit=self._links.count()):
            for day in await self._days.of(link.number):
                if span.has(day):
                    busy[day].append(link.number)
        for day in sorted(busy):
            for links in batches(sorted(busy[day]), LINKS):
                found = await asyncio.gather(*(read(link, [day]) for link in links))
                yield day, [row for rows in found for row in rows]

    async def _named(self, numbers: set[int]) -> dict[int, tuple[str | None, str | None]]:
        """Run and step by the number codes have for them."""
        steps = await self._links.steps.named(numbers)
        return {n: (one.run or None, one.step or None) for n, one in steps.items()}

    def _code(self, hit: Hit) -> Code:
        return self._links.codes.unpack(hit.code) or Code(0)

    def _campaign(self, link: int) -> str | None:
        found = self._links.get(link) if link else None
        return (found.campaign or None) if found else None


def _judged(fields: Cells) -> tuple[Hit, str, int]:
    told = dict(zip(map(as_text, fields[::2]), fields[1::2], strict=True))
    return Hit.parse(told["hit"]), as_text(told["verdict"]), int(told["rules"])


def _exact(value: Decimal) -> Decimal:
    """As it is added up: what is less than the unit does not count."""
    return value.quantize(UNIT, ROUND_DOWN)


def _way(way: str) -> str | None:
    return None if way == "0" else way
