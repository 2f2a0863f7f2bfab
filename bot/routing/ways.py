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


def shown(effects: Effects, route: str, group: int, member: int, now: int) -> None:
    """Keep that a route showed a member the way into a group, at ``now`` (UTC ms)."""
    keys = effects.keys
    effects.do("ZADD", keys.route_invited(group, route), now, member)
    effects.do("SADD", keys.route_groups(route), group)
    effects.do("HSET", keys.route_ways(member), f"{group}/{route}", now)
    effects.do("EXPIRE", keys.route_ways(member), _KEPT)


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
