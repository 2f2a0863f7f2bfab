"""Admission: who asked for a route gets a place, a place in line, or a reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.clock import Days
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.routes.answer import Answer, Outcome, Target
from bot.routes.places import Place, Places
from bot.routes.way import Picture, Way, makes, no_picture, way
from bot.routing import ways
from bot.routing.context import Context
from bot.settings.rooms import RouteGroup, RouteSettings
from bot.store.members import Members
from bot.store.store import Store

COUNTED = {"open": "answered", "create": "answered", "wait": "full", "making": "full"}
"""What outcomes are counted as, where not as themselves."""
TWO_DAYS = 2 * 86_400


class Admission:
    """Gives members places and keeps what became of their asking.

    ``whole`` is a route, ``route`` the same with the groups that are the member's.
    """

    def __init__(
        self,
        store: Store,
        members: Members,
        days: Days,
        places: Places,
        picture: Picture = no_picture,
        capabilities: Callable[[str], Capabilities] = lambda _: Capabilities(),
    ) -> None:
        self._store = store
        self._members = members
        self._days = days
        self._places = places
        self._picture = picture
        self._capabilities = capabilities

    async def look(self, whole: RouteSettings, route: RouteSettings, member: int) -> Answer:
        """What a member would be told; nothing is held."""
        place = await self._places.look(whole, member, _own(whole, route))
        return await self.answer(whole, route, place)

    async def admit(
        self, ctx: Context, whole: RouteSettings, route: RouteSettings, source: str
    ) -> Answer:
        """Hold a place for the member, or put them in line; counted and noted in the effects.

        ``source`` is the word that led to it, "word tea".
        """
        answer = await self._admitted(ctx, whole, route, source)
        self._count(ctx, answer, source)
        absent = await self._places.absent(route.groups)
        if absent and answer.target is None:
            names = ", ".join(one.written for one in absent)
            ctx.note("route.absent", reason=f"{whole.name} → {names}", text=ctx.text)
        if answer.outcome == "open" and answer.target:
            keys, member = ctx.effects.keys, ctx.member.number
            # An SOP that held it and then told nobody gives it back: then it is held anew.
            held = keys.route_held(answer.target.number)
            ctx.effects.guard(answer.until, "ZSCORE", held, member)
            ways.shown(ctx.effects, whole.name, answer.target.number, member, ctx.now, source)
            if whole.per_day:
                asks = keys.route_asks(self._day(ctx), whole.name)
                ctx.effects.do("HINCRBY", asks, member, 1)
                ctx.effects.do("EXPIRE", asks, TWO_DAYS)
        return answer

    async def offer(
        self,
        whole: RouteSettings,
        route: RouteSettings,
        member: int,
        to: Conversation,
        source: str,
    ) -> Answer:
        """The same for a member who did not ask, and is told at ``to``; nothing is counted yet.

        Who waits already goes on waiting as they did.
        """
        waits = await self._places.waits_since(whole.name, member) is not None
        return await self._placed(whole, route, member, to, source, waits=waits)

    async def way(self, target: Target, gateway: str, account: str = "") -> Way:
        """How a member at a gateway is best shown into a group; who wants in has an ``account``."""
        group = Conversation(gateway=target.gateway, group=target.id)
        code = await self._picture(group, False)
        same = target.gateway == gateway
        return way(target.link, code, self._capabilities(gateway), same, account)

    async def answer(self, whole: RouteSettings, route: RouteSettings, place: Place) -> Answer:
        """A place as an answer, as yet without the way there."""
        if place.found == "wait":
            making = whole.full == "create"
            return Answer("making" if making else "wait", route, position=place.position)
        if place.found in ("full", "barred"):
            return Answer("full" if place.found == "full" else "barred", route)
        one = await self._group(whole, place.group)
        target = await self._target(one, place.group)
        held = bool(one.capacity or route.capacity)
        found: Outcome = "already" if place.found == "already" else "open"
        return Answer(found, route, target, held=held, until=place.until, fresh=place.fresh)

    # inside

    async def _admitted(
        self, ctx: Context, whole: RouteSettings, route: RouteSettings, source: str
    ) -> Answer:
        member, account = ctx.member.number, ctx.member.account
        if await self._enough(ctx, whole):
            seen = await self.look(whole, route, member)
            return seen if seen.outcome == "already" else Answer("enough", route)
        return await self._placed(whole, route, member, ctx.conversation, source, account)

    async def _placed(
        self,
        whole: RouteSettings,
        route: RouteSettings,
        member: int,
        to: Conversation,
        source: str,
        account: str = "",
        *,
        waits: bool = False,
    ) -> Answer:
        """A place and the way there, or what the route does when it is full."""
        joins = not waits and (whole.full == "wait" or await self._grows(whole))
        place = await self._places.reserve(
            whole, member, to if joins else None, _own(whole, route), source
        )
        answer = await self.answer(whole, route, place)
        if answer.outcome == "open" and answer.target:
            return replace(answer, way=await self.way(answer.target, to.gateway, account))
        if answer.outcome == "full" and whole.full == "create":
            return await self._create(route, self._capabilities(to.gateway))
        return answer

    async def _grows(self, route: RouteSettings) -> bool:
        """Whether new groups are made for it, for which people wait."""
        if route.full != "create":
            return False
        absent = await self._places.absent(route.groups)
        there = [one for one in route.groups if one not in absent]
        return any(makes(self._capabilities(one.group.gateway)) for one in there)

    async def _create(self, route: RouteSettings, can: Capabilities) -> Answer:
        """A live code whose platform makes a new group, where there is one that can be shown."""
        for one in route.groups if "image" in can.segments else ():
            if picture := await self._picture(one.group, True):
                return Answer("create", route, way=Way("code", picture))
        return Answer("full", route)

    async def _enough(self, ctx: Context, route: RouteSettings) -> bool:
        """Whether the member was shown the way as often today as they may be."""
        if not route.per_day:
            return False
        key = ctx.effects.keys.route_asks(self._day(ctx), route.name)
        known = await self._store.text("HGET", key, ctx.member.number) or ""
        ctx.effects.guard(known, "HGET", key, ctx.member.number)
        return int(known or 0) >= route.per_day

    def _count(self, ctx: Context, answer: Answer, source: str) -> None:
        assert answer.route is not None
        name, target = answer.route.name, answer.target
        outcome = COUNTED.get(answer.outcome, answer.outcome)
        for counter in ("asked", outcome):
            ctx.effects.count(self._day(ctx), f"route:{counter}:{name}")
        ways.asked(ctx.effects, name, ctx.member.number, ctx.now, source)
        what = "answered" if answer.outcome == "open" else answer.outcome
        reason = f"{name} → {target.name}" if target else name
        ctx.note(f"route.{what}", reason=reason, text=ctx.text)
        if answer.outcome == "open":
            ctx.note("route.way", reason=answer.way.why)

    def _day(self, ctx: Context) -> str:
        return self._days.of(ctx.now).isoformat()

    async def _group(self, route: RouteSettings, number: int) -> RouteGroup:
        for one in route.groups:
            if (await self._members.awaited_number(one.group))[0] == number:
                return one
        raise LookupError(number)

    async def _target(self, one: RouteGroup, number: int) -> Target:
        group = await self._members.group(number)
        ident = one.group.group or ""
        name = group.name if group and group.name else ident
        return Target(number, one.group.gateway, ident, name, str(one.link or ""))


def _own(whole: RouteSettings, route: RouteSettings) -> tuple[RouteGroup, ...]:
    """The groups that are the member's, where they are not all."""
    return () if route.groups == whole.groups else route.groups
