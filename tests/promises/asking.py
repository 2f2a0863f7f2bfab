"""A handler that asks the store something while it works."""

import asyncio

from bot import Context, Router

router = Router("asking")


@router.prefix("ask")
async def ask(ctx: Context, args: str) -> None:
    await asyncio.sleep(0.3)
    known = await ctx.recall("known")
    ctx.remember("known", args)
    await ctx.reply(f"known {known or 'nothing'}")
