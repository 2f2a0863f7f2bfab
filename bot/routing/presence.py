"""Presence: what every event tells about who is where, before any handler runs."""

from __future__ import annotations

from bot.clock import Days
from bot.model.event import (
    ContactAdded,
    ContactRemoved,
    GroupChanged,
    GroupCreated,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
    MessageReceived,
)
from bot.routing import beside, ways
from bot.routing.channels import Channels
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.store.effects import Effects

UNMATCHED = 500
"""Phrases kept of those nobody answered."""
ACTIVE = 400 * 86_400


class Presence:
    """Adds rosters, activity and counts to an event's effects."""

    def __init__(self, days: Days) -> None:
        self._days = days
        self._channels = Channels(days)

    async def note(self, ctx: Context) -> None:
        """What the event says about presence; one that is past is not counted as today's."""
        event, effects = ctx.event, ctx.effects
        day = self._days.of(ctx.now).isoformat()
        if not event.past:
            effects.count(day, f"event:{getattr(event, 'kind', 'unknown')}")
        if ctx.group is not None:
            self._group(ctx, ctx.group.number)
        if ctx.group is None or not ctx.member.number:
            if isinstance(event, (ContactAdded, ContactRemoved)) and ctx.member.number:
                await self._contact(ctx, event)
            self._active(ctx, day)
            return
        await self._place(ctx, ctx.group.number, day)

    def _group(self, ctx: Context, group: int) -> None:
        """What became of the group itself."""
        event, effects = ctx.event, ctx.effects
        if isinstance(event, GroupDismissed):
            effects.group(group, "gone", "1")
            ctx.note("group.dismissed")
        elif isinstance(event, GroupCreated):
            effects.group(group, "gone", "")
            if event.past:
                effects.do("ZADD", effects.keys.groups_created(), "LT", event.at, group)
        elif isinstance(event, GroupChanged) and event.owner is not None:
            effects.group(group, "owner", event.owner)

    async def _place(self, ctx: Context, group: int, day: str) -> None:
        """Who is in the group."""
        event, effects, keys, member = ctx.event, ctx.effects, ctx.effects.keys, ctx.member.number
        if isinstance(event, MemberLeft):
            if await beside.left(ctx, group):
                return
            effects.fact(keys.group_present(group), member, present=False)
            effects.do("ZREM", keys.group_joined(group), member)
            effects.do("ZREM", keys.channel_entered(group), member)
            effects.moved(group, member, event.at, came=False)
            await ways.left(ctx, group, event.at, event.how == "removed")
            ctx.note("member.left", reason=event.how)
        elif isinstance(event, MemberJoined):
            effects.enter(group, member, event.gateway, event.account.id)
            # Planners look back two minutes for who came; an older time would be overlooked.
            joined = event.at if event.past else max(event.at, ctx.now - 60_000)
            # A list may tell the channel of somebody whose coming is known.
            known = ["NX"] if event.past else []
            effects.do("ZADD", keys.group_joined(group), *known, joined, member)
            effects.moved(group, member, joined, came=True)
            await self._channels.joined(ctx, event, group)
            await ways.joined(ctx, group, joined)
            if event.channel:
                effects.first(member, "channel", event.channel)
            if not event.past:
                ctx.note("member.joined", reason=event.how)
        elif not isinstance(event, GroupDismissed):
            effects.enter(group, member, event.gateway, event.account.id)
            self._active(ctx, day, group)

    async def _contact(self, ctx: Context, event: ContactAdded | ContactRemoved) -> None:
        """Whose contact they are; of two events that overtook each other the later one holds."""
        effects, keys, member = ctx.effects, ctx.effects.keys, ctx.member.number
        known = 0
        if event.staff:
            contacts = keys.contacts(event.gateway, event.staff)
            known = int(float(await ctx.store.text("ZSCORE", contacts, member) or 0))
        if isinstance(event, ContactRemoved):
            if event.staff and event.at >= known:
                if event.by == "unknown":  # nobody knows when, so it may be anew at any time
                    effects.do("ZREM", contacts, member)
                else:
                    effects.do("ZADD", contacts, -event.at, member)
                effects.do("ZREM", keys.channel_came(event.gateway, event.staff), member)
            if not event.past:
                ctx.note("contact.removed")
            return
        if event.welcome_token and not event.past:
            self._may_be_welcomed(ctx, event)
        await self._channels.added(ctx, event, event.at >= -known)
        if not event.half and event.at >= -known:
            if event.staff:
                effects.do("ZADD", contacts, event.at, member)
            if event.past:
                effects.do("ZADD", keys.moment("contact"), "GT", event.at, member)
            else:
                effects.do("ZADD", keys.moment("contact"), ctx.now, member)
            self._came(effects, member, event)
        if not event.past and not event.half:
            ctx.note("contact.added", reason=event.channel or "")

    def _may_be_welcomed(self, ctx: Context, event: ContactAdded) -> None:
        """Till the window ends somebody may welcome them without a tap: whoever is first."""
        window = ctx.capabilities.welcome_window
        until = event.at + int(window * 1000) if window else 0
        if until > ctx.now:
            key = ctx.effects.keys.welcome_open(event.gateway, ctx.member.number)
            ctx.effects.do("SET", key, until, "PX", until - ctx.now)

    def _came(self, effects: Effects, member: int, event: ContactAdded) -> None:
        """Whose contact they became and how; the first time counts."""
        if event.staff:
            effects.first(member, "owner", event.staff)
        if event.channel:
            effects.first(member, "channel", event.channel)

    def _active(self, ctx: Context, day: str, group: int = 0) -> None:
        if isinstance(ctx.event, MessageReceived) and ctx.member.number:
            key = ctx.effects.keys.active(day)
            ctx.effects.fact(key, ctx.member.number)
            ctx.effects.do("EXPIRE", key, ACTIVE, "NX")
            ctx.effects.heard("reply", ctx.member.number, group, ctx.now)

    def unmatched(self, ctx: Context) -> None:
        """Count a phrase addressed to the bot that nobody answered."""
        phrase = fold(ctx.text)[:60]
        if phrase:
            key = ctx.effects.keys.unmatched()
            ctx.effects.do("ZINCRBY", key, 1, phrase)
            ctx.effects.do("ZREMRANGEBYRANK", key, 0, -UNMATCHED - 1)
            ctx.note("event.unmatched", text=ctx.text)
