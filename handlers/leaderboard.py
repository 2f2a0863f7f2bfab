"""Leaderboards of check-ins, of a group or of all groups."""

from bot import PASS, Board, Boards, CheckIns, Context, Message, Pass, Router

router = Router("leaderboard")

WORDS: dict[str, Board] = {
    "": "total",
    "total": "total",
    "总榜": "total",
    "总": "total",
    "累计": "total",
    "day": "day",
    "today": "day",
    "日": "day",
    "日榜": "day",
    "今日": "day",
    "今天": "day",
    "week": "week",
    "周": "week",
    "本周": "week",
    "周榜": "week",
    "month": "month",
    "月": "month",
    "本月": "month",
    "月榜": "month",
    "streak": "streak",
    "连续": "streak",
    "points": "points",
    "积分": "points",
    "积分榜": "points",
}
EVERYWHERE = ("all groups", "everywhere", "全部群", "所有群", "全群")
TITLES: dict[Board, str] = {
    "total": "🏆 Most check-ins",
    "day": "🏆 Checked in today",
    "week": "🏆 Most check-ins this week",
    "month": "🏆 Most check-ins this month",
    "streak": "🏆 Longest streaks now",
    "points": "🏆 Most points",
}
OWN = "You are no. {{ rank }}{% if value %}, with {{ value }}{% endif %}."


@router.prefix("排行榜", "leaderboard", direct=False, help="who checked in most: leaderboard month")
@router.command("top", "排行榜", "leaderboard", direct=False)
async def leaderboard(ctx: Context, args: str, checkins: CheckIns, boards: Boards) -> Pass | None:
    wanted, everywhere = _scope(args)
    board = WORDS.get(wanted)
    programmes = checkins.running_in(ctx.conversation)
    if board is None or not programmes or ctx.group is None:
        return PASS
    group = 0 if everywhere else ctx.group.number
    for programme in programmes:
        rows = await boards.page(programme, board, group)
        if not rows:
            await ctx.say(
                "Nobody here has checked in yet. Say “{{ word }}” to be the first.",
                word=programme.word,
            )
            continue
        lines = [ctx.translate(TITLES[board])]
        if len(programmes) > 1:
            lines = [f"{lines[0]} · {programme.title(ctx.translate)}"]
        for row in rows:
            value = "" if board == "day" else f" · {row.value:,}"
            lines.append(f"{row.rank}. {row.name}{value}")
        if ctx.member.number not in {row.member for row in rows}:
            own = await boards.place(programme, board, ctx.member.number, group)
            if own:
                value = "" if board == "day" else f"{own.value:,}"
                said = await ctx.write(ctx.translate(OWN), rank=own.rank, value=value)
                lines.append(said.text)
        await ctx.reply(Message.of("\n".join(lines)))
    return None


def _scope(args: str) -> tuple[str, bool]:
    """Which board is asked for, and whether of all groups."""
    words = args.strip().casefold()
    for phrase in EVERYWHERE:
        if words.endswith(phrase):
            return words.removesuffix(phrase).strip(), True
        if words.startswith(phrase):
            return words.removeprefix(phrase).strip(), True
    return words, False
