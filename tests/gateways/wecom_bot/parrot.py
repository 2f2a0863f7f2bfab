"""A handler that says again what somebody quotes."""

from __future__ import annotations

from bot import Context, MessageReceived, Router

router = Router("parrot")


@router.keyword("再发一次")
async def again(ctx: Context, event: MessageReceived) -> None:
    if event.quote:
        await ctx.reply(event.quote)
