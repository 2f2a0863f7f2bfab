"""One's own check-ins: a month of them as a picture, in words where there are no pictures."""

import re
from datetime import date

from bot import PASS, CheckInPictures, CheckIns, Context, Pass, Programme, Router

router = Router("my_check_ins")

MONTH = re.compile(r"(?:(20\d\d)\s*[-/.年]\s*)?(\d{1,2})\s*月?")
UNCLEAR = "Which month? Say “my check-ins 2026-10”, or “my check-ins” for this one."


@router.prefix("我的打卡", "我的签到", "my check-ins", help="your month: my check-ins 10")
async def my_check_ins(
    ctx: Context, args: str, checkins: CheckIns, drawn: CheckInPictures
) -> Pass | None:
    programmes = of_member(ctx, checkins)
    if not programmes:
        return PASS
    shows, group = "image" in ctx.capabilities.segments, ctx.group.number if ctx.group else 0
    for programme in programmes:
        today = checkins.today(programme)
        first = month_named(args, today)
        if first is None:
            await ctx.say(UNCLEAR)
            return None
        found = await checkins.month(programme, ctx.member.number, first.year, first.month, group)
        message = await drawn.month(programme, found, ctx.member.name, today, pictures=shows)
        ctx.send(message, priority="reply")
    return None


def of_member(ctx: Context, checkins: CheckIns) -> list[Programme]:
    """The programmes of this group; in a direct chat those that are the same everywhere."""
    if ctx.group:
        return checkins.running_in(ctx.conversation)
    return [one for one in checkins.programmes if one.settings.count == "everywhere"]


def month_named(words: str, today: date) -> date | None:
    """The first day of the month that is meant, of a bare number the latest; None: unclear."""
    words = words.strip()
    if not words or words in ("本月", "this month"):
        return today.replace(day=1)
    if words in ("上月", "上个月", "last month"):
        return date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    found = MONTH.fullmatch(words)
    if found is None or not 1 <= int(found[2]) <= 12:
        return None
    month = int(found[2])
    year = int(found[1]) if found[1] else today.year - (month > today.month)
    return date(year, month, 1) if date(2024, 1, 1) <= date(year, month, 1) <= today else None
