"""Withdrawal: greetings taken back, from who leaves soon and where there are too many."""

from __future__ import annotations

from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.model.message import Message
from bot.routing.context import Context
from bot.settings.welcome import Script, WelcomeMessage
from bot.store.facts import Facts
from bot.store.store import Store
from bot.welcome.arrival import Joiner
from bot.welcome.ledger import Ledger

KEPT = 40 * 86_400
"""Seconds it is kept whom a greeting is for: longer than the longest."""


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


class Withdrawal:
    """Remembers what groups were told, where a gateway can take it back."""

    def __init__(self, store: Store, facts: Facts, ledger: Ledger) -> None:
        self._store = store
        self._facts = facts
        self._ledger = ledger

    async def keep(
        self, ctx: Context, script: Script, greeting: str, messages: tuple[WelcomeMessage, ...]
    ) -> None:
        """Remember what is to be said, and take back what is then too much in the group."""
        group = ctx.group
        if group is None or not ctx.capabilities.recall:
            return
        if not script.withdraw and script.keep_last is None:
            return
        direct = {n for n, one in enumerate(messages) if one.to == "direct"}
        said = Said(
            script=script.id,
            at=ctx.now,
            until=ctx.now + int(script.withdraw * 1000),
            group=tuple(n for n in range(len(messages)) if n not in direct),
            direct=tuple(sorted(direct)),
        )
        key, rows = ctx.effects.keys.welcome_said(group.number), await self._said(group.number)
        ctx.effects.do("HSET", key, greeting, said.model_dump_json())
        ctx.effects.do("EXPIRE", key, KEPT)
        if script.keep_last is None:
            for name in [name for name, one in rows.items() if one.until < ctx.now]:
                ctx.effects.do("HDEL", key, name)
            return
        for name in sorted(rows, key=lambda name: -rows[name].at)[script.keep_last - 1 :]:
            self._take_back(ctx, name, rows[name])

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
                self._recall(ctx, joiner.direct(ctx.event.gateway), name(greeting, number, joiner))
            if said.group and not await self._others(ctx, key):
                self._take_back(ctx, greeting, said)
            elif not said.direct:
                continue  # others are greeted by it too
            self._ledger.withdrawn(ctx, said.script, joiner)

    def _take_back(self, ctx: Context, greeting: str, said: Said) -> None:
        """Take back what a greeting said in the group."""
        assert ctx.group is not None
        for number in said.group:
            self._recall(ctx, ctx.conversation, name(greeting, number))
        ctx.effects.do("HDEL", ctx.effects.keys.welcome_said(ctx.group.number), greeting)

    def _recall(self, ctx: Context, to: Conversation, of: str) -> None:
        """After what was said before in the same lane, so that there is something to recall."""
        delivery = Delivery(
            to=to,
            message=Message(),
            priority="welcome",
            does="recall",
            of=of,
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


def name(greeting: str, number: int, joiner: Joiner | None = None) -> str:
    """What a greeting's message is called, in the group or to one alone."""
    return f"welcome/{greeting}/{number}" + (f"/{joiner.member}" if joiner else "")
