"""The footprint: everywhere a member's number decides what happens, to be carried by a merge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from bot.store.facts import Facts
from bot.store.handover import Handover, Item
from bot.store.members import Member, Members
from bot.store.store import Store


class Holding(Protocol):
    """What one room keeps of a member by their number, as far as it is looked up by who acts now.

    What merely happened (journal, clicks, results of steps, days with a message) stays under the
    number, which leads to the survivor.
    """

    async def of(self, handover: Handover) -> Sequence[Item]:
        """What there may be; what is not there is passed over when it is carried."""
        ...


class Footprint:
    """Gathers from every room what of a member is carried when they are merged."""

    def __init__(
        self, store: Store, members: Members, facts: Facts, holdings: Sequence[Holding]
    ) -> None:
        self._store = store
        self._members = members
        self._facts = facts
        self._holdings = holdings

    async def items(self, member: Member, to: int) -> list[Item]:
        """What is carried to the number ``to``; names are without the workspace."""
        handover = Handover(member, to, await self._groups(member.number))
        held = await asyncio.gather(*(holding.of(handover) for holding in self._holdings))
        return [
            (kind, *(name.removeprefix(self._store.prefix) for name in names))
            for some in held
            for kind, *names in some
        ]

    async def _groups(self, member: int) -> tuple[int, ...]:
        """The groups a member is or was in."""
        keys, groups = self._store.keys, await self._members.groups()
        families = (keys.group_ever, keys.group_present, keys.group_removed)
        asked = [self._facts.has(key(g.number), member) for g in groups for key in families]
        there = await asyncio.gather(*asked)
        n = len(families)
        return tuple(g.number for i, g in enumerate(groups) if any(there[i * n : i * n + n]))
