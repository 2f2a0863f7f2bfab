"""Handlers that the nodes in these tests run: echo, and ways to go wrong."""

import asyncio
import os
import time

from bot import Context, Router

router = Router("echo")


@router.prefix("echo")
async def echo(ctx: Context, args: str) -> None:
    await ctx.reply(f"heard {args}")


@router.prefix("slow")
async def slow(ctx: Context, args: str) -> None:
    await asyncio.sleep(2)
    await ctx.reply(f"heard {args}")


@router.prefix("boom")
async def boom(ctx: Context) -> None:
    ctx.member.tag("never")
    await ctx.reply("never")
    raise RuntimeError("the handler is wrong")


@router.prefix("exit")
async def leave(ctx: Context) -> None:
    os._exit(137)


@router.prefix("block")
async def block(ctx: Context, args: str) -> None:
    time.sleep(0.3)  # noqa: ASYNC251 - a handler that blocks the loop, as careless ones do
    await ctx.reply(f"heard {args}")
