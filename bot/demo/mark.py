"""The mark: whether demo data is shown in a workspace, and since when."""

from __future__ import annotations

from bot.store.store import Store

GATEWAY = "demo"
"""All of the demo's accounts and groups are at this gateway, which is never connected."""


async def demo_present(store: Store) -> bool:
    """Whether there is demo data, whole or in part."""
    return bool(await store.call("EXISTS", store.keys.demo()))


async def demo_since(store: Store) -> int | None:
    """When the demo was added (UTC ms), or None when there is none or it is not complete."""
    since = await store.text("HGET", store.keys.demo(), "since")
    return int(since) if since else None
