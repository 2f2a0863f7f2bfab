"""A shop's own handler: who adds a member of the staff is greeted, once."""

from bot import ContactAdded, Context, Message, Router

router = Router("greeter")

WELCOME = "Welcome to the tea shop!"
GREETED = "greeted"


@router.on(ContactAdded)
async def came(ctx: Context) -> None:
    if not await ctx.member.has_tag(GREETED):
        ctx.member.tag(GREETED)
        ctx.send(Message.of(WELCOME), priority="welcome")
