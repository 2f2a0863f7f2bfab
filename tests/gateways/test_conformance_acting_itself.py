"""The suite itself: what is done that is no message is looked at, and no flaw of it passes."""

from __future__ import annotations

import pytest

from bot.gateways.adapter import Adapter, Inlet
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, Receipt, Refused
from bot.testing.conformance import AdapterConformance, Arrived, Platform

from .test_conformance_itself import Parlour, Room

CAN = {"recall": True, "remove": True, "mute": True}


class Hall(Room):
    """A room with a doorman."""

    def __init__(self, flaw: str = "") -> None:
        super().__init__(flaw, **CAN)
        self.gone: set[int] = set()
        self.out: set[str] = set()
        self.silenced: set[str] = set()

    def make(self, inlet: Inlet) -> Adapter:
        return Doorman(inlet, self)

    async def left_there(self) -> list[Arrived]:
        return [one for number, one in enumerate(self.shown) if number not in self.gone]

    async def is_in(self, account: str, group: str) -> bool:
        return account not in self.out

    async def may_speak(self, account: str, group: str) -> bool:
        return account not in self.silenced


class Doorman(Parlour):
    """Does what is asked, but for the hall's flaw."""

    room: Hall

    async def send(self, delivery: Delivery) -> Receipt:
        receipt = await super().send(delivery)
        last = "" if self._has("keeps no numbers") else str(len(self.room.shown) - 1)
        return receipt.model_copy(update={"message_id": last})

    async def recall(self, to: Conversation, message_id: str) -> None:
        if self._has("complains of what is gone") and int(message_id) in self.room.gone:
            raise Refused("it is gone")
        wrong = self._has("takes back something else")
        self.room.gone.add(int(message_id) + wrong)

    async def remove(self, group: str, account: str) -> None:
        if self._has("complains of who is out") and account in self.room.out:
            raise Refused("is not in it")
        everybody = (self.room.account(0), account)
        self.room.out.update(everybody if self._has("takes everybody out") else (account,))

    async def mute(self, group: str, account: str, seconds: float) -> None:
        if seconds and not self._has("lets everybody speak"):
            self.room.silenced.add(account)
        elif not self._has("never lets them speak again"):
            self.room.silenced.discard(account)


class TestADoorman(AdapterConformance):
    @pytest.fixture
    def platform(self) -> Platform:
        return Hall()


TAKEN_BACK = "test_what_was_sent_can_be_taken_back_where_declared"
TAKEN_OUT = "test_members_can_be_taken_out_where_declared"
SILENT = "test_members_can_be_kept_from_speaking_where_declared"


@pytest.mark.parametrize(
    ("flaw", "name"),
    [
        ("keeps no numbers", TAKEN_BACK),
        ("complains of what is gone", TAKEN_BACK),
        ("takes back something else", TAKEN_BACK),
        ("complains of who is out", TAKEN_OUT),
        ("takes everybody out", TAKEN_OUT),
        ("lets everybody speak", SILENT),
        ("never lets them speak again", SILENT),
    ],
)
async def test_a_flaw_is_found(flaw: str, name: str) -> None:
    with pytest.raises((AssertionError, Refused)):
        await getattr(AdapterConformance(), name)(Hall(flaw))
