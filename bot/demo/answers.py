"""What the demo's own handlers answer; one of them fails, to show what becomes of an event then."""

from __future__ import annotations

from bot.demo.words import EXPORT, LIKES
from bot.routing.context import Context
from bot.routing.router import Router

router = Router("demo")

TAG = "普洱"


@router.keyword(*LIKES.values(), direct=True)
async def likes(ctx: Context) -> None:
    ctx.member.tag(TAG)
    await ctx.reply("记下啦 🍵 / Noted 🍵")


@router.keyword(*EXPORT.values(), direct=True)
async def export(ctx: Context) -> None:
    raise RuntimeError(
        "示例：这个处理器出错了，事件进了死信 / Demo: this handler fails, so its event is kept"
    )
