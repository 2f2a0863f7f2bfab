"""Replay: judges the kept hits again by the rules of today, and mends what they were counted as."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from secrets import token_hex
from typing import Any

from bot.clock import utc
from bot.i18n.mark import msgid
from bot.links.account import Account, clicks_by
from bot.links.days import Days
from bot.links.judge import Judge
from bot.links.kept import Entry, Kept, Recall, order_of, told, verdicts
from bot.links.links import Links
from bot.links.mending import Mending
from bot.store.store import Store, as_text

PAGE = 500
HELD = 30_000
"""Milliseconds a replay that died keeps others from writing."""
OLDEST = 400
"""Days who clicked is kept."""

INCOMPLETE = msgid("not all of its hits are kept: they are too old, or somebody was erased")
OTHERWISE = msgid("it was counted in another time zone, or a group was erased")
TOO_OLD = msgid("it is too old: who was staff, or who clicked, is not kept any more")


class Busy(Exception):
    """Another replay writes now, or died less than half a minute ago."""


@dataclass(frozen=True, slots=True)
class Left:
    """A day that cannot be replayed: its hits that are kept, all that were counted, and why."""

    day: date
    kept: int
    counted: int
    why: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a link's hits of the replayed days were judged, and are; clicks of all its days."""

    link: int
    days: tuple[date, ...]
    before: dict[str, int]
    after: dict[str, int]
    clicks: tuple[int, int]
    left: tuple[Left, ...]

    @property
    def changed(self) -> bool:
        """Whether any verdict's sum is another."""
        return self.before != self.after


@dataclass(slots=True)
class _Plan:
    mending: Mending
    replayed: Replayed
    verdicts: dict[tuple[int, int], str] = field(default_factory=dict)


async def _nothing(days: Iterable[int]) -> None:
    return


class Replay:
    """Judges kept hits again, link by link, on the days whose hits are all still kept.

    A day whose hits are not all kept stays as it was counted: hits of erased members are gone,
    while sums stay. ``recall`` is told the days (since 1970, UTC) whose hits are judged, and
    ``oldest`` is how many days back it can tell who was staff.
    """

    def __init__(
        self,
        store: Store,
        links: Links,
        judge: Judge,
        recall: Recall = _nothing,
        oldest: int = OLDEST,
    ) -> None:
        self._store = store
        self._keys = store.keys
        self._links = links
        self._judge = judge
        self._kept = Kept(store, judge, recall)
        self._days = Days(store)
        self._oldest = min(oldest, OLDEST)
        self._name = token_hex(8)

    async def look(self, since: date | None = None) -> list[Replayed]:
        """What ``apply`` would do; raises StoreError."""
        await self._kept.catch_up()
        return [(await self._plan(link, since)).replayed async for link in self._each()]

    async def apply(self, since: date | None = None) -> list[Replayed]:
        """Replay, from a day on; each link's sums change all at once, or not at all.

        Counting may go on meanwhile. What was broken off is finished by doing it again. Raises
        Busy, StoreError.
        """
        await self._kept.catch_up()
        found, new = [], dict[tuple[int, int], str]()
        async with self._alone():
            async for link in self._each():
                plan = await self._mend(link, since)
                found.append(plan.replayed)
                new |= plan.verdicts
            if new or await self._store.call("EXISTS", self._keys.hits_replayed()):
                await self._rekeep(new)
        return found

    async def _each(self) -> AsyncIterator[int]:
        """The links there are that had hits, those that are kept or not."""
        for link in sorted(one.number for one in self._links.search(limit=self._links.count())):
            key = self._keys.link_counts(link)
            if self._kept.links.get(link) or await self._store.call("HEXISTS", key, "hits"):
                yield link

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        key = self._keys.hits_replayer()
        if not await self._store.call("SET", key, self._name, "NX", "PX", HELD):
            raise Busy
        yield
        # Not in a finally: a replay that broke off may have its last command still under way.
        if await self._store.text("GET", key) == self._name:
            await self._store.call("DEL", key)

    # one link

    async def _mend(self, link: int, since: date | None) -> _Plan:
        while True:
            plan = await self._plan(link, since)
            if not plan.mending:
                return plan
            answer = await self._store.run(
                "link_replay",
                [self._keys.hits_kept(), self._keys.hits_replayer()],
                [self._store.prefix, self._name, self._kept.gone, *plan.mending.effects.wire()],
            )
            if answer == b"taken":
                raise Busy
            if answer == 0:
                return plan

    async def _plan(self, link: int, since: date | None) -> _Plan:
        """What is to be done to a link; all that is read here is guarded by it."""
        mending = await Mending.of(self._store, link, self._links, self._judge)
        await self._kept.catch_up()
        entries = self._kept.links.get(link, [])
        by_day: defaultdict[str, list[Entry]] = defaultdict(list)
        for one in entries:
            by_day[one.day].append(one)
        wanted = [day for day in await self._days.of(link) if since is None or day >= since]
        counted = await mending.cells([day.isoformat() for day in wanted if by_day[str(day)]])
        left = []
        for day in wanted:
            cells = counted.get(day.isoformat(), {})
            if why := self._why_not(day, by_day[str(day)], cells, mending):
                number = mending.hits(day.isoformat())
                left.append(Left(day, len(by_day[str(day)]), number, why))
        days = {str(day) for day in wanted} - {str(one.day) for one in left}
        judged = verdicts(entries, days, self._judge.version)
        accounts = _accounts(entries, judged, days)
        await mending.plan(accounts, entries, [str(one) for one in await self._days.of(link)])
        before = clicks_by((f, int(n)) for day in days for f, n in counted.get(day, {}).items())[0]
        after = clicks_by(c for one in accounts.values() for c in one.cells.items())[0]
        total = mending.clicks
        replayed = Replayed(
            link=link,
            days=tuple(sorted(map(date.fromisoformat, days))),
            before=dict(+before),
            after=dict(+after),
            clicks=(total, total + after["click"] - before["click"]),
            left=tuple(left),
        )
        return _Plan(mending, replayed, _other(entries, judged, days, self._judge.version))

    def _why_not(
        self, day: date, entries: Sequence[Entry], cells: dict[str, str], mending: Mending
    ) -> str:
        today = utc(self._store.clock.now()).astimezone(self._judge.zone).date()
        if len(entries) != mending.hits(day.isoformat()):
            return INCOMPLETE
        if (today - day).days >= self._oldest:
            return TOO_OLD
        counted: Counter[str] = Counter()
        for name, number in cells.items():
            counted[name.rpartition(":")[0]] += int(number)
        return "" if counted == Counter(one.cell for one in entries) else OTHERWISE

    # the hits themselves

    async def _rekeep(self, new: dict[tuple[int, int], str]) -> None:
        """Write the kept hits anew, so that they say the same as the sums."""
        keys, last = self._keys, b""
        places = [
            *(keys.hits_kept(), keys.hits_rekept()),
            *(keys.hits_replayer(), keys.hits_replayed()),
        ]
        while True:
            after = b"(" + last if last else b"-"
            rows = await self._store.call("XRANGE", places[0], after, "+", "COUNT", PAGE)
            words = [word for row in rows for word in self._written(row, new)]
            answer = await self._store.run("link_rekeep", places, [self._name, last, *words])
            match as_text(answer):
                case "taken":
                    raise Busy
                case "done":
                    return
                case "again":
                    last = b""
                case _:
                    last = rows[-1][0] if rows else last
            await asyncio.sleep(0)

    def _written(self, row: Any, new: dict[tuple[int, int], str]) -> list[Any]:
        ident, (line, verdict, rules) = row[0], told(row[1])
        verdict_now = new.get(order_of(ident))
        if verdict_now is None:
            return [ident, line, verdict, rules]
        return [ident, line, verdict_now, self._judge.version]


def _accounts(
    entries: Sequence[Entry], judged: Sequence[str], days: Iterable[str]
) -> dict[str, Account]:
    parts: dict[str, list[tuple[Entry, str]]] = {day: [] for day in days}
    for one, verdict in zip(entries, judged, strict=True):
        if one.day in parts:
            parts[one.day].append((one, verdict))
    return {day: Account.of(part) for day, part in parts.items()}


def _other(
    entries: Sequence[Entry], judged: Sequence[str], days: set[str], version: int
) -> dict[tuple[int, int], str]:
    """The hits whose verdict or version of the rules is another now."""
    return {
        one.order: verdict
        for one, verdict in zip(entries, judged, strict=True)
        if one.day in days and (verdict != one.old or one.rules != version)
    }
