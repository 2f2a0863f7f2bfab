"""Help: what the bot can do, for who asks, and for who says something nobody answers."""

from bot import PASS, Context, MessageReceived, Pass, Router

router = Router("help")

HELP = (
    "Hi {{ member.name }}! You can say:\n"
    "· “签到” in a group, to check in\n"
    "· “排行榜” in a group, for its leaderboard\n"
    "· what you are looking for, such as “我想进护肤群”\n"
    "· “退订” to me alone, to get no broadcasts"
)
AGAIN = 60
"""Seconds in which nobody is told the same twice."""


@router.keyword("help", "帮助", "菜单", help="what I can do")
async def asked(ctx: Context) -> None:
    await ctx.say(HELP)


@router.message(priority=-100)
async def unanswered(ctx: Context, event: MessageReceived) -> Pass:
    if event.to_bot and await ctx.recall("help") is None:
        ctx.remember("help", "said", seconds=AGAIN)
        await ctx.say(HELP)
    return PASS
