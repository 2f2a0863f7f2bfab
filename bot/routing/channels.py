"""Channels: who came by what, counted once for each coming, on the day it happened."""

from __future__ import annotations

from bot.clock import Days
from bot.model.event import ContactAdded, MemberJoined
from bot.routing.context import Context

NOBODY = "-"
"""In place of staff where none received them: in groups."""


class Channels:
    """Adds counts by channel to an event's effects.

    A coming is counted when it is first heard of, confirmed or not, and again after they left.
    """

    def __init__(self, days: Days) -> None:
        self._days = days

    async def added(self, ctx: Context, event: ContactAdded, holds: bool) -> None:
        """A contact came; ``holds``: they did not leave after it."""
        if not event.channel:
            return
        staff = event.staff or NOBODY
        key = ctx.effects.keys.channel_came(event.gateway, staff)
        await self._came(ctx, key, staff, event.channel, holds)
        if holds and not event.half:
            await self._first(ctx, staff, event.channel)

    async def joined(self, ctx: Context, event: MemberJoined, group: int) -> None:
        """A member entered a group."""
        if event.channel:
            key = ctx.effects.keys.channel_entered(group)
            await self._came(ctx, key, NOBODY, event.channel, True)
            await self._first(ctx, NOBODY, event.channel)

    async def _came(self, ctx: Context, key: str, staff: str, channel: str, holds: bool) -> None:
        effects, event, member = ctx.effects, ctx.event, ctx.member.number
        if await ctx.store.text("ZSCORE", key, member) is not None:
            return
        day = self._days.of(event.at).isoformat()
        effects.do("HINCRBY", effects.keys.channel_scans(day, channel), staff, 1)
        if holds:
            effects.do("ZADD", key, event.at, member)

    async def _first(self, ctx: Context, staff: str, channel: str) -> None:
        """Who has no channel yet came first by this one."""
        effects, keys, member = ctx.effects, ctx.effects.keys, ctx.member.number
        if await ctx.member.attribute("channel"):
            return
        effects.guard("", "HGET", keys.member(member), "attribute:channel")
        day = self._days.of(ctx.event.at).isoformat()
        effects.do("HINCRBY", keys.channel_scans(day, channel), staff, 0)
        effects.fact(keys.channel_joined(day, staff, channel), member)
