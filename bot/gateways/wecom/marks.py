"""Marks: the company's tags as tags of ours, kept as WeCom has them.

A tag that was given or taken on our side stays as it is: only what changes in WeCom changes here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from bot.gateways.wecom.known import Known
from bot.gateways.wecom.lists import Relation
from bot.model.conversation import Account
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

AT_ONCE = 200
"""Members changed in one step."""


class Marks:
    """Brings the company's tags to ours, whose names are WeCom's after ``prefix``.

    The same name in two groups of tags is one tag.
    """

    def __init__(self, store: Store, known: Known, gateway: str, prefix: str) -> None:
        self._store = store
        self._known = known
        self._facts = Facts(store)
        self._gateway = gateway
        self._prefix = prefix

    async def settle(
        self, tags: Mapping[str, str], rows: Iterable[Relation], *, first: bool
    ) -> None:
        """Everybody's tags: ``tags`` are all there are (id → name), ``rows`` all relations.

        At the ``first`` time nobody was tagged just now, so no SOP begins and nothing is credited.
        """
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for row in rows:
            for name in self._names(tags, row):
                wanted[name].add(await self._number(row.customer))
        key = self._store.keys.wecom_tags(self._gateway)
        names = {ident: self._prefix + name for ident, name in tags.items()}
        before = set((await self._store.table("HGETALL", key)).values())
        for name in sorted(before | set(names.values())):
            had = set(await self._facts.numbers(self._tagged(name)))
            await self._move(name, wanted[name] - had, had - wanted[name], quiet=first)
        effects = Effects(self._store.keys)
        effects.do("DEL", key)
        for ident, name in names.items():
            effects.do("HSET", key, ident, name)
        await self._store.apply(effects)

    async def one(self, customer: str, rows: Iterable[Relation]) -> None:
        """One customer's tags, by all relations they have."""
        names = await self._store.table("HGETALL", self._store.keys.wecom_tags(self._gateway))
        wanted = {names[tag] for row in rows for tag in row.tags if tag in names}
        number = await self._number(customer)
        for name in sorted(set(names.values())):
            had = await self._facts.has(self._tagged(name), number)
            if had != (name in wanted):
                one, nobody = {number}, set[int]()
                await self._move(name, *((nobody, one) if had else (one, nobody)))

    async def _move(self, name: str, add: set[int], drop: set[int], *, quiet: bool = False) -> None:
        tagged, tag, now = self._tagged(name), self._store.keys.tag(name), self._store.clock.now()
        changes = [(n, True) for n in sorted(add)] + [(n, False) for n in sorted(drop)]
        for i in range(0, len(changes), AT_ONCE):
            effects = Effects(self._store.keys)
            for number, given in changes[i : i + AT_ONCE]:
                effects.fact(tagged, number, present=given)
                if given and not quiet:
                    effects.tag(name, number, now)
                else:
                    effects.fact(tag, number, present=given)
            if quiet:
                effects.do("ZADD", self._store.keys.tag_names(), "NX", now, name)
            await self._store.apply(effects)

    def _names(self, tags: Mapping[str, str], row: Relation) -> list[str]:
        return [self._prefix + tags[ident] for ident in row.tags if ident in tags]

    def _tagged(self, name: str) -> str:
        return self._store.keys.wecom_tagged(self._gateway, name)

    async def _number(self, customer: str) -> int:
        """The member's number, made at first sight: their event may still be on its way."""
        found = await self._known.numbers([customer])
        if customer in found:
            return found[customer]
        return await Members(self._store).number(self._gateway, Account(id=customer))
