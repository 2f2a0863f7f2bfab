"""Tallies: adding up what was counted, into the row it belongs to."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from bot.figures.frame import Taken
from bot.figures.reach import Sending
from bot.links.days import Cell, Clicked
from bot.store.bits import Bits


@dataclass(slots=True)
class Tally:
    """What one row is made of; ``clicked`` and ``seen`` are by step."""

    verdicts: Counter[str] = field(default_factory=Counter)
    clicks: int = 0
    members: set[int] = field(default_factory=set)
    visitors: int = 0
    clicked: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    seen: Counter[int] = field(default_factory=Counter)
    delays: dict[tuple[int, int, int], int] = field(default_factory=dict)
    reached: dict[int, list[tuple[str, Bits]]] = field(default_factory=lambda: defaultdict(list))
    conversions: int = 0
    converted: set[int] = field(default_factory=set)
    revenue: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def cell(self, cell: Cell) -> None:
        """Fetches that were judged alike."""
        self.verdicts[cell.verdict] += cell.hits

    def person(self, one: Clicked) -> None:
        """Somebody's clicks on a day; member 0 is everybody nobody knows."""
        self.clicks += one.clicks
        if one.member:
            self.members.add(one.member)
            self.clicked[one.step].add(one.member)
        if one.delay is not None:
            place = (one.step, one.group, one.member)
            self.delays[place] = min(one.delay, self.delays.get(place, one.delay))

    def taken(self, one: Taken) -> None:
        """Conversions."""
        self.conversions += one.count
        self.converted |= one.members.keys()
        if one.value:
            self.revenue[one.currency] += one.value

    def sending(self, one: Sending, members: Bits) -> None:
        """Whom a message reached, if anybody."""
        if not members:
            return
        self.reached[one.step.number].append((one.step.run, members))

    @property
    def reach(self) -> Bits:
        """Everybody reached."""
        return Bits.union(members for sent in self.reached.values() for _, members in sent)

    @property
    def clickers(self) -> int:
        """For each message, who of those it reached clicked in it, and visitors who did."""
        return sum(
            (Bits.of(self.clicked.get(step, ())) & reached).count() + self.seen[step]
            for step, reached in self._by_message
        )

    @property
    def received(self) -> int:
        """For each message, how many it reached."""
        return sum(reached.count() for _, reached in self._by_message)

    @property
    def _by_message(self) -> list[tuple[int, Bits]]:
        return [
            (step, Bits.union(members for _, members in sent))
            for step, sent in self.reached.items()
        ]

    @property
    def runs(self) -> dict[str, Bits]:
        """Whom each run reached."""
        return {
            sent[0][0]: Bits.union(members for _, members in sent)
            for sent in self.reached.values()
            if sent
        }
