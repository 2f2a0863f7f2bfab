"""Parts: everybody by whether they are in all, in some or in none of what was chosen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Literal, get_args

from bot.audience.algebra import Algebra, place_of
from bot.audience.audience import Audience
from bot.audience.expression import Term
from bot.clock import utc
from bot.i18n.mark import msgid
from bot.located import Problems, nearest
from bot.model.phrase import Phrase
from bot.store.bits import Bits
from bot.store.members import Group, Members
from bot.tags.lists import Listed, Lists
from bot.tags.rosters import Rosters
from bot.tags.tag import problem

Part = Literal["all", "some", "none"]
PARTS: tuple[Part, ...] = get_args(Part)
MOST = 50
"""What can be chosen at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: audiences such as ``group:sandbox/tea``, and a pasted list ('' for none).

    ``at`` (UTC ms): who was in the groups then; None for now. Only members of ``within`` are
    looked at.
    """

    chosen: tuple[str, ...] = ()
    listed: str = ""
    at: int | None = None
    within: str = "everyone"


@dataclass(frozen=True, slots=True)
class Parted:
    """The three parts: no member is in two of them, and each who was looked at is in one.

    ``some`` are in at least one of what was chosen, but not in all. Rosters are exact from
    ``exact_from`` (UTC ms) on, 0 for always.
    """

    all: Bits
    some: Bits
    none: Bits
    exact_from: int = 0
    listed: Listed | None = None

    def part(self, name: Part) -> Bits:
        """One of the three."""
        return {"all": self.all, "some": self.some, "none": self.none}[name]

    def counts(self) -> dict[Part, int]:
        """How many are in each."""
        return {name: self.part(name).count() for name in PARTS}


class Parting:
    """Parts members; reads each fact once, and combines bits."""

    def __init__(self, algebra: Algebra, members: Members, rosters: Rosters, lists: Lists) -> None:
        self._algebra = algebra
        self._members = members
        self._rosters = rosters
        self._lists = lists

    async def of(self, choice: Choice) -> Parted:
        """The three parts; raises Problems at what was chosen wrongly, StoreError."""
        audiences, within = _audiences(choice), Audience.parse(choice.within)
        asked = [*((one, "chosen") for one in audiences), (within, "within")]
        checks = [self._algebra.check(one, where=field) for one, field in asked]
        if wrong := [one for found in await asyncio.gather(*checks) for one in found]:
            raise Problems(wrong)
        looked = await self._algebra.members(within)
        if choice.at is None:
            sets, exact = await asyncio.gather(*map(self._algebra.members, audiences)), 0
        else:
            sets, exact = await self._then(audiences, choice.at)
        listed = await self._lists.read(choice.listed) if choice.listed.strip() else None
        return parted(looked, [*sets, *([listed.members] if listed else [])], exact, listed)

    async def _then(self, audiences: Sequence[Audience], at: int) -> tuple[list[Bits], int]:
        """Who was in groups at a moment, and since when that is exact."""
        groups = {place_of(group): group for group in await self._members.groups()}
        found = [await self._rosters.at(_group(one, groups), at) for one in audiences]
        exact = max((one.exact_from for one in found), default=0)
        return [one.members for one in found], exact


def parted(
    looked: Bits, sets: Iterable[Bits], exact_from: int = 0, listed: Listed | None = None
) -> Parted:
    """The three parts of who is looked at."""
    within = [one & looked for one in sets]
    any_, all_ = Bits.union(within), reduce(and_, within)
    return Parted(all_, any_ - all_, looked - any_, exact_from, listed)


def said(choice: Choice) -> str:
    """What was chosen, as a record keeps it; what a list says is not kept."""
    words = ", ".join(choice.chosen)
    if choice.listed.strip():
        words += f"{', ' if words else ''}a list of {len(choice.listed.splitlines())} lines"
    if choice.at is not None:
        words += f", at {utc(choice.at):%Y-%m-%d %H:%M} UTC"
    if choice.within != "everyone":
        words += f", within {choice.within}"
    return words


def _audiences(choice: Choice) -> list[Audience]:
    if not choice.chosen and not choice.listed.strip():
        raise Problems([problem("chosen", msgid("choose at least one group, or paste a list"))])
    if len(choice.chosen) > MOST:
        raise Problems([problem("chosen", Phrase("expected at most {n} of them", n=MOST))])
    return [Audience.parse(text) for text in choice.chosen]


def _group(audience: Audience, groups: dict[str, Group]) -> Group:
    match audience.expression:
        case Term(kind="group", value=value) if value in groups:
            return groups[value]
        case Term(kind="group", value=value):
            raise Problems(
                [problem("chosen", msgid("there is none of this name"), nearest(value, groups))]
            )
    raise Problems([problem("at", msgid("only of groups it is known who was in them at a time"))])
