"""SOP commands: operators see, pause, resume and stop SOPs from the chat they are in."""

from zoneinfo import ZoneInfo

from bot import (
    PASS,
    Asked,
    Context,
    NoSuchSop,
    Pass,
    Preview,
    Reading,
    Router,
    Sops,
    Upcoming,
    WrongState,
    utc,
)

router = Router("sop_commands")

SHOWN = 30
"""SOPs listed in one message, the latest first."""
RUNS = 1000
DAYS = 7
LINES = 12
MINUTES = 2
"""How long a question waits for its “yes”."""
DECISIONS = {"send": "send", "发送": "send", "补发": "send", "skip": "skip", "跳过": "skip"}


@router.command("sop list", role="viewer", help="the SOPs and their states")
async def sop_list(ctx: Context, sops: Sops) -> None:
    lines = [
        f"{sop.id} · {sop.title(sops.language)} · {ctx.translate(sop.state)}"
        for sop in (await sops.all())[:SHOWN]
    ]
    if lines:
        await ctx.reply("{{ sops }}", sops="\n".join(lines))
    else:
        await ctx.say("There are no SOPs yet.")


@router.command("sop show", role="viewer", help="one SOP in numbers: /sop show NAME")
async def sop_show(ctx: Context, args: str, sops: Sops, preview: Preview) -> None:
    ident = args.strip()
    try:
        sop = await sops.get(ident)
    except NoSuchSop:
        await _cannot(ctx, sops, ident)
        return
    version = await sops.version(sop)
    runs = await sops.results.runs(ident, 0, RUNS)
    await ctx.say(
        "{{ title }} · {{ state }}\nFor {{ audience }}\n"
        "Sent {{ sent }}, failed {{ failed }}, in doubt {{ doubt }}, left out {{ skipped }}"
        "{% if next %}\nNext:\n{{ next }}{% endif %}",
        title=sop.title(sops.language),
        state=ctx.translate(sop.state),
        audience=Reading(ctx.translate).of(version.audience, version.template.to),
        sent=sum(run.sent for run in runs),
        failed=sum(run.failed for run in runs),
        doubt=sum(run.in_doubt for run in runs),
        skipped=sum(sum(run.skipped.values()) for run in runs),
        next=_lines(ctx, (await preview.upcoming(DAYS, ident))[:3]),
    )


@router.command("sop upcoming", role="viewer", help="what goes out in the next days")
async def sop_upcoming(ctx: Context, preview: Preview) -> None:
    found = await preview.upcoming(DAYS)
    if not found:
        await ctx.say("Nothing goes out in the next {{ days }} days.", days=DAYS)
        return
    more = "\n…" if len(found) > LINES else ""
    await ctx.reply("{{ lines }}", lines=_lines(ctx, found[:LINES]) + more)


@router.command("sop pause", role="manager", help="hold a SOP back: /sop pause NAME")
async def sop_pause(ctx: Context, args: str, sops: Sops) -> None:
    try:
        sop = await sops.switch(ctx.effects, args.strip(), "paused", ctx.member.name)
    except (NoSuchSop, WrongState):
        await _cannot(ctx, sops, args.strip())
        return
    await ctx.say("“{{ id }}” is paused: nothing more of it goes out.", id=sop.id)


@router.command("sop resume", role="manager", help="let a SOP go on: /sop resume NAME")
async def sop_resume(ctx: Context, args: str, sops: Sops) -> None:
    try:
        sop = await sops.switch(ctx.effects, args.strip(), "running", ctx.member.name)
    except (NoSuchSop, WrongState):
        await _cannot(ctx, sops, args.strip())
        return
    await ctx.say("“{{ id }}” goes on. What its steps call missed is not sent.", id=sop.id)


@router.command("sop stop", role="manager", help="end a SOP for good: /sop stop NAME")
async def sop_stop(ctx: Context, args: str, sops: Sops) -> None:
    ident = args.strip()
    try:
        sop = await sops.get(ident)
    except NoSuchSop:
        await _cannot(ctx, sops, ident)
        return
    if sop.state not in ("running", "paused"):
        await _cannot(ctx, sops, ident)
        return
    ctx.remember("sop question", f"{ctx.now} stop {ident}")
    await ctx.say(
        "End “{{ id }}” for good? What was planned and not sent is left out."
        " Say “yes” within {{ minutes }} minutes.",
        id=ident,
        minutes=MINUTES,
    )


@router.command("sop answer", role="manager", help="missed steps: /sop answer NAME send")
async def sop_answer(ctx: Context, args: str, sops: Sops, asked: Asked) -> None:
    ident, _, word = args.strip().partition(" ")
    decision = DECISIONS.get(word.strip().casefold())
    try:
        waiting = await (asked.of(await sops.get(ident)) if ident else asked.all())
    except NoSuchSop:
        await _cannot(ctx, sops, ident)
        return
    count = sum(one.count for one in waiting)
    if not waiting:
        await ctx.say("Nothing waits for a word.")
    elif not ident or decision is None:
        await ctx.say(
            "Missed, and waiting for a word:\n{{ lines }}\n"
            "Say “/sop answer {{ id }} send” or “/sop answer {{ id }} skip”.",
            lines="\n".join(f"{one.sop} · {one.step} · {one.count}" for one in waiting[:LINES]),
            id=waiting[0].sop,
        )
    else:
        ctx.remember("sop question", f"{ctx.now} {decision} {ident}")
        question = (
            "Send what “{{ id }}” missed to {{ count }} now?"
            if decision == "send"
            else "Leave out for good what “{{ id }}” missed for {{ count }}?"
        )
        yes = "Say “yes” within {{ minutes }} minutes."
        text = f"{ctx.translate(question)} {ctx.translate(yes)}"
        await ctx.reply(text, id=ident, count=count, minutes=MINUTES)


@router.keyword("yes", "确认", "是", role="manager", priority=20)
async def confirmed(ctx: Context, sops: Sops, asked: Asked) -> Pass | None:
    asked_at, what, ident = (await ctx.recall("sop question") or "0 - -").split(" ", 2)
    if ctx.now - int(asked_at) > MINUTES * 60_000:
        return PASS
    ctx.forget("sop question")
    try:
        if what == "stop":
            await sops.switch(ctx.effects, ident, "stopping", ctx.member.name)
            await ctx.say("“{{ id }}” is ended.", id=ident)
        else:
            await _decide(ctx, ident, what, sops, asked)
    except (NoSuchSop, WrongState):
        await _cannot(ctx, sops, ident)
    return None


async def _decide(ctx: Context, ident: str, what: str, sops: Sops, asked: Asked) -> None:
    # Done at once, not with the other effects: thousands need more than one step. Done twice, the
    # second time finds nobody.
    waiting = await asked.of(await sops.get(ident))
    act = asked.send if what == "send" else asked.skip
    count = sum([await act(ident, one.occurrence, ctx.member.name) for one in waiting])
    if what == "send":
        await ctx.say("{{ count }} of “{{ id }}” go out now.", count=count, id=ident)
    else:
        await ctx.say("{{ count }} of “{{ id }}” are left out.", count=count, id=ident)


async def _cannot(ctx: Context, sops: Sops, ident: str) -> None:
    try:
        state = (await sops.get(ident)).state
    except NoSuchSop:
        await ctx.say("There is no SOP “{{ id }}”. Say /sop list to see them all.", id=ident)
        return
    await ctx.say("“{{ id }}” is {{ state }}.", id=ident, state=ctx.translate(state))


def _lines(ctx: Context, found: list[Upcoming]) -> str:
    zone = ZoneInfo(ctx.workspace["timezone"])
    rows = []
    for one in found:
        at = f"{utc(one.due).astimezone(zone):%m-%d %H:%M}"
        rows.append(f"{at} · {one.sop} · {one.step} · {one.count}")
    return "\n".join(rows)
