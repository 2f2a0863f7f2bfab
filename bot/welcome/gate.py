"""The gate: what newcomers of a group must do before they are welcomed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b

from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery
from bot.model.event import TimerElapsed
from bot.model.message import Button, Message, Text
from bot.model.phrase import Phrase
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.routing.template import TemplateFailed
from bot.settings.welcome import Script, WelcomeGate
from bot.store.store import Store
from bot.welcome import once, reasons
from bot.welcome.arrival import Joiner, named
from bot.welcome.ledger import WAITING, Ledger

GATE = "welcome.gate"
"""The timer, and the button's action."""
ANSWERED = "welcome.answered"
"""The timer by which a group hears of what was answered in the direct chat."""
KEPT = 7 * 86_400
"""Seconds it is kept who was asked."""
TOLD = msgid("{name} joined {group} and did not do what newcomers are asked to.")
NUMBER = msgid("{name}, say {number} to be let in.")
ALONE = msgid("Write it to me in a chat of our own: you can speak here once that is done.")
THANKS = msgid("Thank you! You can speak in “{{ place }}” now.")

Operators = Callable[[], Sequence[Conversation]]
"""Where operators hear of what they should know."""


class Asked(Frozen):
    """Somebody who was asked; ``until`` is UTC ms, ``name`` that of the message that asks.

    ``number``: what they must say, '' for none. ``muted``: they cannot speak in the group
    meanwhile; ``group`` is its id, and ``place`` what it is called.
    """

    script: Script
    joiner: str
    until: int
    name: str
    number: str = ""
    muted: bool = False
    group: str = ""
    place: str = ""

    @property
    def button(self) -> bool:
        """Whether there is a button to press."""
        return bool(self.script.gate and self.script.gate.ask == "button" and not self.number)


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
        """Ask a newcomer; False where nobody can be asked anything here."""
        group, can = ctx.group, ctx.capabilities
        assert group is not None
        if script.gate is None or can.staff_confirm or not can.send_group:
            return False
        asked = _asked(ctx, script, joiner)
        try:
            question = await self._question(ctx, asked, joiner)
        except TemplateFailed as error:
            reason = Phrase(reasons.WRONG_TEXT, why=Phrase.of(error))
            self._ledger.skipped(ctx, script.id, joiner, reason)
            return False
        keys, body = ctx.effects.keys, asked.model_dump_json()
        rows = [(keys.welcome_gate(group.number), joiner.member)]
        if asked.muted:
            self._act(ctx, "mute", joiner.account, script.gate.within, expires=asked.until)
            rows.append((keys.welcome_asked(joiner.member), group.number))
        for key, field in rows:
            ctx.effects.do("HSET", key, field, body)
            ctx.effects.do("EXPIRE", key, KEPT)
        ctx.send(question, priority="welcome", name=asked.name)
        timer_key = f"{joiner.member}/{ctx.now}"
        ctx.later(script.gate.within, GATE, str(joiner.member), key=timer_key)
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
        gate, said = asked.script.gate, fold(ctx.text)
        if asked.number:
            return asked.number in re.findall(r"\d+", said)
        if gate is None or gate.ask != "question":
            return False
        return any(fold(answer) in said for answer in gate.answers)

    async def answered_alone(self, ctx: Context) -> bool:
        """Whether it answers, in the direct chat, what a group asked who cannot speak there.

        The group hears of it in its own turn.
        """
        key, found = self._store.keys.welcome_asked(ctx.member.number), False
        for number, body in (await self._store.table("HGETALL", key)).items():
            asked = Asked.model_validate_json(body)
            if not self.answers(ctx, asked):
                continue
            found = True
            ctx.effects.do("HDEL", key, number)
            ctx.effects.timer(
                TimerElapsed(
                    id=f"timer/{ANSWERED}/{asked.name}",
                    gateway=ctx.event.gateway,
                    at=ctx.now,
                    account=Account(id=""),
                    group=asked.group,
                    timer=ANSWERED,
                    data=str(ctx.member.number),
                )
            )
            await ctx.say(THANKS, place=asked.place)
        return found

    def let_in(self, ctx: Context, member: int, asked: Asked) -> Joiner:
        """They did it; who they are."""
        joiner, _ = Joiner.of(str(member), asked.joiner)
        self._close(ctx, joiner, asked)
        if asked.muted:
            self._act(ctx, "unmute", joiner.account)
        return joiner

    def fail(self, ctx: Context, member: int, asked: Asked) -> None:
        """The time is over: what the script says becomes of who did nothing."""
        joiner, _ = Joiner.of(str(member), asked.joiner)
        self._turn_away(ctx, joiner, asked, reasons.NOT_PASSED)
        otherwise = asked.script.gate.otherwise if asked.script.gate else "nothing"
        if otherwise == "remove" and ctx.capabilities.remove:
            self._act(ctx, "remove", joiner.account)
        elif otherwise != "nothing":
            self._tell(ctx, joiner)

    def gone(self, ctx: Context, member: int, asked: Asked) -> None:
        """They left."""
        joiner, _ = Joiner.of(str(member), asked.joiner)
        self._turn_away(ctx, joiner, asked, reasons.LEFT)

    def _turn_away(self, ctx: Context, joiner: Joiner, asked: Asked, reason: str) -> None:
        self._close(ctx, joiner, asked)
        self._ledger.skipped(ctx, asked.script.id, joiner, Phrase(reason))
        once.release(ctx, asked.script, joiner.member)

    def _close(self, ctx: Context, joiner: Joiner, asked: Asked) -> None:
        """Nothing is waited for any more; the question goes where it can be taken back."""
        assert ctx.group is not None
        keys = ctx.effects.keys
        ctx.effects.do("HDEL", keys.welcome_gate(ctx.group.number), joiner.member)
        if asked.muted:
            ctx.effects.do("HDEL", keys.welcome_asked(joiner.member), ctx.group.number)
        if ctx.capabilities.recall:
            self._act(ctx, "recall", asked.name)

    async def _question(self, ctx: Context, asked: Asked, joiner: Joiner) -> Message:
        """The script's words, and what they leave out of what must be done where."""
        gate = asked.script.gate
        assert gate is not None
        variables = {**named([joiner]), "number": asked.number}
        written = await ctx.write(gate.text, "welcome", **variables)
        return question(gate, written, joiner.name, asked.number, asked.muted, self._translate)

    def _act(
        self, ctx: Context, does: str, of: str, seconds: float = 0, expires: int | None = None
    ) -> None:
        delivery = Delivery.model_validate(
            {
                "to": ctx.conversation,
                "message": Message(),
                "priority": "welcome",
                "does": does,
                "of": of,
                "seconds": seconds,
                "due": ctx.now,
                "expires": expires,
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


def question(
    gate: WelcomeGate,
    written: Message,
    name: str,
    number: str,
    muted: bool,
    translate: Callable[[str], str],
) -> Message:
    """What ``name`` is asked: the script's words, and what they leave out of what must be done."""
    missing, button = list[Phrase](), gate.ask == "button" and not number
    if number not in written.text:
        missing.append(Phrase(NUMBER, name=name, number=number))
    if muted and not button:
        missing.append(Phrase(ALONE))
    more = "".join(f"\n{one.said(translate)}" for one in missing)
    words = [Text(text=more)] if more else []
    pressed = [Button(action=GATE, label=gate.button)] if button else []
    return Message(segments=(*written.segments, *words, *pressed))


def needs(gate: WelcomeGate, can: Capabilities) -> tuple[bool, bool]:
    """Whether a gateway makes somebody say a number, and keeps them from speaking till then."""
    button = gate.ask == "button" and "button" in can.segments
    number = not button and gate.ask != "question"
    return number, gate.mute and can.mute and (button or can.send_direct)


def _asked(ctx: Context, script: Script, joiner: Joiner) -> Asked:
    """What is asked here: a number to say where a button cannot be shown."""
    gate, group, can = script.gate, ctx.group, ctx.capabilities
    assert gate is not None
    assert group is not None
    number, muted = needs(gate, can)
    return Asked(
        script=script,
        joiner=joiner.kept(),
        until=ctx.now + int(gate.within * 1000),
        name=f"{GATE}/{group.number}/{joiner.member}/{ctx.now}",
        number=_number(ctx.event.id) if number else "",
        muted=muted,
        group=group.id,
        place=group.name or group.id,
    )


def _number(event: str) -> str:
    """Four digits, the same when the event is handled again; everybody in the group reads them."""
    return str(1000 + int.from_bytes(blake2b(event.encode(), digest_size=8).digest()) % 9000)
