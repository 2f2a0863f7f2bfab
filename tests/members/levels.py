"""A handler that keeps what people say of themselves."""

from __future__ import annotations

from bot import Context, Router

router = Router("levels")


@router.prefix("level")
async def level(ctx: Context, args: str) -> None:
    """Keep it as it was said; "none" for nothing."""
    ctx.member.set("level", "" if args == "none" else args)
