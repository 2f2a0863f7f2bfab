"""Greetings: what is said to whom, part by part, and taken back when they leave."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.model.message import Message
from bot.model.phrase import Phrase
from bot.routing.context import Context
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader
from bot.settings.welcome import Script, WelcomeMessage
from bot.store.facts import Facts
from bot.store.store import Store
from bot.welcome import once, reasons
from bot.welcome.arrival import Joiner, named
from bot.welcome.ledger import Ledger

PART = "welcome.part"
KEPT = 40 * 86_400
"""Seconds it is kept whom a greeting is for: longer than the longest."""


class Plan(Frozen):
    """What is still to be said of a greeting; ``number`` counts what was.

    The messages are kept as they were when it began, whatever becomes of the script.
    """

    script: Script
    greeting: str
    number: int = 0
    messages: tuple[WelcomeMessage, ...]


class Said(Frozen):
    """What a greeting says in a group; times are UTC ms.

    ``until``: who leaves before has it taken back. ``group`` and ``direct`` are numbers of
    messages.
    """

    script: str
    at: int
    until: int
    group: tuple[int, ...] = ()
    direct: tuple[int, ...] = ()


class Greetings:
    """Says greetings; each part falls due by a timer in the conversation's own queue."""

    def __init__(self, store: Store, facts: Facts, ledger: Ledger) -> None:
        self._store = store
        self._facts = facts
        self._ledger = ledger

    async def begin(
        self,
        ctx: Context,
        script: Script,
        messages: tuple[WelcomeMessage, ...],
        joiners: Sequence[Joiner],
    ) -> None:
        """Greet; the first message goes at once unless it says otherwise."""
        seed = f"{ctx.event.id}/{script.id}/{ctx.now}"
        plan = Plan(
            script=script.model_copy(update={"layers": (), "messages": ()}),
            greeting=blake2b(seed.encode(), digest_size=8).hexdigest(),
            messages=messages,
        )
        key = ctx.effects.keys.welcome_greeting(plan.greeting)
        for joiner in joiners:
            ctx.effects.do("HSET", key, joiner.member, joiner.kept())
        ctx.effects.do("EXPIRE", key, KEPT)
        await self._keep(ctx, plan)
        # In a direct chat a platform may take a welcome for seconds only.
        hurry = ctx.group is None and ctx.capabilities.welcome_window is not None
        await self._say_due(ctx, plan, joiners, waited=hurry)

    async def part(self, ctx: Context, data: str) -> None:
        """Say what falls due now, to those who are still there."""
        plan = Plan.model_validate_json(data)
        rows = await self._store.table("HGETALL", self._store.keys.welcome_greeting(plan.greeting))
        joiners = []
        for joiner in (Joiner.of(*row)[0] for row in rows.items()):
            if await self._is_there(ctx, joiner):
                joiners.append(joiner)
                continue
            key = ctx.effects.keys.welcome_greeting(plan.greeting)
            ctx.effects.do("HDEL", key, joiner.member)
            reason = reasons.LEFT_SINCE if plan.number else reasons.LEFT
            self._ledger.skipped(ctx, plan.script.id, joiner, Phrase(reason))
        if joiners:
            await self._say_due(ctx, plan, joiners, waited=True)

    async def left(self, ctx: Context) -> None:
        """The member left the group: take back what was said to them not long ago."""
        assert ctx.group is not None
        for greeting, said in (await self._said(ctx.group.number)).items():
            key = self._store.keys.welcome_greeting(greeting)
            kept = await self._store.text("HGET", key, ctx.member.number)
            if kept is None or ctx.now >= said.until:
                continue
            joiner = Joiner.of(str(ctx.member.number), kept)[0]
            for number in said.direct:
                self._recall(ctx, _direct(ctx, joiner), _name(greeting, number, joiner))
            if said.group and not await self._others(ctx, key):
                self._take_back(ctx, greeting, said)
            elif not said.direct:
                continue  # others are greeted by it too
            self._ledger.withdrawn(ctx, said.script, joiner)

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
        script, first = plan.script, plan.number == 0
        if not first and ctx.group is None and ctx.capabilities.staff_confirm:
            self._all_skipped(ctx, plan, joiners, Phrase(reasons.ONE_WELCOME))
            return False
        direct = ctx.group is not None and message.to == "direct"
        if direct and not ctx.capabilities.send_direct:
            self._all_skipped(ctx, plan, joiners, Phrase(reasons.NO_DIRECT))
            return True
        told: dict[str, list[Joiner]] = {}
        try:
            for some in [[joiner] for joiner in joiners] if direct else [joiners]:
                variant = chosen(script.id, some[0].member, message)
                await self._send(ctx, plan, message.texts[variant][0], some, direct=direct)
                told.setdefault(variant, []).extend(some)
        except TemplateFailed as error:
            why = Phrase(reasons.WRONG_TEXT, why=Phrase.of(error))
            self._all_skipped(ctx, plan, joiners, why)
            return False
        for variant, some in told.items():
            self._record(ctx, plan, variant if message.variants else "", some)
        return True

    async def _send(
        self, ctx: Context, plan: Plan, text: str, joiners: Sequence[Joiner], *, direct: bool
    ) -> None:
        """Queue one message, named where it may have to be taken back."""
        expires = _expires(ctx) if plan.number == 0 else None
        if not direct:
            written = await ctx.write(text, "welcome", **named(joiners))
            name = _name(plan.greeting, plan.number) if ctx.group else ""
            ctx.send(written, priority="welcome", expires=expires, name=name)
            return
        assert ctx.group is not None
        reader = Reader("welcome", ctx.group.number, joiners[0].member)
        variables = ctx.variables(**named(joiners))
        written = await ctx.writer.write(text, variables, reader)
        name = _name(plan.greeting, plan.number, joiners[0])
        ctx.send(written, _direct(ctx, joiners[0]), priority="welcome", name=name)

    def _record(self, ctx: Context, plan: Plan, variant: str, joiners: Sequence[Joiner]) -> None:
        if variant:
            key = ctx.effects.keys.welcome_variant(plan.script.id, plan.number + 1, variant)
            for joiner in joiners:
                ctx.effects.fact(key, joiner.member)
                self._ledger.count(ctx, plan.script.id, f"{plan.number + 1}{variant}")
        if plan.number == 0:
            self._ledger.greeted(ctx, plan.script.id, joiners, variant)

    def _all_skipped(
        self, ctx: Context, plan: Plan, joiners: Sequence[Joiner], reason: Phrase
    ) -> None:
        for joiner in joiners:
            self._ledger.skipped(ctx, plan.script.id, joiner, reason)
            if plan.number == 0:
                once.release(ctx, plan.script, joiner.member)

    # taking back

    async def _keep(self, ctx: Context, plan: Plan) -> None:
        """Remember what is to be said, and take back what is then too much in the group."""
        script, group = plan.script, ctx.group
        if group is None or not ctx.capabilities.recall:
            return
        if not script.withdraw and script.keep_last is None:
            return
        direct = {n for n, one in enumerate(plan.messages) if one.to == "direct"}
        said = Said(
            script=script.id,
            at=ctx.now,
            until=ctx.now + int(script.withdraw * 1000),
            group=tuple(n for n in range(len(plan.messages)) if n not in direct),
            direct=tuple(sorted(direct)),
        )
        key, rows = ctx.effects.keys.welcome_said(group.number), await self._said(group.number)
        ctx.effects.do("HSET", key, plan.greeting, said.model_dump_json())
        ctx.effects.do("EXPIRE", key, KEPT)
        if script.keep_last is None:
            for name in [name for name, one in rows.items() if one.until < ctx.now]:
                ctx.effects.do("HDEL", key, name)
            return
        for name in sorted(rows, key=lambda name: -rows[name].at)[script.keep_last - 1 :]:
            self._take_back(ctx, name, rows[name])

    def _take_back(self, ctx: Context, greeting: str, said: Said) -> None:
        """Take back what a greeting said in the group."""
        assert ctx.group is not None
        for number in said.group:
            self._recall(ctx, ctx.conversation, _name(greeting, number))
        ctx.effects.do("HDEL", ctx.effects.keys.welcome_said(ctx.group.number), greeting)

    def _recall(self, ctx: Context, to: Conversation, name: str) -> None:
        """After what was said before in the same lane, so that there is something to recall."""
        delivery = Delivery(
            to=to,
            message=Message(),
            priority="welcome",
            does="recall",
            of=name,
            due=ctx.now,
            source=f"event {ctx.event.id}",
            member=ctx.member.number or None,
        )
        ctx.effects.deliver(delivery)

    async def _said(self, group: int) -> dict[str, Said]:
        rows = await self._store.table("HGETALL", self._store.keys.welcome_said(group))
        return {name: Said.model_validate_json(body) for name, body in rows.items()}

    async def _others(self, ctx: Context, key: str) -> bool:
        """Whether anybody else whom it greets is still there."""
        assert ctx.group is not None
        there = self._store.keys.group_present(ctx.group.number)
        for number in await self._store.texts("HKEYS", key):
            if int(number) != ctx.member.number and await self._facts.has(there, int(number)):
                return True
        return False

    async def _is_there(self, ctx: Context, joiner: Joiner) -> bool:
        if ctx.group is None:
            return True
        present = self._store.keys.group_present(ctx.group.number)
        return await self._facts.has(present, joiner.member)


def chosen(script: str, member: int, message: WelcomeMessage) -> str:
    """Which variant a member gets of a script's messages: always the same one."""
    texts = message.texts
    digest = blake2b(f"{script}/{member}".encode(), digest_size=8).digest()
    place = int.from_bytes(digest) % sum(share for _, share in texts.values())
    for name, (_, share) in texts.items():
        if place < share:
            return name
        place -= share
    raise AssertionError("shares are more than nothing")


def _name(greeting: str, number: int, joiner: Joiner | None = None) -> str:
    return f"welcome/{greeting}/{number}" + (f"/{joiner.member}" if joiner else "")


def _direct(ctx: Context, joiner: Joiner) -> Conversation:
    return Conversation(gateway=ctx.event.gateway, account=joiner.account)


def _expires(ctx: Context) -> int | None:
    window = ctx.capabilities.welcome_window
    return ctx.now + int(window * 1000) if window else None
