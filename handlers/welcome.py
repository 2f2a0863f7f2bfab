"""Welcome: who joins a group is greeted by its script, who opens the direct chat in a word."""

from bot import ChatOpened, ContactAdded, Context, MemberJoined, Router, TimerElapsed, Welcomes

router = Router("welcome")


@router.on(MemberJoined)
async def joined(ctx: Context, event: MemberJoined, welcomes: Welcomes) -> None:
    await welcomes.joined(ctx, event)


@router.on(ChatOpened)
async def opened(ctx: Context, welcomes: Welcomes) -> None:
    await welcomes.opened(ctx)


@router.on(ContactAdded)
async def contact_added(ctx: Context, event: ContactAdded, welcomes: Welcomes) -> None:
    await welcomes.contact_added(ctx, event)


@router.on(TimerElapsed)
async def window_ended(ctx: Context, event: TimerElapsed, welcomes: Welcomes) -> None:
    if event.timer == "welcome":
        await welcomes.window_ended(ctx)
