"""The gate: what newcomers of a group must do before they are welcomed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.model.message import Button, Message
from bot.model.phrase import Phrase
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.routing.template import TemplateFailed
from bot.settings.welcome import Script
from bot.store.store import Store
from bot.welcome import once, reasons
from bot.welcome.arrival import Joiner, named
from bot.welcome.ledger import WAITING, Ledger

GATE = "welcome.gate"
"""The timer, and the button's action."""
KEPT = 7 * 86_400
"""Seconds it is kept who was asked."""
TOLD = msgid("{name} joined {group} and did not do what newcomers are asked to.")

Operators = Callable[[], Sequence[Conversation]]
"""Where operators hear of what they should know."""


class Asked(Frozen):
    """Somebody who was asked; ``until`` is UTC ms, ``name`` that of the message that asks."""

    script: Script
    joiner: str
    until: int
    name: str


class Gate:
    """Asks newcomers, one by one; who passes is welcomed with the others of that moment."""

    def __init__(
        self, store: Store, ledger: Ledger, operators: Operators, translate: Callable[[str], str]
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._operators = operators
        self._translate = translate

    async def ask(self, ctx: Context, script: Script, joiner: Joiner) -> bool:
        """Ask a newcomer; False where it cannot be asked here."""
        gate, group = script.gate, ctx.group
        assert group is not None
        if gate is None or ctx.capabilities.staff_confirm or not ctx.capabilities.send_group:
            return False
        button = gate.ask == "button"
        if button and "button" not in ctx.capabilities.segments:
            return False
        try:
            written = await ctx.write(gate.text, "welcome", **named([joiner]))
        except TemplateFailed as error:
            reason = Phrase(reasons.WRONG_TEXT, why=Phrase.of(error))
            self._ledger.skipped(ctx, script.id, joiner, reason)
            return False
        if button:
            pressed = Button(action=GATE, label=gate.button)
            written = Message(segments=(*written.segments, pressed))
        asked = Asked(
            script=script,
            joiner=joiner.kept(),
            until=ctx.now + int(gate.within * 1000),
            name=f"{GATE}/{group.number}/{joiner.member}/{ctx.now}",
        )
        key = ctx.effects.keys.welcome_gate(group.number)
        ctx.effects.do("HSET", key, joiner.member, asked.model_dump_json())
        ctx.effects.do("EXPIRE", key, KEPT)
        ctx.send(written, priority="welcome", name=asked.name)
        timer_key = f"{joiner.member}/{ctx.now}"
        ctx.later(gate.within, GATE, str(joiner.member), key=timer_key)
        self._ledger.count(ctx, script.id, WAITING)
        return True

    async def waiting(self, ctx: Context, member: int) -> Asked | None:
        """What a member of the group was asked and has not done yet."""
        if ctx.group is None or not member:
            return None
        key = self._store.keys.welcome_gate(ctx.group.number)
        body = await self._store.text("HGET", key, member)
        return Asked.model_validate_json(body) if body else None

    def answers(self, ctx: Context, asked: Asked) -> bool:
        """Whether what was just said is an answer."""
        gate = asked.script.gate
        if gate is None or gate.ask != "question":
            return False
        said = fold(ctx.text)
        return any(fold(answer) in said for answer in gate.answers)

    def close(self, ctx: Context, member: int, asked: Asked) -> None:
        """Nothing is waited for any more; the question goes where it can be taken back."""
        assert ctx.group is not None
        ctx.effects.do("HDEL", ctx.effects.keys.welcome_gate(ctx.group.number), member)
        if ctx.capabilities.recall:
            self._act(ctx, "recall", asked.name)

    def fail(self, ctx: Context, member: int, asked: Asked) -> None:
        """The time is over: what the script says becomes of who did nothing."""
        joiner, _ = Joiner.of(str(member), asked.joiner)
        self.close(ctx, member, asked)
        reason = Phrase(reasons.NOT_PASSED)
        self._ledger.skipped(ctx, asked.script.id, joiner, reason)
        once.release(ctx, asked.script, member)
        otherwise = asked.script.gate.otherwise if asked.script.gate else "nothing"
        if otherwise == "remove" and ctx.capabilities.remove:
            self._act(ctx, "remove", joiner.account)
        elif otherwise != "nothing":
            self._tell(ctx, joiner)

    def gone(self, ctx: Context, member: int, asked: Asked) -> None:
        """They left."""
        self.close(ctx, member, asked)
        joiner, _ = Joiner.of(str(member), asked.joiner)
        self._ledger.skipped(ctx, asked.script.id, joiner, Phrase(reasons.LEFT))
        once.release(ctx, asked.script, member)

    def _act(self, ctx: Context, does: str, of: str) -> None:
        delivery = Delivery.model_validate(
            {
                "to": ctx.conversation,
                "message": Message(),
                "priority": "welcome",
                "does": does,
                "of": of,
                "due": ctx.now,
                "source": f"event {ctx.event.id}",
            }
        )
        ctx.effects.deliver(delivery)

    def _tell(self, ctx: Context, joiner: Joiner) -> None:
        assert ctx.group is not None
        group = ctx.group.name or ctx.group.id
        said = Phrase(TOLD, name=joiner.name, group=group).said(self._translate)
        for operator in self._operators():
            ctx.send(Message.of(said), operator)
