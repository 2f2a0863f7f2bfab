"""The roster: the groups and members an audience is, and how members stand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import islice

from bot.audience.algebra import Algebra
from bot.audience.audience import Audience
from bot.audience.expression import terms
from bot.sop.engine.turn import Turn
from bot.store.bits import Bits
from bot.store.facts import Facts
from bot.store.members import Group, Members
from bot.store.store import Store

CHUNK = 500
CHECKS = 5_000
"""Questions one script may ask about who is where."""


class Roster:
    """Reads who an audience is."""

    def __init__(self, store: Store, members: Members, facts: Facts, algebra: Algebra) -> None:
        self._store = store
        self._members = members
        self._facts = facts
        self.algebra = algebra

    async def groups(self, audience: Audience, to: str = "member") -> dict[int, Group]:
        """The groups it is for, or in which its members are met, that are still there."""
        found = self.algebra.groups if to == "group" else self.algebra.home
        chosen = {*await found(audience)}
        return {
            group.number: group
            for group in await self._members.groups()
            if not group.gone and group.number in chosen
        }

    async def targets(self, turn: Turn) -> AsyncIterator[Sequence[str]]:
        """The targets as they are now, in chunks: ``group`` or ``member:group`` (0: none)."""
        if turn.template.to == "group":
            for part in _chunks([str(number) for number in turn.groups]):
                yield part
            return
        everyone = await turn.crowd.audience(turn.version.audience)
        async for names in self.named(everyone, [*turn.groups], turn.named):
            yield names

    async def named(
        self, everyone: Bits, groups: Sequence[int], only: bool
    ) -> AsyncIterator[Sequence[str]]:
        """Members as targets, each once, with the first group they are in.

        ``only``: leave out who is in none of the groups.
        """
        left = everyone
        if only or len(groups) == 1:
            for group in groups:
                present = await self.present(group) & left
                left -= present
                for names in _targets(present, group):
                    yield names
        if not only:
            for names in _targets(left, 0):
                yield names

    async def present(self, group: int) -> Bits:
        """Who is in a group now."""
        return await self.algebra.fact(self._store.keys.group_present(group))

    async def count(self, audience: Audience, to: str) -> int:
        """How many targets there are."""
        if to == "group":
            return len(await self.groups(audience, to))
        return await self.algebra.count(audience)

    async def standing(self, targets: Sequence[str], groups: Sequence[int]) -> list[int]:
        """The group each member (``member:group``) is in now, its own first; 0: none of these."""
        found: list[int] = []
        size = max(1, CHECKS // (len(groups) + 1))
        for part in _chunks(targets, size):
            found += await self._store.run(
                "sop_standing",
                [self._store.keys.fence()],
                [self._store.prefix, len(groups), *groups, *part],
            )
        return found


def names_groups(audience: Audience) -> bool:
    """Whether an audience is of groups, so that its members must be met in one of them."""
    return any(term.kind in ("group", "all-groups") for term in terms(audience.expression))


def _targets(members: Bits, group: int) -> list[Sequence[str]]:
    numbers, found = iter(members), list[Sequence[str]]()
    while part := [f"{number}:{group}" for number in islice(numbers, CHUNK)]:
        found.append(part)
    return found


def _chunks(items: Sequence[str], size: int = CHUNK) -> list[Sequence[str]]:
    return [items[i : i + size] for i in range(0, len(items), size)]
