"""The suite's asks: an honest adapter passes, and no flaw that one may have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.gateways.adapter import Adapter, Inlet
from bot.model.asking import Ask, AskKind, AskState, NobodyToAsk, Targets, TargetState
from bot.model.capabilities import SegmentKind
from bot.model.delivery import Delivery, InDoubt, Receipt, Refused
from bot.model.message import Image, Message
from bot.testing.conformance import AdapterConformance, Arrived, Platform, Put, line

from .test_conformance_itself import PICTURES, Parlour, Room

DAY = 86_400_000
CUSTOMERS = ("customer-0", "customer-1")


@dataclass
class Made:
    """An ask as the platform has it."""

    ask: Ask
    message: Message
    state: AskState = "waiting"
    ends: dict[str, TargetState] = field(default_factory=dict)
    reminded: list[int] = field(default_factory=list)


class Shop(Room):
    """A room with customers, whom only the member of staff can write to."""

    def __init__(self, flaw: str = "") -> None:
        super().__init__(flaw, staff_confirm=True, asks=True, **PICTURES)
        self.traits = replace(self.traits, reminders=3)
        self.made: dict[str, Made] = {}
        self.gone: set[str] = set()

    def make(self, inlet: Inlet) -> Adapter:
        return Counter(inlet, self)

    async def target(self, kind: AskKind, number: int) -> str:
        return CUSTOMERS[number] if kind == "direct" else self.group(number)

    async def put(self) -> Sequence[Put]:
        return [
            Put(one.ask.staff, one.ask.targets, one.message.text, _pictures(one.message))
            for one in self.made.values()
            if one.state == "waiting"
        ]

    async def tap(self) -> None:
        for one in self.made.values():
            if one.state == "waiting":
                one.state = "done"
                for target in one.ask.targets:
                    self.reach(one, target)

    def reach(self, one: Made, target: str) -> None:
        """The message gets to a target, if it can."""
        one.ends[target] = "gone" if target in self.gone else "sent"
        if target not in self.gone:
            group = target if one.ask.kind == "group" else None
            account = None if group else target
            self.shown.append(Arrived(group, account, one.message.text, _pictures(one.message)))

    async def lose(self, target: str) -> None:
        self.gone.add(target)


class Counter(Parlour):
    """Asks honestly but for the room's ``flaw``."""

    def __init__(self, inlet: Inlet, shop: Shop) -> None:
        super().__init__(inlet, shop)
        self.shop = shop

    async def send(self, delivery: Delivery) -> Receipt:
        if delivery.to.account in CUSTOMERS and not self._has("sends without a tap"):
            raise Refused("needs a tap")
        return await super().send(delivery)

    async def ask(self, ask: Ask) -> str:
        if not self._has("asks although it is refused"):
            self._fail()
        targets = [one for one in ask.targets if one not in self.shop.gone]
        if not targets and not self._has("asks about nobody"):
            raise NobodyToAsk("all are gone")
        ident = f"task-{len(self.shop.made) + 1}"
        message = ask.message
        if self._has("asks without pictures"):
            message = Message.of(message.text)
        made = self.shop.made[ident] = Made(ask, message)
        if self._has("does not wait for the tap"):
            for target in ask.targets:
                self.shop.reach(made, target)
        if self.room.silent and not self._has("takes a lost answer for success"):
            raise InDoubt("no answer")
        return ident

    async def find_ask(self, ask: Ask) -> str:
        if self._has("finds nothing"):
            return ""
        found = [
            name
            for name, one in self.shop.made.items()
            if one.ask == ask or self._has("finds what is another's")
        ]
        if not found and self._has("makes what it does not find"):
            self.shop.made["task-x"] = Made(ask, ask.message)
        if found and self._has("makes another while it looks"):
            self.shop.made["task-y"] = Made(ask, ask.message)
        return found[0] if found else ""

    async def asked(self, platform_id: str, ask: Ask) -> tuple[AskState, Targets]:
        made = self.shop.made[platform_id]
        ends = made.ends
        if self._has("takes everybody for reached"):
            ends = dict.fromkeys(ends, "sent")
        if self._has("leaves out the groups") and ask.kind == "group":
            ends = {}
        at = self.inlet.clock.now() // (1000 if self._has("tells seconds of taps") else 1)
        return made.state, {target: (became, at) for target, became in ends.items()}

    async def remind(self, platform_id: str) -> None:
        made, now = self.shop.made[platform_id], self.inlet.clock.now()
        recent = [at for at in made.reminded if now - at < DAY]
        if self._has("counts reminders for ever"):
            recent = made.reminded
        if len(recent) >= 3 and not self._has("reminds too often"):
            raise Refused("three times today")
        made.reminded.append(now)

    async def withdraw(self, platform_id: str) -> None:
        made = self.shop.made[platform_id]
        if made.state == "cancelled" and self._has("takes back once only"):
            raise Refused("it is taken back")
        if self._has("takes nothing back"):
            return
        if made.state == "waiting" or self._has("forgets what was confirmed"):
            made.state = "cancelled"


def _pictures(message: Message) -> tuple[SegmentKind, ...]:
    kinds: list[SegmentKind] = ["image" for one in message.segments if isinstance(one, Image)]
    return tuple(kinds)


class TestAnHonestShop(AdapterConformance):
    @pytest.fixture
    def platform(self) -> Platform:
        return Shop()


NOTHING_BEFORE = "test_nothing_arrives_before_the_tap_and_everything_after_it"
LOST = "test_an_ask_whose_answer_was_lost_is_found_and_there_once"
REMINDED = "test_staff_are_reminded_until_it_was_too_often"
TAKEN_BACK = "test_what_is_taken_back_is_gone_and_may_be_taken_back_again"
FLAWS: dict[str, tuple[str, dict[str, object]]] = {
    "sends without a tap": ("test_what_needs_a_tap_is_never_sent_by_itself", {}),
    "does not wait for the tap": (NOTHING_BEFORE, {"kind": "direct"}),
    "leaves out the groups": (NOTHING_BEFORE, {"kind": "group"}),
    "tells seconds of taps": (NOTHING_BEFORE, {"kind": "direct"}),
    "asks without pictures": ("test_pictures_are_put_before_staff_as_well", {}),
    "takes everybody for reached": ("test_who_is_gone_is_told_from_who_was_reached", {}),
    "asks although it is refused": ("test_an_ask_that_is_refused_is_not_there", {"kind": Refused}),
    "takes a lost answer for success": (LOST, {}),
    "finds nothing": (LOST, {}),
    "makes another while it looks": (LOST, {}),
    "makes what it does not find": ("test_only_what_was_asked_is_found", {}),
    "finds what is another's": ("test_only_what_was_asked_is_found", {}),
    "reminds too often": (REMINDED, {}),
    "counts reminders for ever": (REMINDED, {}),
    "takes nothing back": (TAKEN_BACK, {}),
    "takes back once only": (TAKEN_BACK, {}),
    "forgets what was confirmed": ("test_what_was_confirmed_keeps_its_results", {}),
}
ALLOWED = {"asks about nobody"}
"""What an adapter may do: they are gone in the results then."""


@pytest.mark.parametrize("flaw", FLAWS)
async def test_a_flaw_in_asking_is_found(flaw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "PATIENCE", 0.3)
    name, how = FLAWS[flaw]
    with pytest.raises((AssertionError, Refused, pytest.fail.Exception)):
        await getattr(AdapterConformance(), name)(Shop(flaw), **how)


async def test_who_are_gone_may_be_asked_about() -> None:
    suite = AdapterConformance()
    await suite.test_who_is_gone_is_told_from_who_was_reached(Shop("asks about nobody"))


def test_every_flaw_in_asking_is_tried() -> None:
    written = set(re.findall(r'_has\("([^"]+)"\)', Path(__file__).read_text()))
    assert written == {*FLAWS} | ALLOWED
