"""Once: a person is greeted once, however many groups and nodes they come by."""

from __future__ import annotations

from bot.model.phrase import Phrase
from bot.routing.context import Context
from bot.settings.welcome import Across, Script
from bot.welcome import reasons

EVERYWHERE = "*"
WHY: dict[Across, str] = {
    "group": reasons.AGAIN_HERE,
    "script": reasons.AGAIN,
    "everywhere": reasons.AGAIN_ANYWHERE,
}


async def claim(ctx: Context, script: Script) -> Phrase | None:
    """Greet the member in nobody else's place: why not, or None when it is ours to do.

    The commit fails when somebody else claims them first; then the event is handled anew.
    """
    if script.again == "always":
        return None
    key, effects, member = _key(ctx, script), ctx.effects, ctx.member.number
    last = await ctx.store.text("ZSCORE", key, member)
    after = None if script.again == "never" else float(script.again) * 1000
    if last is not None and (after is None or ctx.now - float(last) < after):
        across = script.across if ctx.group or script.across != "group" else "script"
        return Phrase(WHY[across])
    effects.guard(last or "", "ZSCORE", key, member)
    effects.do("ZADD", key, ctx.now, member)
    if after is not None:
        effects.do("ZREMRANGEBYSCORE", key, "-inf", int(ctx.now - after))
    return None


def release(ctx: Context, script: Script, member: int) -> None:
    """Somebody who was claimed was told nothing after all."""
    if script.again != "always":
        ctx.effects.do("ZREM", _key(ctx, script), member)


def _key(ctx: Context, script: Script) -> str:
    keys = ctx.effects.keys
    if script.across == "everywhere":
        return keys.welcome_told(EVERYWHERE)
    if script.across == "group" and ctx.group is not None:
        return keys.welcome_greeted(ctx.group.number)
    return keys.welcome_told(script.id)
