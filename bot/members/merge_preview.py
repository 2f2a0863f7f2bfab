"""Preview: what a merge of two members would make, before it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.store.facts import Facts
from bot.store.members import Group, Member, Members
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Conflict:
    """An attribute of which both have a value: ``ours`` is the survivor's."""

    name: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would make: the lower number survives.

    ``tags``, ``groups`` and ``attributes`` are those the survivor would get; ``held_back`` are
    tags that the survivor's own of an exclusive group keep out.
    """

    survivor: Member
    other: Member
    conflicts: Sequence[Conflict]
    attributes: Mapping[str, str]
    tags: Sequence[str]
    held_back: Sequence[str]
    groups: Sequence[Group]


class Previews:
    """Looks at what two members have; changes nothing."""

    def __init__(self, store: Store, members: Members, facts: Facts) -> None:
        self._store = store
        self._keys = store.keys
        self._members = members
        self._facts = facts

    async def of(self, survivor: Member, member: Member) -> Preview:
        """What a merge would make of the two."""
        ours, theirs = survivor.attributes, member.attributes
        tags = await self._tags(member.number)
        mine = set(await self._tags(survivor.number))
        rivals = await self._rivals(tags)
        held = [tag for tag in tags if tag not in mine and rivals[tag] & mine]
        conflicts = [
            Conflict(name, ours[name], value)
            for name, value in sorted(theirs.items())
            if value and ours.get(name) and ours[name] != value
        ]
        return Preview(
            survivor=survivor,
            other=member,
            conflicts=conflicts,
            attributes={n: v for n, v in sorted(theirs.items()) if v and not ours.get(n)},
            tags=[tag for tag in tags if tag not in mine and tag not in held],
            held_back=held,
            groups=await self._groups(survivor.number, member.number),
        )

    async def _tags(self, number: int) -> list[str]:
        names = await self._store.texts("ZRANGE", self._keys.tag_names(), 0, -1)
        has = await asyncio.gather(*(self._facts.has(self._keys.tag(n), number) for n in names))
        return [name for name, there in zip(names, has, strict=True) if there]

    async def _rivals(self, tags: Sequence[str]) -> dict[str, set[str]]:
        asked = (self._store.text("HGET", self._keys.tags_rivals(), tag) for tag in tags)
        found = await asyncio.gather(*asked)
        return {t: set((r or "").split("\n")) for t, r in zip(tags, found, strict=True)}

    async def _groups(self, survivor: int, member: int) -> list[Group]:
        """The groups the other one is in and the survivor is not."""
        has, found = self._facts.has, list[Group]()
        for group in await self._members.groups():
            present = self._keys.group_present(group.number)
            if await has(present, member) and not await has(present, survivor):
                found.append(group)
        return found
