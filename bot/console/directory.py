"""The directory: finding members by name or account, and who is where, a page at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from bot.store.facts import Facts
from bot.store.members import Group, Member, Members
from bot.store.store import Store

PAGE = 50
LOOK = 20_000
"""Names one search looks at before it asks whether to go on."""
CHUNK = 1000
ROSTER = 2000
"""Members of a group whose activity is counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page of members; ``next`` continues it, '' at the end."""

    members: Sequence[Member]
    next: str = ""


class Directory:
    """Reads members and groups for people who look for somebody."""

    def __init__(self, store: Store, members: Members, facts: Facts) -> None:
        self._store = store
        self._members = members
        self._facts = facts

    async def newest(self, before: str = "", limit: int = PAGE) -> Found:
        """Members by number, the newest first; numbers of who was erased are passed over."""
        last = int(await self._store.text("GET", self._store.keys.member_seq()) or 0)
        at = min(last, int(before) - 1) if before.isdecimal() else last
        found: list[Member] = []
        while at > 0 and len(found) < limit:
            numbers = range(at, 0, -1)[: limit - len(found)]
            found += await self._members.some(numbers)
            at = numbers[-1] - 1
        return Found(found, str(at + 1) if at > 0 else "")

    async def search(
        self,
        words: str,
        cursor: str = "",
        limit: int = PAGE,
        within: Collection[int] | None = None,
    ) -> Found:
        """Members whose name begins with ``words``, then those whose name holds them.

        Looks at a bounded number of names; a page may so be short, or empty, and yet go on.
        ``within`` leaves only these numbers.
        """
        wanted, numbers, looked = words.casefold(), [], 0
        phase, _, after = cursor.partition(":")
        if phase not in ("", "begins", "holds"):
            phase, after = "", ""
        phase = phase or "begins"
        while True:
            start = wanted if phase == "begins" else ""
            async for name, number, spelt in self._names(start, _unhex(after), phase == "begins"):
                looked += 1
                fits = phase == "begins" or (wanted in name and not name.startswith(wanted))
                if fits and (within is None or number in within):
                    numbers.append(number)
                if len(numbers) == limit or looked >= LOOK:
                    rest = f"{phase}:{spelt.encode('utf-8', 'surrogateescape').hex()}"
                    return Found(await self._members.some(numbers), rest)
            if phase == "holds":
                return Found(await self._members.some(numbers))
            phase, after = "holds", ""

    async def exactly(self, words: str, gateways: Iterable[str]) -> list[Member]:
        """Members of whom ``words`` is the number or an account id."""
        asked = [
            self._store.text("HGET", self._store.keys.member_accounts(gateway), words)
            for gateway in gateways
        ]
        numbers = {int(n) for n in await asyncio.gather(*asked) if n}
        bare = words.removeprefix("#")
        if bare.isascii() and bare.isdigit() and len(bare) < 16:
            numbers.add(int(bare))
        return await self._members.some(sorted(numbers))

    async def groups_of(self, number: int) -> list[tuple[Group, int]]:
        """The groups a member is in, with UTC ms of joining (0: not known)."""
        keys = self._store.keys
        groups = await self._members.groups()
        present = await asyncio.gather(
            *(self._facts.has(keys.group_present(g.number), number) for g in groups)
        )
        mine = [g for g, there in zip(groups, present, strict=True) if there]
        joined = await asyncio.gather(
            *(self._store.text("ZSCORE", keys.group_joined(g.number), number) for g in mine)
        )
        return [(g, int(float(j or 0))) for g, j in zip(mine, joined, strict=True)]

    async def places_of(self, numbers: Sequence[int]) -> dict[int, list[Group]]:
        """The groups each of these members is in; those who are in none are left out."""
        found: dict[int, list[Group]] = {}
        groups = await self._members.groups() if numbers else []
        keys = [self._store.keys.group_present(group.number) for group in groups]
        there = await asyncio.gather(*(self._which(key, numbers) for key in keys))
        for group, present in zip(groups, there, strict=True):
            for number, is_there in zip(numbers, present, strict=True):
                if is_there:
                    found.setdefault(number, []).append(group)
        return found

    async def tags_of(self, number: int) -> list[str]:
        """A member's tags, in order of their first use."""
        keys = self._store.keys
        names = await self._store.texts("ZRANGE", keys.tag_names(), 0, -1)
        has = await asyncio.gather(*(self._facts.has(keys.tag(n), number) for n in names))
        return [name for name, there in zip(names, has, strict=True) if there]

    async def tag_names(self, limit: int) -> list[str]:
        """The tags there are, in order of their first use."""
        return await self._store.texts("ZRANGE", self._store.keys.tag_names(), 0, limit - 1)

    async def roster(self, group: int) -> list[int]:
        """The numbers of the members in a group now."""
        return await self._facts.numbers(self._store.keys.group_present(group))

    async def joined(self, group: int, numbers: Sequence[int]) -> list[int]:
        """When each came into the group, UTC ms (0: not known)."""
        if not numbers:
            return []
        key = self._store.keys.group_joined(group)
        scores = await self._store.call("ZMSCORE", key, *numbers)
        return [int(float(s or 0)) for s in scores]

    async def joins(self, group: int, edges: Sequence[int]) -> list[int]:
        """How many of those present joined between each two neighbouring UTC ms."""
        key = self._store.keys.group_joined(group)
        asked = [self._store.ask("ZCOUNT", key, start, f"({end}") for start, end in pairwise(edges)]
        return [int(await one) for one in asked]

    async def spoke(self, numbers: Sequence[int], days: Sequence[str]) -> list[int]:
        """How many of these members spoke on each day (ISO, UTC), among the first 2000."""
        some = list(islice(numbers, ROSTER))
        return [await self._among(self._store.keys.active(day), some) for day in days]

    async def spoke_on(self, number: int, days: Sequence[str]) -> list[bool]:
        """On which of these days (ISO, UTC) a member spoke."""
        keys = self._store.keys
        return await asyncio.gather(*(self._facts.has(keys.active(d), number) for d in days))

    async def places(self, conversations: Iterable[str]) -> dict[str, Group]:
        """The groups of these conversation keys; direct chats and unknown ones are left out."""
        asked = sorted({c for c in conversations if "/g/" in c})
        if not asked:
            return {}
        numbers = await self._store.call("HMGET", self._store.keys.group_ids(), *asked)
        known = {c: int(n) for c, n in zip(asked, numbers, strict=True) if n is not None}
        groups = await asyncio.gather(*(self._members.group(n) for n in known.values()))
        return {c: g for c, g in zip(known, groups, strict=True) if g}

    async def people(self, numbers: Iterable[int | None]) -> dict[int, Member]:
        """The members of these numbers; a number that leads to another one has that member."""
        wanted = sorted({n for n in numbers if n})
        found = {m.number: m for m in await self._members.some(wanted)}
        if led := await self._members.survivors(n for n in wanted if n not in found):
            survivors = {m.number: m for m in await self._members.some([*set(led.values())])}
            found |= {n: survivors[to] for n, to in led.items() if to in survivors}
        return found

    async def _among(self, key: str, numbers: Sequence[int]) -> int:
        return sum(await self._which(key, numbers))

    async def _which(self, key: str, numbers: Sequence[int]) -> list[int]:
        """1 for each of these that is in a fact, else 0."""
        if not numbers:
            return []
        if await self._store.text("TYPE", key) == "string":
            reads = [word for n in numbers for word in ("GET", "u1", n)]
            return [*await self._store.call("BITFIELD_RO", key, *reads)]
        return [*await self._store.call("SMISMEMBER", key, *numbers)]

    async def _names(
        self, start: str, after: str, prefix: bool
    ) -> AsyncIterator[tuple[str, int, str]]:
        """(folded name, number, as kept) in the order of spelling, from ``start`` or ``after``."""
        key = self._store.keys.member_names()
        low = f"({after}" if after else f"[{start}"
        while True:
            rows = await self._store.call("ZRANGEBYLEX", key, _bytes(low), "+", "LIMIT", 0, CHUNK)
            for row in rows:
                spelt = row.decode("utf-8", "surrogateescape")
                name, _, number = spelt.rpartition("\0")
                if prefix and not name.startswith(start):
                    return
                yield name, int(number), spelt
            if len(rows) < CHUNK:
                return
            low = f"({spelt}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _unhex(text: str) -> str:
    try:
        return bytes.fromhex(text).decode("utf-8", "surrogateescape")
    except ValueError:
        return ""
