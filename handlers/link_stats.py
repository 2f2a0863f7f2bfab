"""Figures in chat: what links, SOPs, steps and groups came to, and who clicked."""

from bot import Context, Finder, Inquiry, Message, Router, Telling, Unclear

router = Router("link_stats")

FIGURES = ("stats", "数据")
LINKS = ("top links", "链接排行")
GROUPS = ("top groups", "群排行")
CLICKED = ("who clicked", "谁点了")
MISSING = ("who did not click", "谁没点", "谁没有点")


@router.command(*FIGURES, role="viewer", help="what a link or SOP came to: /stats spring-sale week")
async def stats(ctx: Context, args: str, finder: Finder, telling: Telling) -> None:
    if asked := await _asked(ctx, args, finder, "stats"):
        pictures = "image" in ctx.capabilities.segments
        await ctx.reply(await telling.message(asked.subject, asked.period, pictures=pictures))


@router.command(*LINKS, role="viewer", help="the links with most clicks: /top links week")
async def top_links(ctx: Context, args: str, finder: Finder, telling: Telling) -> None:
    await _top(ctx, args, finder, telling, "links")


@router.command(*GROUPS, role="viewer", help="the groups with most clicks: /top groups week")
async def top_groups(ctx: Context, args: str, finder: Finder, telling: Telling) -> None:
    await _top(ctx, args, finder, telling, "groups")


@router.command(*CLICKED, role="viewer", help="who clicked: /who clicked spring-sale in tea")
async def clicked(ctx: Context, args: str, finder: Finder, telling: Telling) -> None:
    await _who(ctx, args, finder, telling, CLICKED[0])


@router.command(*MISSING, role="viewer", help="who did not: /who did not click spring-sale")
async def missing(ctx: Context, args: str, finder: Finder, telling: Telling) -> None:
    await _who(ctx, args, finder, telling, MISSING[0])


async def _top(ctx: Context, args: str, finder: Finder, telling: Telling, what: str) -> None:
    if asked := await _asked(ctx, f"all {args}", finder, f"top {what}"):
        await ctx.reply(Message.of(await telling.top(what, asked.period)))


async def _who(ctx: Context, args: str, finder: Finder, telling: Telling, command: str) -> None:
    asked = await _asked(ctx, args, finder, command)
    if asked is None:
        return
    if ctx.group and not ctx.capabilities.send_direct:
        await ctx.say("Names are for you alone: ask me in a direct chat.")
        return
    names = await telling.people(
        asked.subject, asked.period, clicked=command == CLICKED[0], group=asked.group
    )
    ctx.send(Message.of(names), ctx.direct(), priority="reply")
    if ctx.group:
        await ctx.say("The names are in our direct chat.")


async def _asked(ctx: Context, args: str, finder: Finder, command: str) -> Inquiry | None:
    """What is meant; says so when that is not clear."""
    try:
        return await finder.find(args, ctx.group.number if ctx.group else 0)
    except Unclear as unclear:
        lines = [unclear.said(ctx.translate)]
        lines += [f"/{command} {subject}  {name}" for subject, name in unclear.fitting]
        await ctx.reply(Message.of("\n".join(lines)))
    return None
