"""Welcomes: greeting who joins by the group's script, together when many come at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.event import ContactAdded, MemberJoined
from bot.routing.context import Context
from bot.routing.template import TemplateFailed
from bot.settings.rooms import WelcomeMessage, WelcomeScript, WelcomeSettings
from bot.store.facts import Facts
from bot.store.store import Store

TIMER = "welcome"
NAMED = 10
"""Names spoken in one greeting; the others are counted."""


@dataclass(frozen=True, slots=True)
class Joiner:
    """Somebody to greet."""

    member: int
    account: str
    name: str


class Welcomes:
    """Collects joiners for the script's window, then greets those who are still there."""

    def __init__(self, settings: WelcomeSettings, store: Store, facts: Facts) -> None:
        self._settings = settings
        self._store = store
        self._facts = facts

    async def joined(self, ctx: Context, event: MemberJoined) -> None:
        """Note who came; the greeting follows when the window ends."""
        script = self._settings.script(ctx.conversation)
        if reason := await self._not_greeted(ctx, script):
            ctx.note("welcome.skipped", reason=reason)
            return
        assert ctx.group is not None
        key = ctx.effects.keys.welcome_pending(ctx.group.number)
        who = json.dumps([event.account.id, event.account.name or event.account.id])
        ctx.effects.do("HSET", key, ctx.member.number, who)
        ctx.effects.do("EXPIRE", key, 86_400)
        ctx.later(script.window, TIMER, key="window")

    async def opened(self, ctx: Context) -> None:
        """Greet who opened the direct chat."""
        if self._settings.opened is not None:
            await self._at_once(ctx, self._settings.opened)

    async def contact_added(self, ctx: Context, event: ContactAdded) -> None:
        """Greet a new contact, unless the platform gave no leave to do so without a tap."""
        if self._settings.contact is None:
            return
        if ctx.capabilities.welcome_window is None or event.welcome_token:
            await self._at_once(ctx, self._settings.contact)
        elif not event.half:
            ctx.note("welcome.skipped", reason="the platform gave no leave to welcome them")

    async def _at_once(self, ctx: Context, text: str) -> None:
        """Platforms leave seconds for it."""
        try:
            written = await ctx.write(text, "welcome")
        except TemplateFailed as error:
            ctx.note("welcome.skipped", reason=f"the welcome text is wrong: {error}")
            return
        ctx.send(written, priority="welcome", expires=_expires(ctx))

    async def window_ended(self, ctx: Context) -> None:
        """Greet everybody who came in the window and stayed."""
        assert ctx.group is not None
        keys, group = ctx.effects.keys, ctx.group.number
        pending = await self._store.table("HGETALL", keys.welcome_pending(group))
        ctx.effects.do("DEL", keys.welcome_pending(group))
        script = self._settings.script(ctx.conversation)
        joiners = []
        for number, who in pending.items():
            account, name = json.loads(who)
            joiner = Joiner(int(number), account, name)
            if await self._facts.has(keys.group_present(group), joiner.member):
                joiners.append(joiner)
            else:
                self._skip(ctx, joiner, "left before the greeting")
        if joiners:
            await self._greet(ctx, script, joiners)

    async def _not_greeted(self, ctx: Context, script: WelcomeScript) -> str:
        """Why this joiner gets no greeting; '' when there is no reason."""
        if not script.enabled:
            return "welcomes are off here"
        if not script.messages:
            return "this group has no welcome script"
        assert ctx.group is not None
        key = self._store.keys.welcome_greeted(ctx.group.number)
        last = await self._store.text("ZSCORE", key, ctx.member.number)
        if last is not None and ctx.now - float(last) < script.again_after * 1000:
            return "greeted here not long ago"
        return ""

    async def _greet(self, ctx: Context, script: WelcomeScript, joiners: list[Joiner]) -> None:
        assert ctx.group is not None
        greeted = ctx.effects.keys.welcome_greeted(ctx.group.number)
        after = 0.0
        for message in script.messages:
            after += message.after
            if not await self._say(ctx, message, joiners, after):
                return
        for joiner in joiners:
            ctx.effects.do("ZADD", greeted, ctx.now, joiner.member)
        oldest = ctx.now - int(script.again_after * 1000)
        ctx.effects.do("ZREMRANGEBYSCORE", greeted, "-inf", oldest)

    async def _say(
        self, ctx: Context, message: WelcomeMessage, joiners: list[Joiner], after: float
    ) -> bool:
        expires = _expires(ctx)
        try:
            if message.to == "group":
                written = await ctx.write(message.text, "welcome", **_named(joiners))
                ctx.send(written, priority="welcome", after=after, expires=expires)
                return True
            for joiner in joiners:
                await self._say_directly(ctx, message, joiner, after)
        except TemplateFailed as error:
            for joiner in joiners:
                self._skip(ctx, joiner, f"the welcome text is wrong: {error}")
            return False
        return True

    async def _say_directly(
        self, ctx: Context, message: WelcomeMessage, joiner: Joiner, after: float
    ) -> None:
        if not ctx.capabilities.send_direct:
            self._skip(ctx, joiner, "this gateway cannot write to one person")
            return
        written = await ctx.write(message.text, "welcome", **_named([joiner]))
        to = ctx.direct().model_copy(update={"account": joiner.account})
        ctx.send(written, to, priority="welcome", after=after)

    def _skip(self, ctx: Context, joiner: Joiner, reason: str) -> None:
        ctx.note("welcome.skipped", reason=reason, text=joiner.name)


def _expires(ctx: Context) -> int | None:
    window = ctx.capabilities.welcome_window
    return ctx.now + int(window * 1000) if window else None


def _named(joiners: Sequence[Joiner]) -> dict[str, object]:
    """What a welcome text can say of those it greets; ``member.name`` is all their names."""
    names = [joiner.name for joiner in joiners]
    shown = "、".join(names[:NAMED]) + (f" +{len(names) - NAMED}" if len(names) > NAMED else "")
    people = [{"name": joiner.name, "account": joiner.account} for joiner in joiners]
    member = people[0] | {"name": shown}
    return {"member": member, "members": people, "count": len(people)}


__all__ = ["Joiner", "Welcomes"]
