"""The starter community: what runs without a config.toml, so that everything can be tried."""

from __future__ import annotations

from bot.app import App

TEMPLATE = "new_member_week"


async def begin(app: App) -> None:
    """Start the starter's SOP, unless there ever was one."""
    if not await app.rooms.sops.all():
        await app.rooms.sops.start(TEMPLATE, "all-groups", "muster", {})
