"""A member's points: what is left, and what the last changes were for."""

from bot import PASS, CheckIns, Context, Entry, Pass, Router

router = Router("my_points")

POINTS = "{{ member.name }}, you have {{ points }} points in “{{ programme }}”."
LINES = 8
"""Changes shown."""
WHAT = {
    "check-in": "check-in",
    "bonus": "bonus for a streak",
    "stage": "stage reached",
    "gift": "gift",
    "make-up": "day made up for",
    "spent": "spent",
    "reversal": "taken back",
    "correction": "corrected",
    "refused": "not accepted",
    "expired": "expired",
}


@router.keyword("我的积分", "my points", help="your points and what they came from")
async def my_points(ctx: Context, checkins: CheckIns) -> Pass | None:
    group = ctx.group.number if ctx.group else 0
    programmes = checkins.running_in(ctx.conversation) if ctx.group else checkins.programmes
    for programme in programmes:
        ledger = await checkins.ledger(programme, ctx.member.number, group)
        await ctx.reply(
            f"{ctx.translate(POINTS)}{{{{ lines }}}}",
            points=sum(one.points for one in ledger),
            programme=programme.title(ctx.translate),
            lines="".join(f"\n{line(ctx, one)}" for one in ledger[:LINES]),
        )
    return None if programmes else PASS


def line(ctx: Context, one: Entry) -> str:
    """A change with its reason: +5 check-in 2026-06-17."""
    day = one.day.isoformat() if one.day else ""
    return " ".join(
        filter(None, [f"{one.points:+}", ctx.translate(WHAT[one.what]), day, one.reason])
    )
