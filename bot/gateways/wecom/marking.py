"""Marking: brings the tags of ours that go both ways to the relations WeCom has.

What differs is found by comparing, not by following events: our tag with what both last agreed on.
So no change is lost, and one that was taken back in time makes no call. Facts from
developer.work.weixin.qq.com/document/path/92117 (tags) and 92118 (mark_tag).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import structlog

from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.errors import WeComError
from bot.gateways.wecom.known import Known
from bot.gateways.wecom.lists import NO_RELATION, Lists, Relation
from bot.gateways.wecom.pairs import Pairs
from bot.store.bits import Bits
from bot.store.effects import Effects
from bot.store.facts import read
from bot.store.store import Store

log = structlog.get_logger(__name__)

MARK = "externalcontact/mark_tag"
AT_ONCE = 5
"""Members marked together: above five calls under way WeCom answers 45033, as its staff say."""
SOME = 200
"""Members marked in one turn."""
TAGS = 30
"""Tags in one call; the documents name no limit."""
PATIENCE = 5.0
"""Seconds waited before a call is made again; what takes longer is left for a later turn."""
FIRST, LONGEST = 60_000, 3_600_000
"""Milliseconds nothing is marked after a failure, doubling up to the longest."""
NOBODY = Bits()


@dataclass(frozen=True, slots=True)
class Work:
    """What differs now: ``differing`` are members and tags of ours, some of all that ``wait``.

    ``ids`` are the company tags of each tag, ``having`` is who has it here.
    """

    differing: Mapping[int, set[str]]
    waiting: int
    ids: Mapping[str, list[str]]
    having: Mapping[str, Bits]


class Marking:
    """Marks some members in each turn; only the node that has the sync's lease takes turns.

    From before WeCom is told of a member's tag until its answer is kept, the two are noted: what
    WeCom has then may have come from us, so ours holds. Whom WeCom refuses, and a tag that cannot
    be created, waits for ``again``.
    """

    def __init__(
        self,
        api: WeComApi,
        lists: Lists,
        known: Known,
        store: Store,
        gateway: str,
        agent: str,
        pairs: Pairs,
    ) -> None:
        self._api = api
        self._lists = lists
        self._known = known
        self._store = store
        self._gateway = gateway
        self._agent = agent
        self._pairs = pairs
        self._failed = 0
        self._due = 0
        self._missing: dict[str, WeComError | None] = {}
        self._unmarked = 0
        self._why: WeComError | None = None
        self._shown: dict[str, str | int] = {}

    def again(self) -> None:
        """Everything was compared, so who was refused is tried again."""
        self._missing.clear()
        self._unmarked, self._why = 0, None

    async def turn(self) -> bool:
        """Mark some; whether more can be marked at once. Raises as the sync's turn."""
        if not self._pairs.any or self._store.clock.now() < self._due:
            return False
        try:
            work = await self._work()
            some = sorted(work.differing.items())[:SOME]
            for i in range(0, len(some), AT_ONCE):
                await self._together(some[i : i + AT_ONCE], work)
        except WeComError as error:
            await self._pause(error)
            return False
        self._failed = 0
        done = sum(len(names) for _, names in some)
        missing = "" if self._why else next(iter(self._missing), "")
        await self._show(self._why or self._missing.get(missing), missing, work.waiting - done)
        return len(work.differing) > SOME

    async def _together(self, some: Iterable[tuple[int, set[str]]], work: Work) -> None:
        calls = (self._one(number, names, work) for number, names in some)
        for failed in await asyncio.gather(*calls, return_exceptions=True):
            if failed:
                raise failed

    # what differs

    async def _work(self) -> Work:
        keys = self._store.keys
        names = self._pairs.going(await self._store.texts("ZRANGE", keys.tag_names(), 0, -1))
        customers = keys.wecom_customers(self._gateway)
        both = {name: (keys.tag(name), keys.wecom_tagged(self._gateway, name)) for name in names}
        facts = await read(
            self._store, [customers, *(key for pair in both.values() for key in pair)]
        )
        ids = await self._ids()
        having, waiting = {}, 0
        differing: defaultdict[int, set[str]] = defaultdict(set)
        for name, (tag, tagged) in both.items():
            having[name] = ours = facts[tag]
            differs = (ours ^ facts[tagged]) & facts[customers]
            add, drop = differs & ours, differs & facts[tagged]
            waiting += differs.count()
            if add and name not in ids and (made := await self._create(name)):
                ids[name] = [made]
            for number in islice(differs if name in ids else drop, SOME + 1):
                differing[number].add(name)
        for number, name in await self._known.marking():
            if name in both:
                differing[number].add(name)
            else:  # taken out of the settings meanwhile
                await self._end(number, {name: False}, markable=True)
        return Work(differing, waiting, ids, having)

    async def _ids(self) -> dict[str, list[str]]:
        """The company tags of each tag of ours; the first is the one to give."""
        ids: dict[str, list[str]] = {}
        for ident, name in sorted((await self._known.corp_tags()).items()):
            ids.setdefault(name, []).append(ident)
        return ids

    async def _create(self, name: str) -> str | None:
        """The company tag that was missing; None if none is to be created, or none can be."""
        if name in self._missing:
            return None
        corp = self._pairs.created(name)
        if corp is None:
            self._missing[name] = None
            return None
        try:
            ident = await self._listed(name) or await self._made(corp.group, corp.name)
        except WeComError as error:
            if error.general:
                raise
            self._missing[name] = error
            log.warning("marking.no_tag", gateway=self._gateway, tag=name, reason=str(error))
            return None
        keys, effects = self._store.keys, Effects(self._store.keys)
        effects.do("HSET", keys.wecom_tags(self._gateway), ident, name)
        if name in self._pairs.set:
            effects.do("HSET", keys.wecom_pairs(self._gateway), name, self._pairs.kept(name, ident))
        await self._store.apply(effects)
        return ident

    async def _listed(self, name: str) -> str | None:
        """The tag if it is there by now: made in WeCom, or by us without an answer."""
        listed = await self._lists.tags()
        named = self._pairs.named(listed, self._pairs.found(listed, await self._known.pairs()))
        return min((ident for ident, tag in named.items() if tag == name), default=None)

    async def _made(self, group: str, name: str) -> str:
        body = {"group_name": group, "tag": [{"name": name}], "agentid": int(self._agent)}
        answer = await self._api.post("externalcontact/add_corp_tag", body)
        found = [t for t in answer["tag_group"]["tag"] if t["name"] == name]
        return str(found[0]["id"])

    # one member

    async def _one(self, number: int, names: set[str], work: Work) -> None:
        """Mark a member's relations, and keep what they have then."""
        account = await self._known.account(number)
        rows = await self._lists.followers(account) if account else []
        there = {row.staff: row.tags for row in rows}
        calls = [(row, *_difference(row, number, names, work)) for row in rows]
        refused: WeComError | None = None
        if any(add or drop for _, add, drop in calls):
            await self._begin(number, names)
        for row, add, drop in calls:
            try:
                await self._tell(row, add, drop)
                there[row.staff] = (row.tags | {*add}) - {*drop}
            except WeComError as error:
                if error.general:
                    raise
                if error.errcode not in NO_RELATION:  # else they only half are a customer
                    refused = error
                    self._log(error, row)
        tags = frozenset[str]().union(*there.values())
        given = {name: not tags.isdisjoint(work.ids.get(name, ())) for name in names}
        done = all(given[name] == _wanted(number, name, work) for name in names)
        await self._end(number, given, markable=bool(rows) and done)
        if refused:
            self._unmarked += 1
            self._why = refused

    async def _tell(self, row: Relation, add: Sequence[str], drop: Sequence[str]) -> None:
        for i in range(0, max(len(add), len(drop)), TAGS):
            body = {
                "userid": row.staff,
                "external_userid": row.customer,
                "add_tag": add[i : i + TAGS],
                "remove_tag": drop[i : i + TAGS],
            }
            await self._lists.patiently(partial(self._api.post, MARK, body), PATIENCE)

    def _log(self, error: WeComError, row: Relation) -> None:
        who = {"staff": row.staff, "customer": row.customer}
        log.warning("marking.refused", gateway=self._gateway, reason=str(error), **who)

    async def _begin(self, number: int, names: Iterable[str]) -> None:
        effects = Effects(self._store.keys)
        key = self._store.keys.wecom_marking(self._gateway)
        effects.do("SADD", key, *(f"{number}/{name}" for name in names))
        await self._store.apply(effects)

    async def _end(self, number: int, given: Mapping[str, bool], *, markable: bool) -> None:
        keys, effects = self._store.keys, Effects(self._store.keys)
        for name, present in given.items():
            effects.fact(keys.wecom_tagged(self._gateway, name), number, present=present)
            effects.do("SREM", keys.wecom_marking(self._gateway), f"{number}/{name}")
        if not markable:
            effects.fact(keys.wecom_customers(self._gateway), number, present=False)
        await self._store.apply(effects)

    # what operators are shown

    async def _pause(self, error: WeComError) -> None:
        self._failed += 1
        wait = min(LONGEST, FIRST * 2 ** (self._failed - 1))
        self._due = self._store.clock.now() + max(wait, int(error.after * 1000))
        log.warning("marking.failed", gateway=self._gateway, reason=str(error))
        await self._show(error)

    async def _show(
        self, error: WeComError | None, missing: str = "", waiting: int | None = None
    ) -> None:
        """Keep it for the status; ``waiting`` None: as many as before."""
        shown: dict[str, str | int] = {
            "unmarked": self._unmarked,
            "missing": missing,
            "mark_errcode": error.errcode if error else 0,
            "mark_errmsg": error.errmsg if error else "",
        }
        if waiting is not None:
            shown["waiting"] = max(0, waiting)
        if self._shown != shown:
            self._shown = shown
            await self._known.note(**shown)


def _wanted(number: int, name: str, work: Work) -> bool:
    return number in work.having.get(name, NOBODY)


def _difference(
    row: Relation, number: int, names: Iterable[str], work: Work
) -> tuple[list[str], list[str]]:
    """The company tags to give and to take, so that a relation has the tags as we have them."""
    add, drop = list[str](), list[str]()
    for name in sorted(names):
        ids = work.ids.get(name, [])
        there = [ident for ident in ids if ident in row.tags]
        if not _wanted(number, name, work):
            drop += there
        elif ids and not there:
            add.append(ids[0])
    return add, drop
