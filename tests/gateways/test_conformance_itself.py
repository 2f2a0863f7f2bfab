"""The suite itself: it lets an honest adapter pass, and no flaw that an adapter may have."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import BaseModel

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.deadline import within
from bot.gateways.look import Bubble, look
from bot.model.capabilities import Capabilities, SegmentKind
from bot.model.conversation import Account, Conversation
from bot.model.delivery import (
    Delivery,
    InDoubt,
    Misconfigured,
    Receipt,
    Refused,
    Retry,
    SendError,
)
from bot.model.event import BaseEvent, MessageReceived
from bot.model.message import Image, Message, Text
from bot.testing.conformance import AdapterConformance, Arrived, Platform, Traits, line

TOKEN = "the-parlours-token"
PICTURES: dict[str, Any] = {"segments": frozenset({"text", "image"}), "attachments": 3}


class Room(Platform):
    """A chat in memory: a queue of what is said, and a list of what is shown."""

    traits = Traits(tells=frozenset({"message"}), repeats=frozenset({"message"}))
    secrets = (TOKEN,)

    def __init__(self, flaw: str = "", *, direct_only: bool = False, **can: Any) -> None:
        super().__init__()
        self.flaw = flaw
        self.can = {"text_bytes": 400, "idempotent": True} | can
        if direct_only:
            self.traits = replace(self.traits, places=frozenset({"direct"}))
            self.can |= {"send_group": False}
        self.queue: asyncio.Queue[dict[str, object] | None] = asyncio.Queue()
        self.shown: list[Arrived] = []
        self.known: set[str] = set()
        self.refusal: type[SendError] | None = None
        self.silent = False
        self.locked = False
        self.cut = asyncio.Event()
        self._last: dict[str, object] = {}
        self._numbers = count(1)

    def make(self, inlet: Inlet) -> Adapter:
        return Parlour(inlet, self)

    async def say(
        self, account: str, group: str | None, text: str, *, to_bot: bool = False
    ) -> bool:
        if group is not None and "group" not in self.traits.places:
            raise NotImplementedError
        words = {"account": account, "group": group, "text": text}
        self._last = words | {"id": next(self._numbers), "call": to_bot}
        return await self.repeat()

    async def repeat(self) -> bool:
        self.queue.put_nowait(self._last)
        return True

    async def sent(self) -> Sequence[Arrived]:
        return tuple(self.shown)

    async def refuse(self, error: type[SendError]) -> float | None:
        self.refusal = error
        return 7.0 if error is Retry else None

    async def fall_silent(self) -> None:
        self.silent = True

    async def drop(self) -> None:
        self.queue.put_nowait(None)
        self.cut.set()

    async def lock_out(self) -> None:
        self.locked = True


class NoSettings(BaseModel):
    """A chat in memory needs none."""


class Parlour(Adapter):
    """Speaks with the room, honestly but for the room's ``flaw``."""

    Settings = NoSettings

    def __init__(self, inlet: Inlet, room: Room) -> None:
        super().__init__(inlet, NoSettings())
        self.room = room
        self._strays: list[object] = []
        self._random = count(1000)

    def _has(self, flaw: str) -> bool:
        return self.room.flaw == flaw

    @property
    def capabilities(self) -> Capabilities:
        can = dict(self.room.can)
        if self._has("declares members it cannot list"):
            can |= {"member_list": True}
        return Capabilities(**can)

    async def receive(self) -> AsyncIterator[BaseEvent]:
        if self.room.locked:
            words = f"token={TOKEN} is wrong" if self._has("tells the token") else "login refused"
            raise (
                ConnectionError(words) if self._has("tries a wrong login") else Misconfigured(words)
            )
        self.inlet.alive()
        if self._has("leaves a task"):
            self._strays.append(asyncio.create_task(asyncio.Event().wait()))
        if self._has("leaves a socket"):
            self._strays.append(socket.socket())
        held: BaseEvent | None = None
        while True:
            said = await self.room.queue.get()
            if said is None:
                if self._has("does not see a lost connection"):
                    continue
                raise ConnectionError("the room was closed")
            event = self._event(said)
            if self._has("mixes up the order") and event.message.text == "word 3":
                held = event
                continue
            if self._has("accepts what nobody repeats"):
                await self.inlet.accept(event)
                continue
            yield event
            if held:
                yield held
                held = None

    def _event(self, said: dict[str, object]) -> MessageReceived:
        ident, group = str(said["id"]), said["group"]
        if self._has("invents ids"):
            ident = str(next(self._random))
        if self._has("makes ids of a sender and a second"):
            ident = f"{said['account']}-{self.inlet.clock.now() // 1000}"
        if self._has("makes one conversation of all groups"):
            group = group and "group"
        seconds = self._has("tells seconds")
        return MessageReceived(
            id=ident,
            gateway=self.inlet.gateway,
            at=self.inlet.clock.now() // (1000 if seconds else 1),
            account=Account(id=str(said["account"])),
            group=None if group is None else str(group),
            message=Message.of(str(said["text"])),
            to_bot=group is None or (bool(said["call"]) and not self._has("misses calls")),
        )

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        return web.Response() if self._has("answers anybody") else await super().webhook(request)

    async def members(self, group: str) -> Sequence[Account]:
        if not self.room.can.get("member_list"):
            raise NotImplementedError
        return [Account(id=self.room.account(number)) for number in (0, 1)]

    async def groups(self) -> Sequence[tuple[str, str]]:
        if not self.room.can.get("member_list"):
            raise NotImplementedError
        return [(self.room.group(0), "Tea")]

    async def send(self, delivery: Delivery) -> Receipt:
        room = self.room
        if delivery.to.group is not None and not self.capabilities.send_group:
            raise Refused("there are no groups")
        shown = look(delivery.message, self.capabilities)
        if not shown.bubbles and not self._has("shows nothing"):
            raise Refused("nothing of the message can be shown")
        attached = sum(isinstance(one, Image) for one in delivery.message.segments)
        most = self.capabilities.attachments
        if most is not None and attached > most and not self._has("counts no pictures"):
            raise Refused("too many pictures")
        self._fail()
        lost = [str(one) for bubble in shown.bubbles for part in bubble.parts for one in part.lost]
        if delivery.id in room.known and not self._has("says everything twice"):
            return Receipt()
        room.known.add(delivery.id)
        for bubble in shown.bubbles:
            pieces = bubble.pieces or (bubble.words,)
            if self._has("cuts nothing"):
                pieces = (bubble.words,)
            if self._has("shows no words for pictures") and lost:
                pieces = tuple(
                    part.segment.text
                    for part in bubble.parts
                    if isinstance(part.segment, Text) and not part.lost
                )
            for piece in pieces:
                self._show(delivery.to, piece, bubble)
        if room.silent and not self._has("takes silence for success"):
            await self._answer()
        return Receipt(degraded=() if self._has("says nothing of what is lost") else tuple(lost))

    async def _answer(self) -> None:
        try:
            await within(self.inlet.clock, 30, self.room.cut.wait())
        except TimeoutError:
            reason = "no answer"
        else:
            reason = "the connection ended before the answer"
        raise Retry(reason) if self._has("tries again in doubt") else InDoubt(reason)

    def _fail(self) -> None:
        error, self.room.refusal = self.room.refusal, None
        if error is None or self._has("takes a refusal for success"):
            return
        if error is Retry:
            raise Retry("too fast", after=1.0 if self._has("waits as it likes") else 7.0)
        raise Refused("no") if self._has("knows only Refused") else error("no")

    def _show(self, to: Conversation, text: str, bubble: Bubble) -> None:
        pictures = sum(isinstance(part.segment, Image) for part in bubble.parts)
        if self._has("shows no pictures it declares"):
            pictures = 0
        if self._has("drops pictures"):
            pictures = min(pictures, 1)
        picture: SegmentKind = "image"
        arrived = Arrived(to.group, to.account, text, (picture,) * pictures)
        if self._has("is not yet there"):
            asyncio.get_running_loop().call_later(0.01, self.room.shown.append, arrived)
        else:
            self.room.shown.append(arrived)

    async def close(self) -> None:
        """Whoever waits for an answer waits in vain."""
        self.room.cut.set()


class TestAnHonestAdapter(AdapterConformance):
    @pytest.fixture
    def platform(self) -> Platform:
        return Room()


class TestDirectChatsOnly(AdapterConformance):
    @pytest.fixture
    def platform(self) -> Platform:
        return Room(direct_only=True)


class TestCountedInUnits(AdapterConformance):
    @pytest.fixture
    def platform(self) -> Platform:
        return Room(text_bytes=None, text_units=200, member_list=True)


class TestThreePictures(AdapterConformance):
    @pytest.fixture
    def platform(self) -> Platform:
        return Room(**PICTURES)


SHOWING: dict[str, object] = {"kind": "image", "alone": False}
FLAWS: dict[str, tuple[str, dict[str, object]]] = {
    "invents ids": (
        "test_an_event_told_again_is_the_same_event_or_another_one",
        {"kind": "message"},
    ),
    "makes ids of a sender and a second": (
        "test_what_happens_in_one_second_are_as_many_events",
        {"kind": "message"},
    ),
    "makes one conversation of all groups": ("test_a_conversation_is_a_group_or_one_person", {}),
    "mixes up the order": ("test_a_conversation_keeps_its_order", {}),
    "misses calls": ("test_who_speaks_to_the_bot_is_known", {"place": "group"}),
    "tells seconds": ("test_words_arrive_with_who_said_them_and_where", {"place": "direct"}),
    "accepts what nobody repeats": ("test_nothing_is_acknowledged_before_it_is_kept", {}),
    "does not see a lost connection": ("test_a_lost_connection_is_seen_and_another_one_works", {}),
    "tries a wrong login": ("test_a_login_that_is_not_accepted_is_misconfigured", {}),
    "answers anybody": ("test_only_the_platform_may_call_the_webhook", {}),
    "is not yet there": ("test_what_has_a_receipt_is_there", {"place": "group"}),
    "says everything twice": ("test_a_delivery_that_is_sent_twice_is_shown_as_declared", {}),
    "takes a refusal for success": ("test_a_refusal_says_what_to_do", {"kind": Refused}),
    "knows only Refused": ("test_a_refusal_says_what_to_do", {"kind": Misconfigured}),
    "waits as it likes": ("test_a_refusal_says_what_to_do", {"kind": Retry}),
    "takes silence for success": ("test_a_send_without_answer_is_in_doubt", {}),
    "tries again in doubt": (
        "test_a_connection_lost_before_the_answer_leaves_a_send_in_doubt",
        {},
    ),
    "cuts nothing": ("test_a_text_that_is_too_long_is_refused_or_cut_as_it_looks", {}),
    "shows nothing": ("test_a_message_of_nothing_is_refused", {}),
    "shows no pictures it declares": ("test_every_segment_is_shown_or_put_in_words", SHOWING),
    "drops pictures": ("test_attachments_are_all_shown_up_to_their_limit", {}),
    "counts no pictures": ("test_attachments_are_all_shown_up_to_their_limit", {}),
    "shows no words for pictures": ("test_every_segment_is_shown_or_put_in_words", SHOWING),
    "says nothing of what is lost": ("test_every_segment_is_shown_or_put_in_words", SHOWING),
    "declares members it cannot list": (
        "test_members_and_groups_are_listed_where_declared",
        {},
    ),
    "leaves a task": ("test_close_leaves_nothing_behind", {"used": True}),
    "leaves a socket": ("test_close_leaves_nothing_behind", {"used": True}),
}
NEED_PICTURES = {"shows no pictures it declares", "drops pictures", "counts no pictures"}


@pytest.mark.parametrize("flaw", FLAWS)
async def test_a_flaw_is_found(flaw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "PATIENCE", 0.3)
    name, how = FLAWS[flaw]
    can = PICTURES if flaw in NEED_PICTURES else {}
    with pytest.raises((AssertionError, NotImplementedError, pytest.fail.Exception)):
        await getattr(AdapterConformance(), name)(Room(flaw, **can), **how)


async def test_a_secret_that_is_told_is_found(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AssertionError, match="a secret was told"):
        await AdapterConformance().test_no_secret_is_told(Room("tells the token"), caplog, capsys)


def test_every_flaw_the_adapter_can_have_is_tried() -> None:
    written = set(re.findall(r'_has\("([^"]+)"\)', Path(__file__).read_text()))
    assert written == {*FLAWS, "tells the token"}
