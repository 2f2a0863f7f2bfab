"""Marks: the company's tags as tags of ours, kept as WeCom has them.

Only what changes in WeCom changes here; what changes here, ``Marking`` brings there. ``tagged`` is
what both last agreed on, so one of the two that differs from it is the one that changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

from bot.gateways.wecom.known import Known
from bot.gateways.wecom.lists import CorpTag, Relation
from bot.gateways.wecom.pairs import Pairs
from bot.model.conversation import Account
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

AT_ONCE = 200
"""Members changed in one step."""


class Marks:
    """Brings the company's tags to ours, by their ``pairs``.

    Whose last relation ended keeps the tags that go both ways: nobody took them. A member and tag
    WeCom was just told of are left to ``Marking``, which knows better.
    """

    def __init__(self, store: Store, known: Known, gateway: str, pairs: Pairs) -> None:
        self._store = store
        self._known = known
        self._facts = Facts(store)
        self._gateway = gateway
        self._pairs = pairs

    async def settle(
        self,
        tags: Mapping[str, CorpTag],
        rows: Iterable[Relation],
        customers: Iterable[str],
        *,
        first: bool,
    ) -> None:
        """Everybody's tags: ``tags`` are all there are by id, ``rows`` the relations with tags.

        ``customers`` are all who have relations. At the ``first`` time nobody was tagged just now,
        so no SOP begins and nothing is credited.
        """
        was = await self._known.pairs()
        pairs = self._pairs.found(tags, was)
        names = self._pairs.named(tags, pairs)
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for row in rows:
            for name in {names[ident] for ident in row.tags if ident in names}:
                wanted[name].add(await self._number(row.customer))
        there = set((await self._known.numbers([*customers])).values())
        untold = await self._known.marking()
        unset = was.keys() - self._pairs.set.keys() - set(names.values())
        for name in unset:  # taken out of the settings, which takes it from nobody
            await self._store.call("DEL", self._tagged(name))
        before = set((await self._known.corp_tags()).values()) - unset
        for name in sorted(before | set(names.values())):
            had = set(await self._facts.numbers(self._tagged(name)))
            busy = {number for number, tag in untold if tag == name}
            add, drop = wanted[name] - had - busy, had - wanted[name] - busy
            ended = drop - there if self._pairs.both_ways(name) else set[int]()
            await self._forget(name, ended)
            await self._move(name, add, drop - ended, quiet=first)
        await self._keep(names, pairs)
        if self._pairs.any:
            await self._meet(there)

    async def one(self, customer: str, rows: Iterable[Relation]) -> None:
        """One customer's tags, by all relations they have."""
        rows, names = [*rows], await self._known.corp_tags()
        wanted = {names[tag] for row in rows for tag in row.tags if tag in names}
        number = await self._number(customer)
        untold = await self._known.marking()
        nobody = set[int]()
        for name in sorted(set(names.values())):
            had = await self._facts.has(self._tagged(name), number)
            if had == (name in wanted) or (number, name) in untold:
                continue
            if not rows and self._pairs.both_ways(name):
                await self._forget(name, {number})
            else:
                await self._move(name, *((nobody, {number}) if had else ({number}, nobody)))
        if self._pairs.any:
            effects = Effects(self._store.keys)
            customers = self._store.keys.wecom_customers(self._gateway)
            effects.fact(customers, number, present=bool(rows))
            await self._store.apply(effects)

    async def _move(self, name: str, add: set[int], drop: set[int], *, quiet: bool = False) -> None:
        tagged, now = self._tagged(name), self._store.clock.now()
        changes = [(n, True) for n in sorted(add)] + [(n, False) for n in sorted(drop)]
        for i in range(0, len(changes), AT_ONCE):
            effects = Effects(self._store.keys)
            for number, given in changes[i : i + AT_ONCE]:
                effects.fact(tagged, number, present=given)
                if given:
                    by: Literal["quiet", ""] = "quiet" if quiet else ""
                    effects.tag(name, number, now, by, source="WeCom")
                else:
                    effects.untag(name, number, now, source="WeCom")
            await self._store.apply(effects)

    async def _forget(self, name: str, numbers: set[int]) -> None:
        """WeCom has these no more, and their tags stay."""
        await self._change(self._tagged(name), set(), numbers)

    async def _meet(self, there: set[int]) -> None:
        """These have relations, and all can be marked again."""
        customers = self._store.keys.wecom_customers(self._gateway)
        had = set(await self._facts.numbers(customers))
        await self._change(customers, there - had, had - there)

    async def _change(self, fact: str, add: set[int], drop: set[int]) -> None:
        changes = [*((n, True) for n in sorted(add)), *((n, False) for n in sorted(drop))]
        for i in range(0, len(changes), AT_ONCE):
            effects = Effects(self._store.keys)
            for number, present in changes[i : i + AT_ONCE]:
                effects.fact(fact, number, present=present)
            await self._store.apply(effects)

    async def _keep(self, names: Mapping[str, str], pairs: Mapping[str, str]) -> None:
        keys, effects = self._store.keys, Effects(self._store.keys)
        for key, fields in (
            (keys.wecom_tags(self._gateway), names),
            (keys.wecom_pairs(self._gateway), pairs),
        ):
            effects.do("DEL", key)
            for field, value in fields.items():
                effects.do("HSET", key, field, value)
        await self._store.apply(effects)

    def _tagged(self, name: str) -> str:
        return self._store.keys.wecom_tagged(self._gateway, name)

    async def _number(self, customer: str) -> int:
        """The member's number, made at first sight: their event may still be on its way."""
        found = await self._known.numbers([customer])
        if customer in found:
            return found[customer]
        return await Members(self._store).number(self._gateway, Account(id=customer))
