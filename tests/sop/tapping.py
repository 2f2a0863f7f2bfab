"""A platform on which staff tap, and a town whose SOPs go through it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import BaseModel

from bot.gateways.adapter import Adapter, Inlet
from bot.model.asking import Ask, AskState, Targets, TargetState
from bot.model.capabilities import Capabilities
from bot.model.delivery import Delivery, Receipt, Refused
from bot.model.event import BaseEvent
from bot.sop.outcomes.errands import Errands
from bot.sop.record import Sop
from bot.store.effects import Effects
from bot.testing.clock import TestClock

from .town import HOUR, Town

STAFF = Capabilities(staff_confirm=True, asks=True)
OFFER = """
title = "offer"
anchor = { date = "day" }
to = "member"
[parameters.day]
type = "date"
default = "today"
[[step]]
id = "new"
at = "13:00"
text = "New tea is here"
"""
AFTER = '[[step]]\nid = "more"\nfollows = "new"\nafter = "2h"\ntask = "Call them"\n'
NOTICE = """
title = "notice"
anchor = { date = "day" }
to = "group"
[parameters.day]
type = "date"
default = "today"
[[step]]
id = "new"
at = "13:00"
text = "We open at nine"
"""


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Made:
    """An ask on the platform; ``ends``: what became of its targets, empty before the tap."""

    ask: Ask
    state: AskState = "waiting"
    ends: dict[str, tuple[TargetState, int]] = field(default_factory=dict)
    reminded: list[int] = field(default_factory=list)


class Nothing(BaseModel):
    """No settings."""


class Platform(Adapter):
    """Asks staff; ``before`` and ``after`` are raised instead of an answer, the latter when the
    ask was made; ``blind``: it cannot be looked for."""

    Settings = Nothing

    def __init__(self, clock: TestClock) -> None:
        async def accept(_: BaseEvent) -> bool:
            return True

        super().__init__(Inlet("sandbox", accept, clock, lambda: None), Nothing())
        self.clock = clock
        self.can = STAFF
        self.made: dict[str, Made] = {}
        self.before: list[BaseException] = []
        self.after: list[BaseException] = []
        self.refuse_back: list[BaseException] = []
        self.refuse_reminder: list[BaseException] = []
        self.blind = False
        self.sought = 0

    @property
    def capabilities(self) -> Capabilities:
        return self.can

    async def send(self, delivery: Delivery) -> Receipt:
        raise Refused("needs a tap")

    async def ask(self, ask: Ask) -> str:
        if self.before:
            raise self.before.pop(0)
        ident = f"task-{len(self.made) + 1}"
        self.made[ident] = Made(ask)
        if self.after:
            raise self.after.pop(0)
        return ident

    async def find_ask(self, ask: Ask) -> str:
        self.sought += 1
        found = [] if self.blind else [n for n, one in self.made.items() if one.ask.id == ask.id]
        return found[0] if found else ""

    async def asked(self, platform_id: str, ask: Ask) -> tuple[AskState, Targets]:
        made = self.made[platform_id]
        return made.state, made.ends

    async def remind(self, platform_id: str) -> None:
        if self.refuse_reminder:
            raise self.refuse_reminder.pop(0)
        self.made[platform_id].reminded.append(self.clock.now())

    async def withdraw(self, platform_id: str) -> None:
        if self.refuse_back:
            raise self.refuse_back.pop(0)
        if self.made[platform_id].state == "waiting":
            self.made[platform_id].state = "cancelled"

    # staff

    def tap(self, ident: str, only: Iterable[str] | None = None, **ends: TargetState) -> None:
        """The staff member confirms, for ``only`` these; ``ends``: who is not simply reached."""
        made = self.made[ident]
        assert made.state == "waiting"
        made.state = "done"
        for target in made.ask.targets if only is None else only:
            made.ends[target] = (ends.get(target, "sent"), self.clock.now())

    @property
    def asks(self) -> list[tuple[str, tuple[str, ...]]]:
        """Who was asked to write to whom, in order."""
        return [(one.ask.staff, one.ask.targets) for one in self.made.values()]


class Desk:
    """A town, the platform, and the errands of one node."""

    def __init__(self, town: Town) -> None:
        self.town, self.clock = town, town.clock
        self.platform = Platform(town.clock)
        town.can["sandbox"] = STAFF
        self.opens_at = 0
        self.errands = self.node()

    def node(self) -> Errands:
        """The errands of another node, or of this one started again."""
        return Errands(
            self.town.store,
            self.town.members,
            self.town.sops.tasks,
            lambda: {"sandbox": self.platform},
            lambda ms: max(ms, self.opens_at),
        )

    async def customers(self, owner: str, *names: str) -> None:
        """Members of the group "tea" who are somebody's customers."""
        for name in names:
            number = await self.town.join(name)
            if owner:
                await self.town.set(number, "owner", owner)

    async def owned(self, group: str, owner: str) -> None:
        number = await self.town.group(group)
        effects = Effects(self.town.store.keys)
        effects.group(number, "owner", owner)
        assert await self.town.store.apply(effects)
        self.town.members.forget_group(number)

    async def offer(self, text: str = OFFER, audience: str = "everyone") -> Sop:
        """A SOP whose step was due a moment ago."""
        name = "notice" if text == NOTICE else "offer"
        sop = await self.town.start(self.town.template(name, text), audience)
        await self.town.pass_by(HOUR + 1)
        return sop

    async def pass_by(self, seconds: float, step: float = 60.0) -> None:
        """Let time pass with bot and errands running."""
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            seconds -= step
            await self.town.tick()
            await self.errands.tick()

    async def told(self) -> list[str]:
        """What the journal says of errands, the oldest first."""
        rows = await self.town.journal.recent(limit=500)
        return [entry.what for _, entry in reversed(rows) if entry.what.startswith("errand.")]
