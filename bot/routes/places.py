"""Places: room in a route's groups, held for who was shown the way in till they join."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from bot.model.conversation import Conversation
from bot.settings.rooms import RouteGroup, RouteSettings
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store, as_text

Found = Literal["held", "already", "full", "barred", "wait"]
WAYS = 40 * 86_400
"""Seconds it is kept who was shown the way in: a join in 30 days and a week there tell on it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What there is for a member.

    "held": a place in ``group`` is theirs until ``until`` (UTC ms; 0 when nobody asked to hold
    it); "already": they are in ``group``; "full"; "barred": they were removed from every group
    there is; "wait": they are at ``position`` of the waiting list, counted from 1.
    """

    found: Found
    member: int = 0
    group: int = 0
    until: int = 0
    position: int = 0
    fresh: bool = field(default=False, compare=False)
    """Whether it was not held before."""


@dataclass(frozen=True, slots=True)
class Note:
    """What is kept of somebody who waits: the numbers of the groups they may have (none: any),
    where they are told, and what led to it."""

    own: tuple[int, ...]
    to: Conversation
    source: str = ""

    def __str__(self) -> str:
        own = ",".join(map(str, self.own))
        return f"{own} {self.to.key}\n{self.source}"

    @classmethod
    def parse(cls, text: str) -> Note:
        """As the store has it; ``own`` stands first, for route_reserve.lua reads it."""
        numbers, _, rest = text.partition(" ")
        to, _, source = rest.partition("\n")
        own = tuple(int(number) for number in numbers.split(",") if number)
        return cls(own, Conversation.parse(to), source)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody on a waiting list since ``asked`` (UTC ms), to be told at ``to``; ``own`` are the
    numbers of the groups they may have (none: any)."""

    member: int
    asked: int
    to: Conversation
    source: str = ""
    own: tuple[int, ...] = ()

    def wants(self, group: int) -> bool:
        """Whether they may have a place in a group, by number."""
        return not self.own or group in self.own


@dataclass(frozen=True, slots=True)
class Room:
    """How full a group is; ``capacity`` 0: it takes any number.

    ``held`` are places held for who is not there yet. ``seen``: whether anything ever came from
    it; ``absent``: nobody is led there, see ``Places.absent``.
    """

    group: RouteGroup
    number: int
    capacity: int
    present: int
    held: int
    seen: bool
    absent: bool

    @property
    def free(self) -> int:
        """Places left, where it takes so many only."""
        return max(0, self.capacity - self.present - self.held)


class Places:
    """Holds places, one step each: no place is promised twice, whoever asks at once where.

    A group's places are its capacity less who is in it and those a place is held for. A hold ends
    when the member joins or its time is over. What opens is for those who wait, in their order.
    """

    def __init__(self, store: Store, members: Members) -> None:
        self._store = store
        self._members = members

    async def look(
        self, route: RouteSettings, member: int, groups: Sequence[RouteGroup] = ()
    ) -> Place:
        """What there would be for a member, of these groups of the route (none: of all)."""
        return await self._ask(route, member, 0, "", groups)

    async def reserve(
        self,
        route: RouteSettings,
        member: int,
        to: Conversation | None = None,
        groups: Sequence[RouteGroup] = (),
        source: str = "",
    ) -> Place:
        """Hold a place for a member who asked; asked again, it is the same one.

        Where nothing is open they are put on the waiting list, if ``to`` says where to tell them;
        ``source`` is what led to it.
        """
        note = str(Note(tuple(await self._numbers(groups)), to, source)) if to else ""
        return await self._ask(route, member, int(route.hold * 1000), note, groups)

    async def next(self, route: RouteSettings) -> Place:
        """Hold a place for the first who waits and can have one; "full" when nobody can.

        Asked again it answers the same until they are off the list.
        """
        return await self._ask(route, 0, int(route.hold * 1000), "", ())

    async def absent(self, groups: Sequence[RouteGroup]) -> tuple[RouteGroup, ...]:
        """Those of these groups nobody is led to: nothing ever came from them, and their gateway
        has no such group. By its link a group can be joined all the same."""
        unseen = [one for one in groups if one.link is None and not (await self._number(one))[1]]
        if not unseen:
            return ()
        conversations = [one.group.key for one in unseen]
        key = self._store.keys.route_absent()
        marks = await self._store.call("SMISMEMBER", key, *conversations)
        return tuple(one for one, mark in zip(unseen, marks, strict=True) if mark)

    async def room(self, route: RouteSettings) -> list[Room]:
        """How full each group of a route is, in its order."""
        known = [await self._number(one) for one in route.groups]
        absent = await self.absent(route.groups)
        numbers = [number for number, _ in known]
        found = await self._store.run(
            "route_room", [], [self._store.prefix, self._store.clock.now(), *numbers]
        )
        return [
            Room(one, number, one.capacity or route.capacity or 0, *counts, seen, one in absent)
            for one, (number, seen), counts in zip(
                route.groups, known, zip(found[::2], found[1::2], strict=True), strict=True
            )
        ]

    # waiting lists

    async def line(self, route: str) -> int:
        """How many wait for a route."""
        return int(await self._store.call("ZCARD", self._store.keys.route_waiting(route)))

    async def waited_for(self) -> list[str]:
        """The routes somebody may wait for."""
        return sorted(await self._store.texts("SMEMBERS", self._store.keys.route_waited()))

    async def waiting(self, route: str) -> list[Waiting]:
        """Who waits for a route, in their order."""
        keys = self._store.keys
        scores, notes = await asyncio.gather(
            self._store.table("ZRANGE", keys.route_waiting(route), 0, -1, "WITHSCORES"),
            self._store.table("HGETALL", keys.route_waiters(route)),
        )
        return [
            Waiting(int(member), int(float(score)), note.to, note.source, note.own)
            for member, score in scores.items()
            if member in notes
            for note in [Note.parse(notes[member])]
        ]

    async def waits_since(self, route: str, member: int) -> str | None:
        """Since when a member waits, as the store says it; None when they do not."""
        return await self._store.text("ZSCORE", self._store.keys.route_waiting(route), member)

    async def note(self, route: str, member: int) -> Note | None:
        """What is kept of somebody who waits; None when they do not."""
        key = self._store.keys.route_waiters(route)
        found = await self._store.text("HGET", key, member)
        return Note.parse(found) if found else None

    def leave(self, effects: Effects, route: str, member: int) -> None:
        """Take a member off a waiting list."""
        effects.do("ZREM", effects.keys.route_waiting(route), member)
        effects.do("HDEL", effects.keys.route_waiters(route), member)

    def give_back(self, effects: Effects, group: int, member: int) -> None:
        """Hold a place for a member no more."""
        effects.do("ZREM", effects.keys.route_held(group), member)

    async def limited(self, route: RouteSettings, group: int) -> bool:
        """Whether a group of the route takes only so many."""
        numbers = await self._numbers(route.groups)
        ones = zip(numbers, route.groups, strict=True)
        return any(n == group and (one.capacity or route.capacity) for n, one in ones)

    async def close(self, route: str) -> None:
        """Drop the waiting list of a route that is no more."""
        keys = self._store.keys
        effects = Effects(keys)
        effects.do("DEL", keys.route_waiting(route), keys.route_waiters(route))
        effects.do("SREM", keys.route_waited(), route)
        await self._store.apply(effects)

    # inside

    async def _ask(
        self,
        route: RouteSettings,
        member: int,
        hold: int,
        note: str,
        groups: Sequence[RouteGroup],
    ) -> Place:
        keys, name = self._store.keys, route.name
        absent = await self.absent(route.groups)
        there = [one for one in route.groups if one not in absent]
        numbers = await self._numbers(there)
        capacities = [one.capacity or route.capacity or 0 for one in there]
        own = ",".join(map(str, await self._numbers(groups)))
        found = await self._store.run(
            "route_reserve",
            [keys.route_waiting(name), keys.route_waiters(name), keys.route_waited()],
            [
                *(self._store.prefix, name, member, self._store.clock.now(), hold),
                *(route.fill, int(route.readmit), note, own),
                *(part for pair in zip(numbers, capacities, strict=True) for part in pair),
            ],
        )
        outcome, (who, group, until, position, fresh) = found[0], map(int, found[1:])
        kind = cast(Found, as_text(outcome))
        return Place(kind, who, group, until, position, fresh=bool(fresh))

    async def _numbers(self, groups: Sequence[RouteGroup]) -> list[int]:
        return [(await self._number(one))[0] for one in groups]

    async def _number(self, one: RouteGroup) -> tuple[int, bool]:
        return await self._members.awaited_number(one.group)
