"""Birthdays: a member tells theirs, so that a birthday SOP can think of it."""

from bot import Context, Router, month_day

router = Router("birthday")


@router.prefix(
    "我的生日", "生日", "my birthday is", "birthday", direct=True, help="tell me your birthday"
)
async def birthday(ctx: Context, args: str) -> None:
    day = month_day(args.removeprefix("是").strip())
    if day is None:
        await ctx.say("Please say it like this: birthday 05-31")
        return
    ctx.member.set("birthday", f"{day // 100:02}-{day % 100:02}")
    await ctx.say("Noted: {{ day }}. I will think of you!", day=f"{day // 100:02}-{day % 100:02}")
