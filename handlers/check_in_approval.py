"""Staff look at what members showed for their check-ins, and take it or not."""

from bot import CheckIns, Context, Members, Router

router = Router("check_in_approval")

SHOWN = 10
NOTHING = "Nothing waits for approval."
GONE = "There is no number {{ number }} any more: see /checkins pending."


@router.command("checkins pending", role="manager", help="check-ins that wait for approval")
async def pending(ctx: Context, checkins: CheckIns, members: Members) -> None:
    waiting = await checkins.pending(limit=SHOWN)
    names = {one.number: one.name for one in await members.some([e.member for e in waiting])}
    titles = {one.name: one.title(ctx.translate) for one in checkins.programmes}
    lines = [
        f"{number}. {names.get(one.member) or one.member}"
        f" · {titles.get(one.programme, one.programme)} {one.day}: "
        + " ".join(filter(None, [one.text, one.link, one.picture]))[:200]
        for number, one in enumerate(waiting, 1)
    ]
    ctx.remember("checkins pending", "\n".join(one.key for one in waiting), seconds=3600)
    if lines:
        await ctx.reply("{{ lines }}", lines="\n".join(lines))
    else:
        await ctx.say(NOTHING)


@router.command("checkins approve", role="manager", help="take one: /checkins approve 1")
async def approve(ctx: Context, args: str, checkins: CheckIns) -> None:
    number, _ = split(args)
    key = await listed(ctx, number)
    if key and await checkins.approve(key, by(ctx)):
        await ctx.say("Approved.")
    else:
        await ctx.say(GONE, number=number)


@router.command("checkins refuse", role="manager", help="do not: /checkins refuse 1 WHY")
async def refuse(ctx: Context, args: str, checkins: CheckIns) -> None:
    number, reason = split(args)
    key = await listed(ctx, number)
    if not reason:
        await ctx.say(
            "Say why: /checkins refuse {{ number }} the picture is of yesterday", number=number
        )
    elif key and await checkins.refuse(key, by(ctx), reason):
        await ctx.say("Not accepted: the day is taken away, and the reason is kept.")
    else:
        await ctx.say(GONE, number=number)


def split(args: str) -> tuple[str, str]:
    """A number, and what follows it."""
    number, _, rest = args.strip().partition(" ")
    return number, rest.strip()


async def listed(ctx: Context, number: str) -> str | None:
    """What stood under a number in the list this operator was shown here."""
    keys = (await ctx.recall("checkins pending") or "").split("\n")
    known = number.isdecimal() and 1 <= int(number) <= len(keys)
    return (keys[int(number) - 1] or None) if known else None


def by(ctx: Context) -> str:
    """Who decided, for the audit."""
    return f"{ctx.event.gateway} {ctx.member.account}"
