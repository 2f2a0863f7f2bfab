"""Presence: what every event tells about who is where, before any handler runs."""

from __future__ import annotations

from bot.clock import Days
from bot.model.event import (
    ContactAdded,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
    MessageReceived,
)
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

    async def note(self, ctx: Context) -> None:
        """What the event says about presence."""
        event, effects, keys = ctx.event, ctx.effects, ctx.effects.keys
        day = self._days.of(ctx.now).isoformat()
        effects.count(day, f"event:{getattr(event, 'kind', 'unknown')}")
        if ctx.group is None or not ctx.member.number:
            if isinstance(event, ContactAdded) and ctx.member.number:
                effects.do("ZADD", keys.moment("contact"), ctx.now, ctx.member.number)
                self._came(effects, ctx.member.number, event)
                ctx.note("contact.added", reason=event.channel or "")
            self._active(ctx, day)
            return
        group, member = ctx.group.number, ctx.member.number
        if isinstance(event, MemberLeft):
            effects.fact(keys.group_present(group), member, present=False)
            effects.do("ZREM", keys.group_joined(group), member)
            ctx.note("member.left", reason=event.how)
        elif isinstance(event, MemberJoined):
            effects.fact(keys.group_present(group), member)
            # Planners look back two minutes for who came; an older time would be overlooked.
            joined = max(event.at, ctx.now - 60_000)
            effects.do("ZADD", keys.group_joined(group), joined, member)
            ctx.note("member.joined", reason=event.how)
        elif isinstance(event, GroupDismissed):
            effects.group(group, "gone", "1")
            ctx.note("group.dismissed")
        else:
            effects.fact(keys.group_present(group), member)
            self._active(ctx, day, group)

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
