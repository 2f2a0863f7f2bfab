"""Ways: who was shown the way into a group by a keyword route, came by it, and stayed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.routing.context import Context
from bot.store.effects import Effects

DAY = 86_400_000
CREDIT = 30 * DAY
"""Ms after it was shown in which a join is put down to a route."""
STAY = 7 * DAY
"""Ms after which somebody has stayed."""
SLACK = 60_000
"""Ms a platform's clock, which tells of the join, may be behind ours."""
_KEPT = (CREDIT + STAY + DAY) // 1000


def of(route: str, source: str) -> str:
    """A way by what led to it: what is counted of a route is counted under this name too."""
    return f"{route}\n{source}"


def route_of(way: str) -> str:
    """The route of a way."""
    return way.partition("\n")[0]


def asked(effects: Effects, route: str, member: int, now: int, source: str) -> None:
    """Keep that a member asked for a route, at ``now`` (UTC ms), by which ``source``."""
    for way in _counted(effects, route, source):
        effects.do("ZADD", effects.keys.route_asked(way), now, member)


def shown(
    effects: Effects, route: str, group: int, member: int, now: int, source: str = ""
) -> None:
    """Keep that a route showed a member the way into a group, at ``now`` (UTC ms).

    ``source``: what led to it, "word tea" or "sop week"; '' where it is not known any more.
    """
    keys = effects.keys
    for way in _counted(effects, route, source):
        effects.do("ZADD", keys.route_invited(group, way), now, member)
        effects.do("SADD", keys.route_groups(way), group)
        effects.do("HSET", keys.route_ways(member), f"{group}/{way}", now)
    effects.do("EXPIRE", keys.route_ways(member), _KEPT)


def _counted(effects: Effects, route: str, source: str) -> tuple[str, ...]:
    """The names something is counted under."""
    if not source:
        return (route,)
    effects.do("SADD", effects.keys.route_sources(route), source)
    return route, of(route, source)


async def joined(ctx: Context, group: int, at: int) -> None:
    """The member came in at ``at`` (UTC ms): no place is held for them any more."""
    effects, keys, member = ctx.effects, ctx.effects.keys, ctx.member.number
    effects.do("ZREM", keys.route_held(group), member)
    effects.fact(keys.group_removed(group), member, present=False)
    async for route, invited in _ways(ctx, group):
        known = await ctx.store.text("ZSCORE", keys.route_joined(group, route), member)
        if invited - SLACK <= at <= invited + CREDIT and at > float(known or 0):
            effects.do("ZADD", keys.route_joined(group, route), at, member)
            effects.do("ZREM", keys.route_quit(group, route), member)


async def left(ctx: Context, group: int, at: int, removed: bool) -> None:
    """The member left at ``at`` (UTC ms), or was removed."""
    effects, keys, member = ctx.effects, ctx.effects.keys, ctx.member.number
    if removed:
        effects.fact(keys.group_removed(group), member)
    async for route, _ in _ways(ctx, group):
        came = await ctx.store.text("ZSCORE", keys.route_joined(group, route), member)
        if came and at - float(came) < STAY:
            effects.do("ZADD", keys.route_quit(group, route), came, member)


async def _ways(ctx: Context, group: int) -> AsyncIterator[tuple[str, int]]:
    """The routes that showed the member this group, and when (UTC ms)."""
    table = await ctx.store.table("HGETALL", ctx.store.keys.route_ways(ctx.member.number))
    for field, when in table.items():
        number, _, route = field.partition("/")
        if int(number) == group:
            yield route, int(when)
