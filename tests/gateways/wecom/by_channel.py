"""A shop's own handler: who comes by a live code has its tag."""

from bot import ContactAdded, Context, Router

router = Router("by_channel")


@router.on(ContactAdded)
async def came(ctx: Context, event: ContactAdded) -> None:
    if event.channel and not event.half:
        ctx.member.tag(f"from-{event.channel}")
