"""Link statistics in chat: how often a link was clicked, and which links most."""

from bot import Clicks, Context, Links, Members, Router, spark

router = Router("link_stats")

DAYS = 14


@router.command("stats", role="viewer", help="clicks of a link: /stats spring-sale")
async def stats(ctx: Context, args: str, links: Links, clicks: Clicks, members: Members) -> None:
    if not args:
        await ctx.say("Say which link: its campaign, number or address, as in /stats spring-sale.")
        return
    found = links.find(args)
    if not found:
        await ctx.say("There is no link “{{ words }}”. /top links lists some.", words=args)
        return
    if len(found) > 1:
        await ctx.say(
            "{{ number }} links fit; say which:\n{{ links }}",
            number=len(found),
            links="\n".join(f"/stats #{link.number}  {link.name}" for link in found[:5]),
        )
        return
    link = found[0]
    sums = await clicks.sums(link.number)
    days = await clicks.days(link.number, DAYS)
    await ctx.say(
        "{{ name }}\n{{ clicks }} clicks by {{ people }} people, {{ hits }} hits in all\n"
        "Today {{ today }}, last {{ days }} days: {{ chart }}\n{{ groups }}",
        name=link.name,
        clicks=sums.clicks,
        people=sums.people,
        hits=sums.hits,
        today=days[-1].clicks,
        days=DAYS,
        chart=spark(day.clicks for day in days),
        groups=await _best_groups(link.number, clicks, members),
    )


@router.command("top links", role="viewer", help="the links with most clicks")
async def top(ctx: Context, links: Links, clicks: Clicks) -> None:
    best = [(links.get(number), count) for number, count in await clicks.top()]
    lines = [f"{link.name}: {count}" for link, count in best if link]
    if not lines:
        await ctx.say("No link was clicked yet.")
        return
    rows = "\n".join(f"{place}. {line}" for place, line in enumerate(lines, 1))
    await ctx.say("Links by clicks:\n{{ links }}", links=rows)


async def _best_groups(link: int, clicks: Clicks, members: Members) -> str:
    """The three groups with most clicks, a line each."""
    lines = []
    for part in (await clicks.groups(link))[:3]:
        group = await members.group(part.number) if part.number else None
        if group and part.clicks:
            lines.append(f"{group.name or group.conversation.group}: {part.clicks}")
    return "\n".join(lines)
