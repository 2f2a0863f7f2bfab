"""A platform with codes in the street, and nodes that mind them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from bot.clock import Days
from bot.gateways.adapter import Adapter, Inlet
from bot.live_codes.alerts import Alerts
from bot.live_codes.live_codes import LiveCodes
from bot.live_codes.platform import Platform
from bot.live_codes.standing import Book
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, Receipt, Refused
from bot.model.event import BaseEvent
from bot.model.live_code import LiveCode, LiveCodeGone, LiveCodeKind, LiveCodeLook
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store
from bot.testing.clock import TestClock

ABLE = Capabilities(live_codes=frozenset({"contact", "group"}))


class Killed(BaseException):
    """The process ends here."""


class Nothing(BaseModel):
    """No settings."""


@dataclass
class Hung:
    """A code as the platform has it."""

    code: LiveCode
    staff: tuple[str, ...]
    groups: tuple[str, ...]


class Walls(Adapter):
    """Where codes hang. ``before`` and ``after`` are raised instead of an answer, the latter when
    it was done all the same, and ``unseen`` instead of a look; ``changes`` are the calls that
    changed something."""

    Settings = Nothing

    def __init__(self, clock: TestClock) -> None:
        async def accept(_: BaseEvent) -> bool:
            return True

        super().__init__(Inlet("street", accept, clock, lambda: None), Nothing())
        self.hung: dict[str, Hung] = {}
        self.changes: list[str] = []
        self.looked = 0
        self.people = ["ann", "ben", "cai", "dan"]
        self.away: set[str] = set()
        self.full: set[str] = set()
        self.ended: set[str] = set()
        self.before: list[BaseException] = []
        self.after: list[BaseException] = []
        self.unseen: list[BaseException] = []

    @property
    def capabilities(self) -> Capabilities:
        return ABLE

    async def send(self, delivery: Delivery) -> Receipt:
        return Receipt()

    async def staff(self) -> Sequence[Account]:
        return [Account(id=one) for one in self.people]

    async def idle(self, staff: Collection[str]) -> frozenset[str]:
        return frozenset(self.away.intersection(staff))

    async def make_live_code(self, code: LiveCode, staff: Sequence[str]) -> tuple[str, str]:
        self._ask("make")
        ident = f"way-{len(self.changes)}"
        self.hung[ident] = Hung(code, tuple(staff), code.groups)
        self._answer()
        return ident, ""

    async def find_live_code(self, code: LiveCode, since: int) -> str:
        found = [i for i, one in self.hung.items() if one.code.id == code.id]
        return found[0] if found else ""

    async def change_live_code(
        self, platform_id: str, code: LiveCode, staff: Sequence[str]
    ) -> None:
        self._ask("change")
        if platform_id not in self.hung:
            raise LiveCodeGone("gone")
        if self.away.intersection(staff):
            raise Refused("not active")
        self.hung[platform_id] = Hung(code, tuple(staff), code.groups)
        self._answer()

    async def live_code(self, platform_id: str, kind: LiveCodeKind) -> LiveCodeLook | None:
        self.looked += 1
        if self.unseen:
            raise self.unseen.pop(0)
        one = self.hung.get(platform_id)
        if one is None:
            return None
        return LiveCodeLook(
            image=f"https://street.example/{platform_id}.png",
            staff=one.staff,
            groups=one.groups,
            full=frozenset(self.full.intersection(one.groups)),
            gone=frozenset(self.ended.intersection(one.groups)),
        )

    async def end_live_code(self, platform_id: str, kind: LiveCodeKind) -> None:
        self._ask("end")
        self.hung.pop(platform_id, None)

    def _ask(self, what: str) -> None:
        if self.before:
            raise self.before.pop(0)
        self.changes.append(what)

    def _answer(self) -> None:
        if self.after:
            raise self.after.pop(0)


@dataclass
class Street:
    """The workspace at 08:00 on a Wednesday in Shanghai; ``roles`` are those in chat."""

    store: Store
    clock: TestClock
    walls: Walls
    roles: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.members = Members(self.store)
        self.codes = self.node()

    def node(self, *, connected: bool = True) -> LiveCodes:
        """One more node."""
        adapters = {"street": self.walls} if connected else {}
        book = Book(self.store)
        return LiveCodes(
            self.store,
            self.members,
            Platform(book, lambda: adapters, self.clock.now),
            Alerts(lambda: self.roles, lambda _: ABLE, str),
            ("street", "chat"),
            lambda name: ABLE if name == "street" else Capabilities(),
            ZoneInfo("Asia/Shanghai"),
        )

    async def group(self, ident: str, name: str = "") -> None:
        """A group is known."""
        await self.members.group_number(Conversation(gateway="street", group=ident), name)

    async def comes(self, channel: str, staff: str, number: int = 1) -> None:
        """So many scan today, as their events count."""
        effects, day = Effects(self.store.keys), self.today().isoformat()
        key = self.store.keys.channel_scans(day, channel)
        effects.do("HINCRBY", key, staff, number)
        await self.store.apply(effects)

    def today(self) -> date:
        """The workspace's day."""
        return Days("Asia/Shanghai").of(self.clock.now())

    async def pass_by(self, minutes: float, every: float = 1.0) -> None:
        """Time goes on, minute by minute, and the node does what it asks for."""
        passed = 0.0
        while passed < minutes:
            self.clock.advance(every * 60)
            passed += every
            await self.codes.tick()

    async def told(self) -> list[str]:
        """The alerts that wait to be sent."""
        rows = await self.store.table("HGETALL", self.store.keys.outbox_body())
        found = [Delivery.model_validate_json(body) for body in rows.values()]
        return sorted(f"{one.to.key}: {one.message.text}" for one in found)

    def leads_to(self) -> tuple[str, ...]:
        """Whom the only code in the street leads to."""
        (one,) = self.walls.hung.values()
        return one.staff


def poster(**about: Any) -> LiveCode:
    """A code that leads to Ann and Ben."""
    fields = {"id": "poster", "title": "Poster", "gateway": "street", "kind": "contact"}
    return LiveCode.model_validate({**fields, "staff": ("ann", "ben"), **about})


def door(*groups: str, **about: Any) -> LiveCode:
    """A code that leads into groups."""
    fields = {"id": "door", "title": "Door", "gateway": "street", "kind": "group"}
    return LiveCode.model_validate({**fields, "groups": groups, **about})
