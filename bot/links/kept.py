"""Kept: the judged hits that are still there, read in order and judged by the rules of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from sys import intern
from typing import Any

from bot.links.hits import Hit
from bot.links.judge import Judge
from bot.links.rules import WINDOW, app
from bot.store.store import Store, as_text

PAGE = 1000
REMEMBERED = 60_000
"""Milliseconds after it was counted for which link_count.lua knows a click, to tell repeats."""
DAY = 86_400_000

Recall = Callable[[Iterable[int]], Awaitable[None]]


@dataclass(slots=True)
class Entry:
    """One hit as it was counted, and what it is judged now, before repeats are told.

    ``order`` is its place in the stream (ms counted, number), ``rules`` the version that counted
    it; ``known`` whether an earlier hit of the same code is kept.
    """

    order: tuple[int, int]
    at: int
    letters: str
    visitor: str
    app: str
    old: str
    rules: int
    judged: str
    day: str
    hour: int
    way: str
    step: int
    group: int
    member: int
    known: bool

    @property
    def cell(self) -> str:
        """Where it counts on its day, whatever it is judged."""
        return f"{self.step}/{self.group}/{self.hour}/{self.way}"


class Kept:
    """All of ``hits:kept`` in memory, by link; some 400 bytes for each hit.

    ``recall`` is told the days (since 1970, UTC) whose hits are about to be judged.
    """

    def __init__(self, store: Store, judge: Judge, recall: Recall) -> None:
        self._store = store
        self._first_judge = judge
        self._recall = recall
        self._forget()

    def _forget(self) -> None:
        self.links: defaultdict[int, list[Entry]] = defaultdict(list)
        self.gone: int | None = None
        """Entries that were there once, and are no longer."""
        self._judge = self._first_judge.anew()
        self._codes: set[str] = set()
        self._last = b"-"
        self._orders: list[tuple[int, int]] = []

    async def catch_up(self) -> None:
        """Read what was counted since, and forget what is gone; raises StoreError."""
        while True:
            if self.gone is None:
                self.gone = (await self._about())[2]
            await self._read()
            first, length, gone = await self._about()
            dropped = self._drop(first)
            if gone - self.gone != dropped:
                self._forget()  # something was erased, or forgotten before it was read
                continue
            self.gone = gone
            if length == len(self._orders):
                return

    async def _about(self) -> tuple[tuple[int, int] | None, int, int]:
        """The first entry's place, how many there are, and how many no longer."""
        key = self._store.keys.hits_kept()
        if not await self._store.call("EXISTS", key):
            return None, 0, 0
        flat = await self._store.call("XINFO", "STREAM", key)
        about = dict(zip(map(as_text, flat[::2]), flat[1::2], strict=True))
        first, length = about["first-entry"], int(about["length"])
        place = order_of(first[0]) if first else None
        return place, length, int(about["entries-added"]) - length

    def _drop(self, first: tuple[int, int] | None) -> int:
        """Forget entries before this one; how many."""
        before = len(self._orders)
        if first is not None and (not self._orders or self._orders[0] >= first):
            return 0
        self._orders = [order for order in self._orders if first is not None and order >= first]
        for link, entries in self.links.items():
            self.links[link] = [one for one in entries if first is not None and one.order >= first]
        return before - len(self._orders)

    async def _read(self) -> None:
        key = self._store.keys.hits_kept()
        while rows := await self._store.call("XRANGE", key, self._last, "+", "COUNT", PAGE):
            found = [(order_of(ident), told(fields)) for ident, fields in rows]
            await self._recall({at // DAY for _, (line, _, _) in found if (at := _moment(line))})
            for order, (line, verdict, rules) in found:
                self._orders.append(order)
                self._take(order, line, verdict, rules)
            self._last = b"(" + rows[-1][0]

    def _take(self, order: tuple[int, int], line: bytes, verdict: str, rules: int) -> None:
        for one in self._judge.of([line]):
            hit, code = one.hit, one.code
            letters = intern(one.letters)
            entry = Entry(
                order=order,
                at=hit.at,
                letters=letters,
                visitor=intern(hit.visitor),
                app=app(hit.agent),
                old=intern(verdict),
                rules=rules,
                judged=one.verdict,
                day=intern(one.day),
                hour=one.hour,
                way=intern(one.way),
                step=code.step,
                group=code.group,
                member=code.member,
                known=letters in self._codes,
            )
            self._codes.add(letters)
            self.links[code.link].append(entry)


def verdicts(entries: Sequence[Entry], days: Collection[str], version: int) -> list[str]:
    """What hits of a link are judged; what is of other ``days`` stays as it was counted.

    Repeats are told as in link_count.lua. Where only a hit before could tell, and none is kept,
    what was counted stands.
    """
    new: dict[tuple[str, str], tuple[int, int]] = {}
    old: dict[tuple[str, str], tuple[int, int]] = {}
    found = []
    for one in entries:
        who, counted = (one.letters, one.visitor), one.order[0]
        last, explained = _live(new.get(who), counted), _live(old.get(who), counted)
        verdict = one.judged
        if one.day not in days:
            verdict = one.old
        elif verdict == "click" and last is not None:
            verdict = "repeat" if abs(one.at - last) < WINDOW else "click"
        elif verdict == "click" and (
            (one.old == "repeat" and (explained is None or abs(one.at - explained) >= WINDOW))
            or (one.old == "suspect" and not one.known and one.rules == version)
        ):
            verdict = one.old
        if verdict == "click":
            new[who] = (one.at, counted)
        if one.old == "click":
            old[who] = (one.at, counted)
        found.append(verdict)
    return found


def order_of(ident: bytes) -> tuple[int, int]:
    """An entry's id as numbers."""
    first, _, second = ident.partition(b"-")
    return int(first), int(second)


def told(fields: Sequence[Any]) -> tuple[bytes, str, int]:
    """A kept entry's line, verdict and version of the rules."""
    known = dict(zip(map(as_text, fields[::2]), fields[1::2], strict=True))
    return known["hit"], as_text(known["verdict"]), int(known["rules"])


def _live(last: tuple[int, int] | None, counted: int) -> int | None:
    return last[0] if last and counted <= last[1] + REMEMBERED else None


def _moment(line: bytes) -> int:
    try:
        return Hit.parse(line).at
    except ValueError:
        return 0
