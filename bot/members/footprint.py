"""The footprint: everywhere a member's number decides what happens, to be carried by a merge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from bot.store.bits import Bits
from bot.store.facts import Facts
from bot.store.members import Group, Member, Members
from bot.store.store import Store

Item = tuple[str, ...]
"""A kind of thing ``lib_merge.lua`` can carry, and its names without the workspace."""
Programmes = Callable[[], Mapping[str, Sequence[str]]]
"""The check-in programmes, each with the names of its stages."""

FIRST_DAY = date(2024, 1, 1)
"""The day of a check-in bitmap's first bit."""
KEPT, ORDERED = timedelta(days=401), timedelta(days=9)
"""How long it is kept who checked in on a day, and in which order."""
EVERYWHERE = 0


class Footprint:
    """Lists what of a member is carried when they are merged with another one.

    Only what is looked up by the number of who acts now: what merely happened (journal, clicks,
    results of steps, days with a message) stays under the number, which leads to the survivor.
    """

    def __init__(
        self, store: Store, members: Members, facts: Facts, programmes: Programmes
    ) -> None:
        self._store = store
        self._keys = store.keys
        self._members = members
        self._facts = facts
        self._programmes = programmes

    async def items(self, member: Member, to: int) -> list[Item]:
        """What there may be of a member; what is not there is passed over when it is carried."""
        groups = await self._groups(member.number)
        numbers = [group.number for group in groups]
        found = [
            *self._own(member),
            *await self._tags(),
            *self._places(groups),
            *await self._contacts(member),
            *await self._checkins(member.number, to, numbers),
            *await self._sops(member.number, to, numbers),
            *await self._routes(member.number, to),
        ]
        return [(kind, *(self._bare(name) for name in names)) for kind, *names in found]

    def _bare(self, name: str) -> str:
        return name.removeprefix(self._store.prefix)

    async def _groups(self, member: int) -> list[Group]:
        """The groups a member is or was in."""
        keys, groups = self._keys, await self._members.groups()
        families = (keys.group_ever, keys.group_present, keys.group_removed)
        asked = [self._facts.has(key(g.number), member) for g in groups for key in families]
        there = await asyncio.gather(*asked)
        n = len(families)
        return [g for i, g in enumerate(groups) if any(there[i * n : i * n + n])]

    def _own(self, member: Member) -> Iterator[Item]:
        keys = self._keys
        yield "fact", keys.members_all()
        for gateway in {gateway for gateway, _ in member.every}:
            yield "fact", keys.gateway_members(gateway)
            yield "fact", keys.wecom_customers(gateway)
        yield "score", keys.moment("contact"), "ours", ""

    async def _tags(self) -> list[Item]:
        keys, store = self._keys, self._store
        names, counted, todo, rules = await asyncio.gather(
            store.texts("ZRANGE", keys.tag_names(), 0, -1),
            store.texts("SMEMBERS", keys.moment_tags()),
            store.texts("HKEYS", keys.tags_applications()),
            store.texts("HKEYS", keys.tags_rules()),
        )
        return [
            *(("tag", tag) for tag in names),
            *(("score", keys.moment(f"tag:{tag}"), "ours", "") for tag in counted),
            *(("fact", keys.tags_todo(one)) for one in todo),
            *(("fact", keys.tags_ruled(one)) for one in rules),
        ]

    def _places(self, groups: Iterable[Group]) -> Iterator[Item]:
        keys = self._keys
        for number in (group.number for group in groups):
            yield from (
                ("fact", keys.group_present(number)),
                ("fact", keys.group_ever(number)),
                ("fact", keys.group_removed(number)),
                ("score", keys.group_joined(number), "first", ""),
                ("score", keys.channel_entered(number), "first", ""),
                ("score", keys.route_held(number), "last", ""),
                ("score", keys.welcome_greeted(number), "last", ""),
                ("field", keys.welcome_pending(number)),
            )
        yield "score", keys.welcome_told("*"), "last", ""

    async def _contacts(self, member: Member) -> list[Item]:
        keys, store = self._keys, self._store
        gateways = sorted({gateway for gateway, _ in member.every})
        owners = set(await store.texts("SMEMBERS", keys.attribute_values("owner")))
        found: list[Item] = []
        for gateway in gateways:
            staff = owners | set(await store.texts("SMEMBERS", keys.wecom_staff(gateway)))
            for one in sorted(staff):
                found.append(("score", keys.contacts(gateway, one), "contact", ""))
                found.append(("score", keys.channel_came(gateway, one), "first", ""))
            marks = await store.texts("HVALS", keys.wecom_tags(gateway))
            found += [("fact", keys.wecom_tagged(gateway, tag)) for tag in marks]
        return found

    # check-ins

    async def _checkins(self, member: int, to: int, groups: Sequence[int]) -> list[Item]:
        found: list[Item] = []
        for programme, stages in self._programmes().items():
            found += self._records(programme, member, to, groups)
            found += [
                ("fact", self._keys.checkin_stage(programme, group, stage))
                for group in (EVERYWHERE, *groups)
                for stage in stages
            ]
            found += await self._days(programme, member, to, groups)
        return found + await self._pending(member)

    def _records(
        self, programme: str, member: int, to: int, groups: Sequence[int]
    ) -> Iterator[Item]:
        keys = self._keys
        yield "bits", keys.checkin_days(programme, to), keys.checkin_days(programme, member)
        for key in (keys.checkin_here, keys.checkin_made_up, keys.checkin_excused):
            for group in (EVERYWHERE, *groups):
                yield "bits", key(programme, group, to), key(programme, group, member)
        for group in (EVERYWHERE, *groups):
            ledger = keys.checkin_ledger
            yield "entries", ledger(programme, group, to), ledger(programme, group, member)
        yield "fact", keys.checkin_members(programme)
        yield "field", keys.checkin_zones(programme)

    async def _days(
        self, programme: str, member: int, to: int, groups: Sequence[int]
    ) -> list[Item]:
        """Who checked in on a day, in which order, and what was shown."""
        keys = self._keys
        bitmap = await self._store.call("GET", keys.checkin_days(programme, member)) or b""
        days = [FIRST_DAY + timedelta(days=n) for n in Bits.of_bitmap(bitmap)]
        today = datetime.fromtimestamp(self._store.clock.now() / 1000, UTC).date()
        scopes = (EVERYWHERE, *groups)
        found: list[Item] = []
        for day in days:
            if day > today - KEPT:
                found += [("fact", keys.checkin_on(programme, g, day)) for g in scopes]
            if day > today - ORDERED:
                orders = (keys.checkin_order(programme, g, day) for g in scopes)
                found += [("score", order, "first", "") for order in orders]
        shown = keys.checkin_evidence
        for month in sorted({f"{day:%Y-%m}" for day in days} | {f"{today:%Y-%m}"}):
            for group in scopes:
                own = shown(programme, group, member, month)
                found.append(("table", shown(programme, group, to, month), own, ""))
        return found

    async def _pending(self, member: int) -> list[Item]:
        key, found, cursor = self._keys.checkin_pending(), list[Item](), b"0"
        while True:
            cursor, flat = await self._store.call("ZSCAN", key, cursor, "MATCH", f"{member}:*")
            for name in flat[::2]:
                suffix = name.decode("utf-8", "replace").removeprefix(str(member))
                found.append(("score", key, "first", suffix))
            if cursor == b"0":
                return found

    # SOPs and routes

    async def _sops(self, member: int, to: int, groups: Sequence[int]) -> list[Item]:
        keys, store = self._keys, self._store
        found: list[Item] = [("table", keys.sop_waits(to), keys.sop_waits(member), "swap")]
        for sop, state in (await store.table("HGETALL", keys.sop_state())).items():
            version = state.partition("/")[2]
            body = await store.text("HGET", keys.sop_versions(sop), version)
            if not body or json.loads(body)["template"]["to"] != "member":
                continue
            for occurrence in await store.texts("HKEYS", keys.sop_open(sop)):
                fed = self._bare(keys.sop_fed(occurrence))
                for group in (0, *groups):
                    for due in (keys.sop_due, keys.sop_follow, keys.sop_asked):
                        found.append(("score", due(occurrence), "due", f":{group}", fed))
                found.append(("fact", fed))
            versions = await store.texts("HKEYS", keys.sop_versions(sop))
            found += [("fact", keys.sop_on(sop, one)) for one in versions]
            found += [("fact", keys.sop_audience(sop)), ("fact", keys.sop_quit(sop))]
            found.append(("score", keys.moment(f"enrolled:{sop}"), "ours", ""))
        return found

    async def _routes(self, member: int, to: int) -> list[Item]:
        keys = self._keys
        found: list[Item] = [("table", keys.route_ways(to), keys.route_ways(member), "")]
        for route in await self._store.texts("SMEMBERS", keys.route_waited()):
            found.append(("score", keys.route_waiting(route), "first", ""))
            found.append(("field", keys.route_waiters(route)))
        return found
