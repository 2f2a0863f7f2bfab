"""Clickers: who ever clicked a link, mended when hits are judged again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable

from bot.links.links import Links
from bot.store.effects import Effects
from bot.store.facts import read
from bot.store.store import Store

Members = defaultdict[str, set[int]]
"""Members by place, as ``link:clicked`` names it: "all", "s3", "g5", "w2.1"."""


class Clickers:
    """Adds to a link's effects what its facts need; each is guarded by what it was.

    ``of_steps`` is by how many more members clicked any link of a step, by its place.
    """

    def __init__(self, store: Store, link: int, links: Links, effects: Effects) -> None:
        self._store = store
        self._keys = store.keys
        self._link = link
        self._links = links
        self._effects = effects
        self.of_steps = Counter[str]()

    async def turn(
        self, before: Members, after: Members, elsewhere: Callable[[], Awaitable[Members | None]]
    ) -> Counter[str]:
        """Turn who clicked on some days into who did; by how many more that is, by place.

        Who clicked ``elsewhere``, on other days, stays; and so does everybody when that is not
        known any more (None).
        """
        names = {scope: self._keys.link_clicked(self._link, scope) for scope in {*before, *after}}
        found = await read(self._store, [*names.values()]) if names else {}
        now = {scope: {*found[name]} for scope, name in names.items()}
        lost = {scope: before[scope] & now[scope] - after[scope] for scope in names}
        if any(lost.values()):
            kept = await elsewhere()
            for scope in lost:
                # Of other days not every way is known, so whoever clicked at all may have gone it.
                place = "all" if scope[0] == "w" else scope
                lost[scope] = set() if kept is None else lost[scope] - kept[place]
        changes = Counter[str]()
        for scope, name in names.items():
            gained = after[scope] - now[scope]
            self._fact(name, gained, lost[scope])
            changes[scope] = len(gained) - len(lost[scope])
            if scope[0] == "s" and scope != "s0" and (gained or lost[scope]):
                await self._of_the_step(scope, gained, lost[scope])
        return changes

    async def _of_the_step(self, scope: str, gained: set[int], lost: set[int]) -> None:
        """The same for all links of a step together: who lost it may have clicked another."""
        key = self._keys.link_clicked(0, scope)
        every = [one.number for one in self._links.search(limit=self._links.count())]
        names = [self._keys.link_clicked(link, scope) for link in every if link != self._link]
        found = await read(self._store, [key, *names])
        now = {*found.pop(key)}
        having = {name: {*some} & lost for name, some in found.items() if some}
        for member in sorted(lost):
            for name, some in having.items():
                self._effects.guard(int(member in some), "fact?", name, member)
        new, gone = gained - now, (lost & now).difference(*having.values())
        self._fact(key, new, gone)
        self.of_steps[scope] += len(new) - len(gone)

    def _fact(self, name: str, gained: Iterable[int], lost: Iterable[int]) -> None:
        for some, present in ((gained, True), (lost, False)):
            for member in sorted(some):
                self._effects.guard(int(not present), "fact?", name, member)
                self._effects.fact(name, member, present)


def members(*tables: Collection[str]) -> Members:
    """The members in fields "{step}/{group}/{member}", by place; those nobody knows left out."""
    found: Members = defaultdict(set)
    for table in tables:
        for field in table:
            step, group, member = field.split("/")
            if member != "0":
                for scope in ("all", f"s{step}", f"g{group}"):
                    found[scope].add(int(member))
    return found
