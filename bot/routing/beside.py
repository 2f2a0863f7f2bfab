"""Beside: two accounts of one member in one group; who leaves with one of them is still there."""

from __future__ import annotations

from bot.routing.context import Context


async def left(ctx: Context, group: int) -> bool:
    """Whether another account of who leaves stays in the group."""
    key, field = ctx.effects.keys.member(ctx.member.number), f"beside:{group}"
    known = await ctx.store.text("HGET", key, field)
    if known is None:
        return False
    ctx.effects.guard(known, "HGET", key, field)
    rest = [one for one in known.split("\n") if one != ctx.event.account.id]
    if rest:
        ctx.effects.do("HSET", key, field, "\n".join(rest))
        ctx.note("member.left", text=ctx.event.account.name or ctx.event.account.id)
    else:
        ctx.effects.do("HDEL", key, field)
    return bool(rest)
