"""Growth: a route that is full gets one more group, where its gateway can make groups."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping

import structlog

from bot.delivery.journal import Entry, record
from bot.gateways.adapter import Adapter
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.delivery import InDoubt, Retry, SendError
from bot.routes.desk import Desk
from bot.routes.places import Places
from bot.routes.waiting import WaitingLists
from bot.routes.way import makes
from bot.settings.rooms import RouteGroup, RouteSettings
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

log = structlog.get_logger(__name__)

PATIENCE = 10.0
"""Seconds a gateway may take for one answer: everything else that is due waits as long."""
LEASE = 60_000
"""Ms in which who began to make a group tells how it ended; then another node looks."""
PAUSE = 3_600_000
"""Ms until it is tried again what the gateway refused."""
KEPT = 7 * 86_400
LOOK = 20
"""How many of those who wait are looked at for whom a group would be good."""
MOST = 100
"""Groups of one route."""
TOO_MANY = f"it has {MOST} groups already"
_NUMBERED = re.compile(r"(.*?)\s*(\d{1,4})")


class Making(Frozen):
    """A group on its way, till ``until`` (UTC ms).

    ``begun``: nobody knows whether it was made, so it is looked for first.
    """

    name: str
    until: int
    begun: bool = True


class Growth:
    """Makes groups, each once, however many nodes look and wherever one of them ends.

    That a group is being made is on disk before the gateway is asked for it, under a name that no
    group has: so it is found again by that name when the answer is lost.
    """

    def __init__(
        self,
        store: Store,
        members: Members,
        places: Places,
        waiting: WaitingLists,
        adapters: Callable[[], Mapping[str, Adapter]],
    ) -> None:
        """``adapters``: those this node is connected with."""
        self._store = store
        self._members = members
        self._places = places
        self._waiting = waiting
        self._adapters = adapters

    async def serve(self, desk: Desk) -> bool:
        """Make what is needed; whether there is a new group to get into."""
        table, grown = await desk.table(), False
        version = desk.version
        for name in await self._places.waited_for():
            route = table.routes.get(name)
            if route is None or route.full != "create" or self._waiting.rests(route):
                continue
            if like := await self._needed(route):
                grown |= await self._grow(desk, version, route, like)
        return grown

    # inside

    async def _needed(self, route: RouteSettings) -> RouteGroup | None:
        """The group one more like which somebody who waits could get into."""
        if (await self._places.next(route)).found != "full":
            return None
        absent = await self._places.absent(route.groups)
        numbers = {
            (await self._members.awaited_number(one.group))[0]: one
            for one in route.groups
            if one not in absent and self._maker(one.group.gateway)
        }
        for one in (await self._places.waiting(route.name))[:LOOK]:
            note = await self._places.note(route.name, one.member)
            if note is None or await self._waiting.bars(route, one.member, note):
                continue
            own = [group for n, group in numbers.items() if not note.own or n in note.own]
            theirs = own if note.own else ()
            if own and (await self._places.look(route, one.member, theirs)).found != "barred":
                return own[-1]
        return None

    def _maker(self, gateway: str) -> Adapter | None:
        adapter = self._adapters().get(gateway)
        return adapter if adapter and makes(adapter.capabilities) else None

    async def _grow(self, desk: Desk, version: str, route: RouteSettings, like: RouteGroup) -> bool:
        adapter, key = self._maker(like.group.gateway), self._store.keys.route_making(route.name)
        known = await self._store.text("GET", key) or ""
        before, now = Making.model_validate_json(known) if known else None, self._store.clock.now()
        if adapter is None or (before and before.until > now):
            return False
        begun = before is not None and before.begun
        name = before.name if before and begun else await self._name(route, like)
        making = Making(name=name, until=now + LEASE)
        # What was seen of the route must still be so: else there may be a new group already.
        if not await self._note(key, known, making, (version, "GET", desk.counter)):
            return False
        try:
            ident = await self._made(adapter, route, like, name, begun)
        except InDoubt as error:
            log.warning("routes.group_in_doubt", route=route.name, reason=error.reason)
            return False
        except SendError as error:
            pause = int(error.after * 1000) if isinstance(error, Retry) else PAUSE
            off = Making(name=name, until=now + pause, begun=begun)
            await self._note(key, making.model_dump_json(), off, failed=(route, error.reason))
            return False
        group = like.group.model_copy(update={"group": ident})
        await self._members.group_number(group, name)
        new = like.model_copy(update={"group": group, "link": None})
        effects = Effects(self._store.keys)
        effects.guard(making.model_dump_json(), "GET", key)
        effects.do("DEL", key)
        self._record(effects, route, "route.grown", name, group)
        return await desk.grow(route.name, new, effects)

    async def _made(
        self, adapter: Adapter, route: RouteSettings, like: RouteGroup, name: str, begun: bool
    ) -> str:
        """The id of the group, made now or, where that was ``begun`` before, found.

        Raises SendError.
        """
        if len(route.groups) >= MOST:
            raise SendError(TOO_MANY)
        try:
            async with asyncio.timeout(PATIENCE):
                there = {n: ident for ident, n in await adapter.groups()} if begun else {}
                return there.get(name) or await adapter.create_group(name, like.group.group or "")
        except SendError:
            raise
        except Exception as error:  # nobody knows whether it was made: it is looked for
            raise InDoubt(type(error).__name__) from error

    async def _note(
        self,
        key: str,
        known: str,
        making: Making,
        *guards: tuple[str, ...],
        failed: tuple[RouteSettings, str] | None = None,
    ) -> bool:
        """Keep how far it is, unless somebody else did something; whether it was kept."""
        effects = Effects(self._store.keys)
        effects.guard(known, "GET", key)
        for expected, *command in guards:
            effects.guard(expected, *command)
        effects.do("SET", key, making.model_dump_json(), "EX", KEPT)
        if failed:
            route, reason = failed
            self._record(effects, route, "route.not_grown", reason)
        return await self._store.apply(effects)

    def _record(
        self,
        effects: Effects,
        route: RouteSettings,
        what: str,
        reason: str,
        group: Conversation | None = None,
    ) -> None:
        entry = Entry(
            at=self._store.clock.now(),
            what=what,
            conversation=group.key if group else "",
            source=f"route {route.name}",
            reason=f"{route.name}: {reason}",
        )
        record(effects, entry)

    async def _name(self, route: RouteSettings, like: RouteGroup) -> str:
        """ "Tea 2" after "Tea", "Tea 8" after "Tea 7"; a name no group there has."""
        groups = await self._members.groups()
        mine = {one.group for one in route.groups}
        gateway = like.group.gateway
        taken = {one.name for one in groups if one.conversation.gateway == gateway}
        names = {one.conversation: one.name for one in groups if one.conversation in mine}
        return numbered(names.get(like.group) or route.name, names.values(), taken)


def numbered(name: str, names: Iterable[str], taken: Iterable[str]) -> str:
    """The name of a group's next one, after all ``names`` of its kind and none of ``taken``."""
    base, _ = _parted(name)
    known = [number for found, number in map(_parted, names) if found == base]
    number, used = max(known, default=1) + 1, {*taken}
    while f"{base} {number}" in used:
        number += 1
    return f"{base} {number}"


def _parted(name: str) -> tuple[str, int]:
    found = _NUMBERED.fullmatch(name)
    return (found[1], int(found[2])) if found and found[1] else (name, 1)
