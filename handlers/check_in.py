"""Check-ins: a member says the word of a programme, once a day."""

from bot import PASS, CheckIns, Context, Pass, Router

router = Router("check_in")

NEW = "{{ member.name }}, you are checked in!"
AGAIN = "{{ member.name }}, you have already checked in today. See you tomorrow!"
NUMBERS = (
    "🔥 Streak {{ streak }} · total {{ total }}"
    "{% if rank %} · no. {{ rank }} here today{% endif %}"
    "{% if points %} · {{ points }} points{% endif %}"
)


@router.message(priority=10)
async def check_in(ctx: Context, checkins: CheckIns) -> Pass | None:
    programme = checkins.programme_for(ctx.text, ctx.conversation if ctx.group else None)
    if programme is None:
        return PASS
    if ctx.group is None:
        await ctx.say("Check in in your group: say “{{ word }}” there.", word=programme.word)
        return None
    done = await checkins.check_in(ctx, programme)
    await ctx.reply(
        f"{ctx.translate(NEW if done.new else AGAIN)}\n{ctx.translate(NUMBERS)}",
        streak=done.streak,
        total=done.total,
        rank=done.rank,
        points=done.points,
    )
    return None
