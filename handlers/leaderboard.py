"""Leaderboards of a group's check-ins."""

from bot import PASS, Board, CheckIns, Context, Pass, Router

router = Router("leaderboard")

WORDS: dict[str, Board] = {
    "": "total",
    "total": "total",
    "总榜": "total",
    "累计": "total",
    "day": "day",
    "today": "day",
    "今日": "day",
    "今天": "day",
    "week": "week",
    "本周": "week",
    "周榜": "week",
    "streak": "streak",
    "连续": "streak",
}
TITLES: dict[Board, str] = {
    "total": "🏆 Most check-ins",
    "day": "🏆 Checked in today",
    "week": "🏆 Most check-ins this week",
    "streak": "🏆 Longest streaks now",
}


@router.prefix("排行榜", "leaderboard", direct=False, help="who checked in most")
@router.command("top", "排行榜", "leaderboard", direct=False)
async def leaderboard(ctx: Context, checkins: CheckIns, args: str) -> Pass | None:
    board = WORDS.get(args.strip().casefold())
    programmes = checkins.running_in(ctx.conversation)
    if board is None or not programmes or ctx.group is None:
        return PASS
    for programme in programmes:
        rows = await checkins.board(programme, board, ctx.group.number)
        if rows:
            lines = [f"{row.rank}. {row.name}" for row in rows]
            if board != "day":
                lines = [f"{line} · {row.value}" for line, row in zip(lines, rows, strict=True)]
            title = ctx.translate(TITLES[board])
            await ctx.reply("{{ title }}\n{{ rows }}", title=title, rows="\n".join(lines))
        else:
            await ctx.say(
                "Nobody here has checked in yet. Say “{{ word }}” to be the first.",
                word=programme.word,
            )
    return None
