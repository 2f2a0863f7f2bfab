"""The window: who comes into a group within a moment of each other is greeted together."""

from __future__ import annotations

from bot.routing.context import Context
from bot.settings.welcome import Script
from bot.welcome.arrival import Joiner

TIMER = "welcome"
KEPT = 86_400
"""Seconds it is kept who waits for a window to end."""


async def holds(ctx: Context, member: int) -> bool:
    """Whether a member waits for one of the group's windows to end."""
    assert ctx.group is not None
    key = ctx.store.keys.welcome_pending(ctx.group.number)
    return bool(await ctx.store.call("HEXISTS", key, member))


def add(ctx: Context, script: Script, joiner: Joiner) -> None:
    """Put somebody with the others who come in the script's window, which may begin by it."""
    assert ctx.group is not None
    key = ctx.effects.keys.welcome_pending(ctx.group.number)
    ctx.effects.do("HSET", key, joiner.member, joiner.kept(script.id))
    ctx.effects.do("EXPIRE", key, KEPT)
    ctx.later(script.window, TIMER, script.id, key=f"window/{script.id}")


async def take(ctx: Context, script: str) -> list[Joiner]:
    """Those who waited for a script's window, which has ended."""
    assert ctx.group is not None
    key = ctx.effects.keys.welcome_pending(ctx.group.number)
    rows = await ctx.store.table("HGETALL", key)
    waiting = [Joiner.of(*row) for row in rows.items()]
    # Who was put down before there were several scripts waits for none of them.
    joiners = [joiner for joiner, whose in waiting if whose in ("", script)]
    if joiners:
        ctx.effects.do("HDEL", key, *(one.member for one in joiners))
    return joiners
