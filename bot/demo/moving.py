"""Moving: what was played in a workspace of its own comes into the real one, and out again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.keys import Key, Keys
from bot.store.store import Store

MOVED: tuple[Key, ...] = (
    *(Keys.journal, Keys.timeline, Keys.inbox_dead, Keys.counters, Keys.unmatched),
    *(Keys.member_accounts, Keys.member, Keys.members_all, Keys.member_names, Keys.member_dates),
    Keys.member_grams,
    *(Keys.group_ids, Keys.group, Keys.group_present, Keys.group_joined),
    *(Keys.group_moves, Keys.group_ever),
    *(Keys.tag_names, Keys.tag, Keys.active, Keys.welcome_greeted),
    Keys.welcome_counts,
    *(Keys.checkin_days, Keys.checkin_members, Keys.checkin_on, Keys.checkin_order),
    *(Keys.checkin_here, Keys.checkin_made_up, Keys.checkin_excused, Keys.checkin_zones),
    *(Keys.checkin_evidence, Keys.checkin_pending, Keys.checkin_ledger, Keys.checkin_stage),
    *(Keys.checkin_reminded, Keys.checkin_warned),
    *(Keys.sop_all, Keys.sop_state, Keys.sop_versions, Keys.sop_cursor),
    *(Keys.sop_open, Keys.sop_due, Keys.sop_fed, Keys.sop_runs, Keys.sop_missed, Keys.sop_result),
    *(Keys.hits_kept, Keys.link_top, Keys.link_counts, Keys.link_by, Keys.link_clicked),
    *(Keys.link_today, Keys.link_visitors, Keys.link_day, Keys.link_seen, Keys.link_people),
    Keys.link_trail,
    *(Keys.link_active, Keys.link_used, Keys.link_in, Keys.link_followed, Keys.link_rules),
    *(Keys.link_steps, Keys.link_step_names, Keys.sop_sent, Keys.sop_present, Keys.sop_places),
    *(Keys.channel_members, Keys.attribute_values, Keys.contacts),
    *(Keys.channel_scans, Keys.channel_joined, Keys.channel_came, Keys.channel_entered),
    *(Keys.gateway_members, Keys.owner_members, Keys.zone_members, Keys.member_days),
    *(Keys.groups_created, Keys.moment, Keys.sop_waits, Keys.sop_audience, Keys.sop_on),
    *(Keys.route_asked, Keys.route_groups, Keys.route_invited, Keys.route_joined),
    *(Keys.route_quit, Keys.route_ways, Keys.group_removed),
    *(Keys.sop_quit, Keys.sop_staff, Keys.sop_members, Keys.sop_failed),
)
"""What comes along; the numbers in it are the real workspace's from the start.

Queues, limits, sequences and the sandbox's world stay behind, and are forgotten.
"""
AT_ONCE = 200
"""Commands in one step."""


@dataclass(frozen=True, slots=True)
class Found:
    """A key to move: its family, its name without the workspace, its ms to live (-1: for ever)."""

    key: Key
    name: str
    lives: int

    @property
    def summed(self) -> bool:
        """Whether its numbers are added to those that are there."""
        if self.key in (Keys.link_counts, Keys.link_by):
            return self.name.endswith(":0")  # of all links
        return self.key in (Keys.counters, Keys.welcome_counts, Keys.unmatched, Keys.channel_scans)


class Moving:
    """Brings everything of one workspace into another on the same server.

    All is written in steps that are done once each; what was added to sums is written down in
    the same step, so that it can be taken away again.
    """

    def __init__(self, source: Store, target: Store) -> None:
        self._source = source
        self._target = target
        self._facts = Facts(source)
        self._effects = Effects(target.keys)

    async def move(self) -> None:
        """Bring everything that is MOVED; raises StoreError."""
        async for found in self._found():
            await self._one(found)
        await self._apply()

    async def _found(self) -> AsyncIterator[Found]:
        names = {raw.decode() async for raw in keys_of(self._source)}
        for full in sorted(names):
            name = full.removeprefix(self._source.prefix)
            for key in MOVED:
                if key.matches(name):
                    yield Found(key, name, int(await self._source.call("PTTL", full)))
                    break

    async def _one(self, found: Found) -> None:
        source, target = self._source.prefix + found.name, self._target.prefix + found.name
        if found.summed:
            for field, number in (await self._numbers(source, found.key)).items():
                await self._add(found, target, field, number)
        elif found.key.kind == "fact":
            for number in await self._facts.numbers(source):
                self._effects.fact(target, number)
                await self._full()
        else:
            async for command in self._copied(source, target, found.key):
                self._effects.do(*command)
                await self._full()
        if found.lives > 0:
            self._effects.do("PEXPIRE", target, found.lives, "NX")
        await self._full()

    async def _add(self, found: Found, target: str, field: str, number: int) -> None:
        kept = f"{found.name}\n{field}"
        if found.key.kind == "hash":
            self._effects.do("HINCRBY", target, field, number)
        else:
            self._effects.do("ZINCRBY", target, number, field)
        self._effects.do("HINCRBY", self._target.keys.demo_sums(), kept, number)
        await self._full()

    async def _copied(self, source: str, target: str, key: Key) -> AsyncIterator[tuple[Any, ...]]:
        """The commands that write one key's content again."""
        call = self._source.call
        match key.kind:
            case "string":
                yield "SET", target, await call("GET", source)
            case "hash":
                for field, value in _pairs(await call("HGETALL", source)):
                    yield "HSET", target, field, value
            case "set":
                for element in await call("SMEMBERS", source):
                    yield "SADD", target, element
            case "list":
                for element in await call("LRANGE", source, 0, -1):
                    yield "RPUSH", target, element
            case "zset":
                for element, score in _pairs(await call("ZRANGE", source, 0, -1, "WITHSCORES")):
                    yield "ZADD", target, *(["NX"] if key is Keys.tag_names else []), score, element
            case "stream":
                for _, fields in await call("XRANGE", source, "-", "+"):
                    yield "XADD", target, "*", *fields

    async def _numbers(self, name: str, key: Key) -> dict[str, int]:
        command = ("HGETALL", name) if key.kind == "hash" else ("ZRANGE", name, 0, -1, "WITHSCORES")
        return {k: int(float(v)) for k, v in (await self._source.table(*command)).items()}

    async def _full(self) -> None:
        if len(self._effects.operations) >= AT_ONCE:
            await self._apply()

    async def _apply(self) -> None:
        effects, self._effects = self._effects, Effects(self._target.keys)
        await self._target.apply(effects)


async def subtract(store: Store) -> None:
    """Take what was added to sums away again; what becomes nothing is gone."""
    keys = store.keys
    added = await store.table("HGETALL", keys.demo_sums())
    for kept, number in added.items():
        name, _, field = kept.partition("\n")
        while not await _subtract(store, kept, store.prefix + name, field, int(number)):
            pass  # it was counted up in this moment: once more


async def _subtract(store: Store, kept: str, key: str, field: str, number: int) -> bool:
    hashed = await store.text("TYPE", key) == "hash"
    get, add, remove = ("HGET", "HINCRBY", "HDEL") if hashed else ("ZSCORE", "ZINCRBY", "ZREM")
    before = await store.text(get, key, field)
    effects = Effects(store.keys)
    effects.do("HDEL", store.keys.demo_sums(), kept)
    if before is not None:
        effects.guard(before, get, key, field)
        if float(before) <= number:
            effects.do(remove, key, field)
        elif hashed:
            effects.do(add, key, field, -number)
        else:
            effects.do(add, key, -number, field)
    return await store.apply(effects)


async def keys_of(store: Store) -> AsyncIterator[bytes]:
    """The names of a workspace's keys, with the workspace; one may come twice."""
    cursor = b"0"
    while True:
        cursor, names = await store.call("SCAN", cursor, "MATCH", f"{store.prefix}*", "COUNT", 500)
        for name in names:
            yield name
        if cursor == b"0":
            return


async def clear(store: Store) -> None:
    """Delete every key of a workspace."""
    async for name in keys_of(store):
        await store.call("UNLINK", name)


def _pairs(flat: list[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)
