"""Opting out of broadcasts, and in again, without leaving or blocking anything."""

from bot import Context, Router

router = Router("opt_out")

TAG = "opt-out"
"""Who has this tag gets no SOP broadcasts; answers and welcomes still come."""


@router.keyword("退订", "td", "stop", "unsubscribe", direct=True, help="no more broadcasts")
async def opt_out(ctx: Context) -> None:
    if await ctx.member.has_tag(TAG):
        await ctx.say("You are unsubscribed already. Say “start” to hear from us again.")
        return
    ctx.member.tag(TAG)
    ctx.note("member.opted_out")
    await ctx.say(
        "You will get no more of our broadcasts. Your questions are still answered;"
        " say “start” to hear from us again."
    )


@router.keyword("恢复订阅", "start", "subscribe", direct=True, help="broadcasts again")
async def opt_in(ctx: Context) -> None:
    if not await ctx.member.has_tag(TAG):
        await ctx.say("You are subscribed. Say “stop” when you want no more broadcasts.")
        return
    ctx.member.untag(TAG)
    ctx.note("member.opted_in")
    await ctx.say("Welcome back! You will hear from us again.")
