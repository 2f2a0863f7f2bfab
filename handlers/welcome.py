"""Welcome: who comes is greeted by the closest script, and no more once they left."""

from bot import (
    PASS,
    ActionChosen,
    ChatOpened,
    ContactAdded,
    ContactRemoved,
    Context,
    MemberJoined,
    MemberLeft,
    Pass,
    Router,
    TimerElapsed,
    Welcomes,
)

router = Router("welcome")


@router.on(MemberJoined)
async def joined(ctx: Context, event: MemberJoined, welcomes: Welcomes) -> None:
    await welcomes.joined(ctx, event)


@router.on(MemberLeft)
async def left(ctx: Context, welcomes: Welcomes) -> None:
    await welcomes.left(ctx)


@router.message(priority=100)
async def spoke(ctx: Context, welcomes: Welcomes) -> Pass | None:
    """What newcomers are asked to say goes before everything else they may mean by it."""
    return None if await welcomes.spoke(ctx) else PASS


@router.on(ActionChosen)
async def chose(ctx: Context, event: ActionChosen, welcomes: Welcomes) -> None:
    await welcomes.chose(ctx, event)


@router.on(ChatOpened)
async def opened(ctx: Context, welcomes: Welcomes) -> None:
    await welcomes.opened(ctx)


@router.on(ContactAdded)
async def contact_added(ctx: Context, event: ContactAdded, welcomes: Welcomes) -> None:
    await welcomes.contact_added(ctx, event)


@router.on(ContactRemoved)
async def contact_removed(ctx: Context, welcomes: Welcomes) -> None:
    await welcomes.contact_removed(ctx)


@router.on(TimerElapsed)
async def elapsed(ctx: Context, event: TimerElapsed, welcomes: Welcomes) -> None:
    await welcomes.elapsed(ctx, event)
