"""Greetings: what is said to whom, part by part, as long as they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.routing.context import Context
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader
from bot.settings.welcome import Script, WelcomeMessage
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.welcome import once, reasons, withdrawal
from bot.welcome.arrival import Joiner, named
from bot.welcome.layers import Spoken
from bot.welcome.ledger import Ledger
from bot.welcome.variants import Variants, chosen, place_of, step_of
from bot.welcome.withdrawal import KEPT, Withdrawal

PART = "welcome.part"


class Plan(Frozen):
    """What is still to be said of a greeting that began at ``at`` (UTC ms).

    ``number`` counts what was said. The messages are kept as they were when it began, whatever
    becomes of the script; ``layer`` is theirs, -1 for the default.
    """

    script: Script
    greeting: str
    at: int = 0
    layer: int = -1
    number: int = 0
    messages: tuple[WelcomeMessage, ...]

    @property
    def place(self) -> str:
        """The next message, as keys call it."""
        return place_of(self.layer, self.number)


class Greetings:
    """Says greetings; each part falls due by a timer in the conversation's own queue."""

    def __init__(self, store: Store, facts: Facts, ledger: Ledger) -> None:
        self._store = store
        self._members = Members(store)
        self._facts = facts
        self._ledger = ledger
        self._withdrawal = Withdrawal(store, facts, ledger)
        self.variants = Variants(store)

    async def begin(
        self, ctx: Context, script: Script, spoken: Spoken, joiners: Sequence[Joiner]
    ) -> None:
        """Greet; the first message goes at once unless it says otherwise."""
        seed = f"{ctx.event.id}/{script.id}/{ctx.now}"
        plan = Plan(
            script=script.model_copy(update={"layers": (), "messages": ()}),
            greeting=blake2b(seed.encode(), digest_size=8).hexdigest(),
            at=ctx.now,
            layer=spoken.layer,
            messages=spoken.messages,
        )
        key = ctx.effects.keys.welcome_greeting(plan.greeting)
        for joiner in joiners:
            ctx.effects.do("HSET", key, joiner.member, joiner.kept())
        ctx.effects.do("EXPIRE", key, KEPT)
        await self._withdrawal.keep(ctx, script, plan.greeting, plan.messages)
        # In a direct chat a platform may take a welcome for seconds only.
        hurry = ctx.group is None and ctx.capabilities.welcome_window is not None
        await self._say_due(ctx, plan, joiners, waited=hurry)

    async def part(self, ctx: Context, data: str) -> None:
        """Say what falls due now, to those who are still there."""
        plan = Plan.model_validate_json(data)
        rows = await self._store.table("HGETALL", self._store.keys.welcome_greeting(plan.greeting))
        begun, joiners = [Joiner.of(*row)[0] for row in rows.items()], list[Joiner]()
        led = await self._members.survivors(joiner.member for joiner in begun)
        for joiner in begun:
            now = replace(joiner, member=led.get(joiner.member, joiner.member))
            reason = await self._why_gone(ctx, plan, now)
            if reason is None:
                joiners.append(now)
                continue
            key = ctx.effects.keys.welcome_greeting(plan.greeting)
            ctx.effects.do("HDEL", key, joiner.member)
            self._ledger.skipped(ctx, plan.script.id, joiner, Phrase(reason))
        if joiners:
            await self._say_due(ctx, plan, joiners, waited=True)

    async def left(self, ctx: Context) -> None:
        """The member left the group: what was said to them not long ago is taken back."""
        await self._withdrawal.left(ctx)
        await self.variants.left(ctx)

    async def ended(self, ctx: Context) -> None:
        """The member ended the direct chat: what is still to come there is not said."""
        key = ctx.effects.keys.welcome_ended(ctx.event.gateway, ctx.member.number)
        ctx.effects.do("SET", key, ctx.now, "EX", KEPT)
        await self.variants.left(ctx)

    # saying

    async def _say_due(
        self, ctx: Context, plan: Plan, joiners: Sequence[Joiner], *, waited: bool
    ) -> None:
        """Say the messages whose time has come, and set the timer for the next."""
        while plan.messages:
            message = plan.messages[0]
            if message.after and not waited:
                key = f"{plan.greeting}/{plan.number}"
                ctx.later(message.after, PART, plan.model_dump_json(), key)
                return
            waited = False
            if not await self._say(ctx, plan, message, joiners):
                return
            update = {"messages": plan.messages[1:], "number": plan.number + 1}
            plan = plan.model_copy(update=update)

    async def _say(
        self, ctx: Context, plan: Plan, message: WelcomeMessage, joiners: Sequence[Joiner]
    ) -> bool:
        """Whether anything can still be said after it."""
        if plan.number and ctx.group is None and ctx.capabilities.staff_confirm:
            self._all_skipped(ctx, plan, joiners, Phrase(reasons.ONE_WELCOME))
            return False
        direct = ctx.group is not None and message.to == "direct"
        if direct and not ctx.capabilities.send_direct:
            self._all_skipped(ctx, plan, joiners, Phrase(reasons.NO_DIRECT))
            return True
        if direct:
            joiners = await self._reachable(ctx, plan, joiners)
        told: dict[str, list[Joiner]] = {}
        try:
            for some in [[joiner] for joiner in joiners] if direct else [joiners]:
                variant = chosen(plan.script.id, some[0].member, message)
                await self._send(ctx, plan, message, variant, some, direct=direct)
                told.setdefault(variant, []).extend(some)
        except TemplateFailed as error:
            why = Phrase(reasons.WRONG_TEXT, why=Phrase.of(error))
            self._all_skipped(ctx, plan, joiners, why)
            return False
        for variant, some in told.items():
            self._record(ctx, plan, variant if message.variants else "", some)
        return True

    async def _send(
        self,
        ctx: Context,
        plan: Plan,
        message: WelcomeMessage,
        variant: str,
        joiners: Sequence[Joiner],
        *,
        direct: bool,
    ) -> None:
        """Queue one message, named where it may have to be taken back."""
        text, _ = message.texts[variant]
        step = step_of(plan.script.id, plan.place, variant) if message.variants else "welcome"
        if direct:
            assert ctx.group is not None
            joiner = joiners[0]
            reader = Reader(step, ctx.group.number, joiner.member)
            written = await ctx.writer.write(text, ctx.variables(**named(joiners)), reader)
            name = withdrawal.name(plan.greeting, plan.number, joiner)
            ctx.send(written, joiner.direct(ctx.event.gateway), priority="welcome", name=name)
            return
        written = await ctx.write(text, step, **named(joiners))
        name = withdrawal.name(plan.greeting, plan.number) if ctx.group else ""
        expires = _expires(ctx) if plan.number == 0 else None
        ctx.send(written, priority="welcome", expires=expires, name=name)

    def _record(self, ctx: Context, plan: Plan, variant: str, joiners: Sequence[Joiner]) -> None:
        if variant:
            self.variants.reached(ctx, plan.script.id, plan.place, variant, joiners)
            for _ in joiners:
                self._ledger.count(ctx, plan.script.id, f"{plan.place}{variant}")
        if plan.number == 0:
            self._ledger.greeted(ctx, plan.script.id, joiners, variant)

    def _all_skipped(
        self, ctx: Context, plan: Plan, joiners: Sequence[Joiner], reason: Phrase
    ) -> None:
        for joiner in joiners:
            self._ledger.skipped(ctx, plan.script.id, joiner, reason)
            if plan.number == 0:
                once.release(ctx, plan.script, joiner.member)

    # who is there

    async def _why_gone(self, ctx: Context, plan: Plan, joiner: Joiner) -> str | None:
        """Why somebody hears no more here; None for who is still there."""
        if ctx.group is None:
            return reasons.ENDED if await self._has_ended(ctx, plan, joiner) else None
        present = self._store.keys.group_present(ctx.group.number)
        if await self._facts.has(present, joiner.member):
            return None
        return reasons.LEFT_SINCE if plan.number else reasons.LEFT

    async def _reachable(self, ctx: Context, plan: Plan, joiners: Sequence[Joiner]) -> list[Joiner]:
        """Those of a group who have not ended the direct chat since it began."""
        ended = [one for one in joiners if await self._has_ended(ctx, plan, one)]
        self._all_skipped(ctx, plan, ended, Phrase(reasons.ENDED))
        return [one for one in joiners if one not in ended]

    async def _has_ended(self, ctx: Context, plan: Plan, joiner: Joiner) -> bool:
        key = self._store.keys.welcome_ended(ctx.event.gateway, joiner.member)
        return int(await self._store.text("GET", key) or -1) >= plan.at


def _expires(ctx: Context) -> int | None:
    window = ctx.capabilities.welcome_window
    return ctx.now + int(window * 1000) if window else None
