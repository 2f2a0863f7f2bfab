"""Welcomes: who comes is greeted as the closest script says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.clock import Days
from bot.model.event import ActionChosen, ContactAdded, MemberJoined, TimerElapsed
from bot.model.phrase import Phrase
from bot.routing.context import Context
from bot.settings.welcome import Script, WelcomeSettings
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.welcome import layers, once, reasons, window
from bot.welcome.arrival import Arrival, Joiner
from bot.welcome.choosing import Candidate, Listed, choose, explain
from bot.welcome.gate import ANSWERED, GATE, Asked, Gate, Operators
from bot.welcome.greeting import PART, Greetings
from bot.welcome.layers import Holiday, Spoken
from bot.welcome.ledger import NOBODYS, Ledger
from bot.welcome.names import BlockList
from bot.welcome.scripts import Scripts

Enter = Callable[[Effects, str, int], Awaitable[str]]
"""Puts a member into a SOP; why it cannot be done, or ''."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What somebody would get: every script beside it, what is said, why nothing is."""

    candidates: tuple[Candidate, ...]
    script: Script | None
    spoken: Spoken | None
    reason: Phrase | None


class Welcomes:
    """Collects joiners for the script's window, then greets those who are still there."""

    def __init__(
        self,
        settings: WelcomeSettings,
        store: Store,
        facts: Facts,
        zone: str,
        holiday: Holiday,
        enter: Enter,
        operators: Operators,
        translate: Callable[[str], str],
        functions: frozenset[str] = frozenset(),
    ) -> None:
        """``zone`` is that of the layers' times; ``functions`` are those texts can call."""
        self.scripts = Scripts(settings, store, functions)
        self.ledger = Ledger(store, Days(zone))
        self._block = settings.block
        self._store = store
        self._facts = facts
        self._zone = ZoneInfo(zone)
        self._holiday = holiday
        self._enter = enter
        self._greetings = Greetings(store, facts, self.ledger)
        self.variants = self._greetings.variants
        self._gate = Gate(store, self.ledger, operators, translate)

    # what happens

    async def joined(self, ctx: Context, event: MemberJoined) -> None:
        """Note who came; the greeting follows when the window ends."""
        assert ctx.group is not None
        script = await self._script(ctx, await self._joining(ctx, event))
        joiner = _joiner(ctx)
        if await window.holds(ctx, joiner.member):
            return  # came twice in one window
        if await self._gate.waiting(ctx, joiner.member):
            return  # and was asked already
        reason = self._refused(script, joiner) or await once.claim(ctx, script)
        if reason is not None:
            self.ledger.skipped(ctx, script.id, joiner, reason)
            return
        if script.gate is not None:
            if await self._gate.ask(ctx, script, joiner):
                return
            ctx.note("welcome.gate_left_out", reasons.NO_GATE)
        await self._admit(ctx, script, joiner)

    async def left(self, ctx: Context) -> None:
        """Take back what was said to who leaves the group soon after."""
        if asked := await self._gate.waiting(ctx, ctx.member.number):
            self._gate.gone(ctx, ctx.member.number, asked)
        await self._greetings.left(ctx)

    async def spoke(self, ctx: Context) -> bool:
        """Whether it was a newcomer's answer, who is welcomed then."""
        if not await self.scripts.gated():
            return False
        if ctx.group is None:
            return await self._gate.answered_alone(ctx)
        asked = await self._gate.waiting(ctx, ctx.member.number)
        if asked is None or not self._gate.answers(ctx, asked):
            return False
        await self._passed(ctx, asked)
        return True

    async def chose(self, ctx: Context, event: ActionChosen) -> None:
        """A newcomer pressed the button, who is welcomed then."""
        if event.action != GATE:
            return
        asked = await self._gate.waiting(ctx, ctx.member.number)
        if asked is not None and asked.button:
            await self._passed(ctx, asked)

    async def contact_added(self, ctx: Context, event: ContactAdded) -> None:
        """Greet a new contact, unless the platform gave no leave to do so without a tap."""
        arrival = Arrival(
            "contact", event.gateway, staff=(event.staff or "",), code=event.channel or ""
        )
        found = choose(await self.scripts.all(), arrival)
        if found is None:
            return  # a SOP may
        leave = ctx.capabilities.welcome_window is None or bool(event.welcome_token)
        if event.half and not leave:
            return  # they are no contact yet
        await self._at_once(ctx, found.script, leave=leave, mark=not event.half)

    async def contact_removed(self, ctx: Context) -> None:
        """What is still to come in the direct chat is not said."""
        await self._greetings.ended(ctx)

    async def opened(self, ctx: Context) -> None:
        """Greet who opened the direct chat."""
        found = choose(await self.scripts.all(), Arrival("opened", ctx.event.gateway))
        if found is not None:
            await self._at_once(ctx, found.script, leave=True, mark=True)

    async def elapsed(self, ctx: Context, event: TimerElapsed) -> None:
        """What falls due: the end of a window, or a further message."""
        if event.timer == window.TIMER:
            await self._window_ended(ctx, event.data)
        elif event.timer == PART:
            await self._greetings.part(ctx, event.data)
        elif event.timer == ANSWERED:
            await self._answered(ctx, await self._survivor(event.data))
        elif event.timer == GATE:
            member = await self._survivor(event.data)
            asked = await self._gate.waiting(ctx, member)
            if asked is not None and ctx.now >= asked.until:
                self._gate.fail(ctx, member, asked)

    # what would happen

    async def explain(
        self, arrival: Arrival, name: str, at: int, draft: Script | None = None
    ) -> Explanation:
        """What somebody of a name would get, at ``at`` (UTC ms), were they never greeted.

        A ``draft`` stands in the place of the script of its id.
        """
        listed = await self.scripts.all()
        if draft is not None:
            listed = [one for one in listed if one.script.id != draft.id]
            listed.append(Listed(draft, True))
        candidates = tuple(explain(listed, arrival))
        script = next((one.script for one in candidates if one.chosen), None)
        if script is None:
            return Explanation(candidates, None, None, Phrase(reasons.NONE_APPLIES))
        spoken = self.spoken(script, at)
        reason = self._refused(script, Joiner(0, "", name))
        if reason is None and not spoken.messages:
            reason = Phrase(reasons.NOTHING_NOW)
        return Explanation(candidates, script, spoken, reason)

    def spoken(self, script: Script, at: int) -> Spoken:
        """What a script says at a moment (UTC ms)."""
        moment = datetime.fromtimestamp(at / 1000, self._zone)
        return layers.at(script, moment, self._holiday)

    # inside

    async def _joining(self, ctx: Context, event: MemberJoined) -> Arrival:
        assert ctx.group is not None
        group = self._store.keys.group(ctx.group.number)
        owner = await self._store.text("HGET", group, "owner") or ""
        return Arrival(
            "group",
            event.gateway,
            group=ctx.group.id,
            staff=(event.by or "", owner),
            code=event.channel or "",
        )

    async def _script(self, ctx: Context, arrival: Arrival) -> Script:
        """The script for who joins a group: the settings have one for every group."""
        found = choose(await self.scripts.all(), arrival)
        assert found is not None
        return found.script

    def _refused(self, script: Script, joiner: Joiner) -> Phrase | None:
        """Why nobody of that name is greeted by a script."""
        if script.silent:
            return Phrase(reasons.OFF)
        if not any(script.said()) and not (script.tags or script.attributes or script.start):
            return Phrase(reasons.NO_SCRIPT)
        pattern = BlockList((*self._block, *script.block)).find(joiner.name)
        return Phrase(reasons.BLOCKED, pattern=pattern) if pattern else None

    async def _at_once(self, ctx: Context, script: Script, *, leave: bool, mark: bool) -> None:
        """Greet in the direct chat; platforms leave seconds for it."""
        joiner = _joiner(ctx)
        reason = self._refused(script, joiner)
        if reason is None and mark:
            await self._mark(ctx, script)
        if reason is None and not leave:
            reason = Phrase(reasons.NO_LEAVE)
        spoken = self.spoken(script, ctx.now)
        if reason is None and not spoken.messages:
            reason = Phrase(reasons.NOTHING_NOW)
        reason = reason or await once.claim(ctx, script)
        if reason is not None:
            self.ledger.skipped(ctx, script.id, joiner, reason)
            return
        await self._greetings.begin(ctx, script, spoken, [joiner])

    async def _passed(self, ctx: Context, asked: Asked) -> None:
        joiner = self._gate.let_in(ctx, ctx.member.number, asked)
        await self._admit(ctx, asked.script, joiner)

    async def _answered(self, ctx: Context, member: int) -> None:
        """A member answered in the direct chat; the group hears of it by a timer, of nobody."""
        asked = await self._gate.waiting(ctx, member)
        if asked is not None:
            joiner, _ = Joiner.of(str(member), asked.joiner)
            about = replace(ctx.member, number=member, account=joiner.account, name=joiner.name)
            await self._passed(replace(ctx, member=about), asked)

    async def _survivor(self, number: str) -> int:
        """A member's number, or where it leads since two were merged."""
        led = await Members(self._store).survivors([int(number)])
        return led.get(int(number), int(number))

    async def _admit(self, ctx: Context, script: Script, joiner: Joiner) -> None:
        """Welcome somebody with the others who come in this window."""
        await self._mark(ctx, script)
        window.add(ctx, script, joiner)

    async def _mark(self, ctx: Context, script: Script) -> None:
        """Tags, attributes and SOPs of who comes."""
        for tag in script.tags:
            ctx.member.tag(tag)
        for name, value in script.attributes.items():
            ctx.keep(name, value)
        for sop in script.start:
            if why := await self._enter(ctx.effects, sop, ctx.member.number):
                ctx.note("welcome.not_entered", reason=why, text=sop)

    async def _window_ended(self, ctx: Context, script: str) -> None:
        """Greet everybody who came in the window and stayed."""
        assert ctx.group is not None
        joiners = await window.take(ctx, script)
        if not joiners:
            return
        found = await self.scripts.get(script) if script else None
        if found is None and script:
            self._give_up(ctx, None, joiners, Phrase(reasons.SCRIPT_GONE))
            return
        arrival = Arrival("group", ctx.event.gateway, group=ctx.group.id)
        one = found.script if found else await self._script(ctx, arrival)
        there = ctx.effects.keys.group_present(ctx.group.number)
        present = [j for j in joiners if await self._facts.has(there, j.member)]
        gone = [joiner for joiner in joiners if joiner not in present]
        self._give_up(ctx, one, gone, Phrase(reasons.LEFT))
        if not present:
            return
        spoken = self.spoken(one, ctx.now)
        if spoken.messages:
            await self._greetings.begin(ctx, one, spoken, present)
        else:
            self._give_up(ctx, one, present, Phrase(reasons.NOTHING_NOW))

    def _give_up(
        self, ctx: Context, script: Script | None, joiners: Sequence[Joiner], reason: Phrase
    ) -> None:
        for joiner in joiners:
            self.ledger.skipped(ctx, script.id if script else NOBODYS, joiner, reason)
            if script is not None:
                once.release(ctx, script, joiner.member)


def _joiner(ctx: Context) -> Joiner:
    return Joiner(ctx.member.number, ctx.member.account, ctx.member.name)


__all__ = ["Explanation", "Welcomes"]
