"""Waiting lists: when a place opens, the first who waits is told, and it is held for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.routes.answer import Answer
from bot.routes.conditions import Asker, Conditions
from bot.routes.opening import Openings, by_sop
from bot.routes.places import Note, Place, Places, Waiting
from bot.routing import ways
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.settings.rooms import RouteSettings
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

STOP = frozenset(map(fold, ("不等了", "不排了", "退出排队", "取消排队", "stop waiting")))
"""What takes somebody off the lists."""
AT_ONCE = 100
"""Places given in one look at one list; the next look is a second later."""
OPTED_OUT = msgid("opted out")

Unwanted = Callable[[str, int], Awaitable[bool]]
"""Whether a member, by number, wants to hear no more of what an SOP ("sop week") led them to."""


class WaitingLists:
    """Serves who waits; every node may, each opening is told once."""

    def __init__(
        self,
        store: Store,
        members: Members,
        places: Places,
        openings: Openings,
        conditions: Conditions,
        unwanted: Unwanted,
    ) -> None:
        self._store = store
        self._members = members
        self._places = places
        self._openings = openings
        self._conditions = conditions
        self._unwanted = unwanted

    async def of(self, route: str) -> list[Waiting]:
        """Who waits for a route, in their order."""
        return await self._places.waiting(route)

    def rests(self, route: RouteSettings) -> bool:
        """Whether nobody is told now, for it is not the route's time."""
        return self._conditions.closed(route.when, self._store.clock.now())

    async def bars(self, route: RouteSettings, member: int, note: Note) -> str:
        """Why a route is not for somebody who waits any more, or ''."""
        if by_sop(note.source) and await self._unwanted(note.source, member):
            return OPTED_OUT
        asker = Asker(self._store.clock.now(), member, (note.to.gateway,))
        unmet = await self._conditions.unmet(route.when, asker)
        return unmet.kept if unmet else ""

    async def serve(self, routes: dict[str, RouteSettings]) -> int:
        """Give what opened to who waits; how many were told. ``routes`` are those there are."""
        told = 0
        for name in await self._places.waited_for():
            if name not in routes:
                await self._places.close(name)
                continue
            for _ in range(0 if self.rests(routes[name]) else AT_ONCE):
                place = await self._places.next(routes[name])
                if place.found == "full":
                    break
                told += await self._give(routes[name], place)
        return told

    async def stop(self, ctx: Context, routes: dict[str, RouteSettings]) -> Answer | None:
        """Take the member off all lists and give back what is held for them, when they say so.

        None when they say something else, or there is nothing to take back. Where a group takes
        any number (``routes`` are those there are), nobody was told of a place: nor is this.
        """
        if fold(ctx.text) not in STOP:
            return None
        member, keys = ctx.member.number, self._store.keys
        names = []
        for name in await self._places.waited_for():
            if await self._store.text("ZSCORE", keys.route_waiting(name), member):
                self._places.leave(ctx.effects, name, member)
                names.append(name)
        for field in await self._store.texts("HKEYS", keys.route_ways(member)):
            group, _, way = field.partition("/")
            held = await self._store.text("ZSCORE", keys.route_held(group), member)
            if held and float(held) > ctx.now:
                self._places.give_back(ctx.effects, int(group), member)
                route = routes.get(ways.route_of(way))
                if route and await self._places.limited(route, int(group)):
                    names.append(route.name)
        if not names:
            return None
        names = [*dict.fromkeys(names)]
        ctx.note("route.left", reason=", ".join(names))
        return Answer("left", options=tuple(names))

    # inside

    async def _give(self, route: RouteSettings, place: Place) -> bool:
        """Tell them and take them off the list, in one step that only one node does."""
        keys, member = self._store.keys, place.member
        since, note, who = await asyncio.gather(
            self._places.waits_since(route.name, member),
            self._places.note(route.name, member),
            self._members.member(member),
        )
        effects = Effects(keys)
        effects.guard(since or "", "ZSCORE", keys.route_waiting(route.name), member)
        self._places.leave(effects, route.name, member)
        if place.found != "held" or note is None or who is None:
            await self._store.apply(effects)
            return False
        if why := await self.bars(route, member, note):
            self._pass_over(effects, route, place, note, why)
            await self._store.apply(effects)
            return False
        await self._openings.tell(effects, route, place, note, who)
        return await self._store.apply(effects)

    def _pass_over(
        self, effects: Effects, route: RouteSettings, place: Place, note: Note, why: str
    ) -> None:
        """The place is for the next; they are told nothing."""
        if place.fresh:
            self._places.give_back(effects, place.group, place.member)
        entry = Entry(
            at=self._store.clock.now(),
            what="route.passed_over",
            conversation=note.to.key,
            member=place.member,
            source=f"route {route.name}",
            reason=f"{route.name}: {why}",
        )
        record(effects, entry)
