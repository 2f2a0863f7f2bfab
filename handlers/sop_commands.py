"""SOP commands: managers see, pause and resume SOPs from the chat they are in."""

from bot import Context, NoSuchSop, Router, Sops, WrongState

router = Router("sop_commands")

SHOWN = 30
"""SOPs listed in one message, the latest first."""


@router.command("sop list", role="manager", help="the SOPs and their states")
async def sop_list(ctx: Context, sops: Sops) -> None:
    lines = [
        f"{sop.id} · {sop.title(sops.language)} · {ctx.translate(sop.state)}"
        for sop in (await sops.all())[:SHOWN]
    ]
    if lines:
        await ctx.reply("{{ sops }}", sops="\n".join(lines))
    else:
        await ctx.say("There are no SOPs yet.")


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


async def _cannot(ctx: Context, sops: Sops, ident: str) -> None:
    try:
        state = (await sops.get(ident)).state
    except NoSuchSop:
        await ctx.say("There is no SOP “{{ id }}”. Say /sop list to see them all.", id=ident)
        return
    await ctx.say("“{{ id }}” is {{ state }}.", id=ident, state=ctx.translate(state))
