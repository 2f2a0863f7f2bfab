"""Welcome: who joins a group is greeted by the group's script."""

from bot import Context, MemberJoined, Router, TimerElapsed, Welcomes

router = Router("welcome")


@router.on(MemberJoined)
async def joined(ctx: Context, event: MemberJoined, welcomes: Welcomes) -> None:
    await welcomes.joined(ctx, event)


@router.on(TimerElapsed)
async def window_ended(ctx: Context, event: TimerElapsed, welcomes: Welcomes) -> None:
    if event.timer == "welcome":
        await welcomes.window_ended(ctx)
