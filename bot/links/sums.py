"""Sums: what was counted of a link and of all links together, mended by how much it was wrong."""

from __future__ import annotations

from collections import Counter, defaultdict

from bot.links.rules import FLAGS
from bot.store.effects import Effects
from bot.store.store import Store

Table = dict[str, str]
BY = ("", "day", "step", "group")
"""What sums are counted by; "" is all together."""


class Sums:
    """Adds to a link's effects what its sums need; each is guarded by what was read."""

    def __init__(self, store: Store, link: int, effects: Effects) -> None:
        self._store = store
        self._link = link
        self._effects = effects
        self._read: dict[str, Table] = {}
        self._more: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._shared: defaultdict[str, Counter[str]] = defaultdict(Counter)

    async def read(self) -> None:
        """As they are now; every hit that is counted later makes the effects fail."""
        for by in BY:
            self._read[by] = await self._store.table("HGETALL", self._key(by, self._link))
        self._effects.guard(self.said("", "hits"), "HGET", self._key("", self._link), "hits")

    def said(self, by: str, name: str) -> str:
        """One as it was read, '' for none."""
        return self._read[by].get(name, "")

    def number(self, by: str, name: str) -> int:
        """One as it was read, 0 for none."""
        return int(self.said(by, name) or 0)

    def add(self, by: str, name: str, number: int, *, shared: bool = False) -> None:
        """So many more; ``shared``: also of all links together."""
        self._more[by][name] += number
        if shared:
            self.share(by, name, number)

    def share(self, by: str, name: str, number: int) -> None:
        """So many more of all links together only."""
        self._shared[by][name] += number

    def put(self, by: str, name: str, value: str) -> None:
        """Another value for one that is no number of clicks."""
        mend_field(self._effects, self._key(by, self._link), name, self.said(by, name), value)

    def write(self) -> None:
        """Add the effects of all that was added."""
        for by, sums in self._more.items():
            for name, number in sums.items():
                new = self.number(by, name) + number
                self.put(by, name, str(new) if new else "")
        for by, sums in self._shared.items():
            for name, number in sums.items():
                if number:
                    self._effects.do("HINCRBY", self._key(by, 0), name, number)
        self._ranks()

    def _ranks(self) -> None:
        """The links in order of their clicks, and of what closed links turned away."""
        keys, effects = self._store.keys, self._effects
        if clicks := self._more[""]["clicks"]:
            left = self.number("", "clicks") + clicks
            change = ("ZADD", keys.link_top(), left) if left else ("ZREM", keys.link_top())
            effects.do(*change, self._link)
        for verdict in FLAGS:
            if number := self._more[""][verdict]:
                key = keys.link_closed(verdict)
                effects.do("ZINCRBY", key, number, self._link)
                effects.do("ZREMRANGEBYSCORE", key, "-inf", 0)

    def _key(self, by: str, link: int) -> str:
        keys = self._store.keys
        return keys.link_by(by, link) if by else keys.link_counts(link)


def mend_table(effects: Effects, key: str, old: Table, new: Table, seconds: int = 0) -> None:
    """Turn a hash into another; one that is new lives so many seconds (0: for good)."""
    names = sorted({*old, *new})
    changes = [mend_field(effects, key, n, old.get(n, ""), new.get(n, "")) for n in names]
    if any(changes) and seconds and new:
        effects.do("EXPIRE", key, seconds, "NX")


def mend_field(effects: Effects, key: str, name: str, old: str, new: str) -> bool:
    """Turn one field into another, or nothing (''); whether they differ."""
    if old == new:
        return False
    effects.guard(old, "HGET", key, name)
    if new:
        effects.do("HSET", key, name, new)
    else:
        effects.do("HDEL", key, name)
    return True
