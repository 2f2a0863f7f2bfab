"""Accounts: what the hits of one link on one day come to, as link_count.lua adds them up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.links.kept import Entry


@dataclass(slots=True)
class Person:
    """Somebody's clicks in a step and group, the moment of the first (UTC ms), and its way."""

    clicks: int
    first: int
    way: str


@dataclass(slots=True)
class Account:
    """Named as the fields in the store are."""

    cells: Counter[str] = field(default_factory=Counter)
    people: dict[str, Person] = field(default_factory=dict)
    seen: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    ways: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    apps: Counter[str] = field(default_factory=Counter)
    last: int = 0

    @classmethod
    def of(cls, judged: Iterable[tuple[Entry, str]]) -> Account:
        """Of hits of one day with their verdicts."""
        made = cls()
        for one, verdict in judged:
            made.cells[f"{one.cell}:{verdict}"] += 1
            if verdict == "click":
                made._click(one)
        return made

    def _click(self, one: Entry) -> None:
        self.last = max(self.last, one.at)
        if one.app:
            self.apps[one.app] += 1
        place = f"{one.step}/{one.group}/{one.member}"
        person = self.people.get(place)
        if person is None:
            self.people[place] = Person(1, one.at, one.way)
        else:
            person.clicks += 1
            if one.at < person.first:
                person.first, person.way = one.at, one.way
        if one.member:
            if one.way != "0":
                self.ways[one.way].add(one.member)
            return
        places = ("all", f"s{one.step}", f"g{one.group}", f"g{one.group}:{one.step}")
        for scope in (*places, f"w{one.way}"):
            self.seen[scope].add(one.visitor)

    @property
    def visitors(self) -> set[str]:
        """Elements of the set of visitors."""
        return {f"{scope}/{who}" for scope, some in self.seen.items() for who in some}


def clicks_by(cells: Iterable[tuple[str, int]]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Hits by verdict, clicks by step, and clicks by group."""
    kinds, steps, groups = Counter[str](), Counter[str](), Counter[str]()
    for name, number in cells:
        place, _, verdict = name.rpartition(":")
        kinds[verdict] += number
        if verdict == "click":
            step, group, _, _ = place.split("/")
            steps[step] += number
            groups[group] += number
    return kinds, steps, groups
