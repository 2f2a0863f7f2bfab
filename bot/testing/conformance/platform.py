"""The platform: the other side of an adapter, as its author plays it for the suite."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.gateways.adapter import Adapter, Inlet
from bot.model.asking import AskKind
from bot.model.capabilities import SegmentKind
from bot.model.delivery import Misconfigured, Refused, Retry, SendError
from bot.testing.clock import TestClock

Place = Literal["group", "direct"]
Kind = Literal["message", "joined", "left"]

KINDS: tuple[Kind, ...] = ("message", "joined", "left")
PLACES: tuple[Place, ...] = ("group", "direct")


@dataclass(frozen=True, slots=True)
class Traits:
    """What a platform does; of what it does not, the opposite is tested.

    ``places``: where one can speak with the bot. ``tells``: the kinds of events there are.
    ``repeats``: the kinds of which the same payload again is the same event; of the others it is
    another one. ``overhears``: in groups the bot gets words, too, that are not said to it.
    ``acknowledged``: the platform waits for an answer to every event, and repeats it until the
    answer is a good one. ``ending``: what becomes of ``receive`` when the connection is lost: it
    ends, it goes on and ``inlet.lost`` is told, or there is no connection that could be lost.
    ``refusals``: how a send can fail. ``silence``: a send's answer can be missing.
    ``logins``: a connection with a wrong login is turned away. ``webhook``: it calls us.
    ``welcomes``: content looks as declared in the welcome to a new contact, where everything else
    needs a tap. ``reminders``: how often in a day staff can be reminded of one ask.

    A platform where nobody can speak to the bot has no ``places`` and tells of no "message".
    """

    places: frozenset[Place] = frozenset(PLACES)
    tells: frozenset[Kind] = frozenset(KINDS)
    repeats: frozenset[Kind] = frozenset(KINDS)
    overhears: bool = True
    acknowledged: bool = False
    ending: Literal["ends", "told", "never"] = "ends"
    refusals: frozenset[type[SendError]] = frozenset({Retry, Refused, Misconfigured})
    silence: bool = True
    logins: bool = True
    webhook: bool = False
    welcomes: bool = False
    reminders: int = 1000

    @property
    def mute(self) -> bool:
        """Whether nobody can speak to the bot."""
        return "message" not in self.tells


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message as people see it; ``account`` where there is no ``group``.

    ``text``: its words. ``kinds``: what else is shown in it as what it is, one for each.
    """

    group: str | None
    account: str | None
    text: str
    kinds: tuple[SegmentKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """One message that is before a staff member to confirm; ``targets``: accounts or groups."""

    staff: str
    targets: tuple[str, ...]
    text: str
    kinds: tuple[SegmentKind, ...] = ()


class Platform(ABC):
    """A double of the platform, or a test server of it; made anew for every test.

    Its time is ``clock``. ``secrets`` are the words of our login that nobody may read anywhere.
    What ``traits`` do not declare raises NotImplementedError, as it does here.
    """

    traits: Traits = Traits()
    secrets: Sequence[str] = ()

    def __init__(self, clock: TestClock | None = None) -> None:
        self.clock = clock or TestClock()

    def account(self, number: int) -> str:
        """The id of one of its accounts; 0 and 1 are in group 0 from the beginning."""
        return f"account-{number}"

    def group(self, number: int) -> str:
        """The id of one of its groups: 0 or 1."""
        return f"group-{number}"

    @abstractmethod
    def make(self, inlet: Inlet) -> Adapter:
        """The adapter, set up to speak with this platform; it is not to be kept."""

    async def start(self, url: str) -> None:
        """The adapter's webhook is served at ``url``: a platform that calls us connects.

        Called again after ``drop`` where ``ending`` is "told".
        """
        return

    # people

    @abstractmethod
    async def say(
        self, account: str, group: str | None, text: str, *, to_bot: bool = False
    ) -> bool:
        """Somebody writes, in a direct chat without ``group``; ``to_bot`` calls the bot in one.

        Returns whether it was acknowledged; True where platforms want no acknowledgement.
        """

    async def join(self, account: str, group: str) -> bool:
        """Somebody comes into a group; returns as ``say`` does."""
        raise NotImplementedError

    async def leave(self, account: str, group: str) -> bool:
        """Somebody leaves a group; returns as ``say`` does."""
        raise NotImplementedError

    @abstractmethod
    async def repeat(self) -> bool:
        """Tell the last event once more, exactly as before; returns as ``say`` does."""

    @abstractmethod
    async def sent(self) -> Sequence[Arrived]:
        """What people have seen from the bot so far, in order; also what staff confirmed."""

    # what can be done that is no message

    async def left_there(self) -> Sequence[Arrived]:
        """What was ``sent`` and not taken back; only with ``capabilities.recall``."""
        raise NotImplementedError

    async def is_in(self, account: str, group: str) -> bool:
        """Whether somebody is in a group; only with ``capabilities.remove`` or ``invite``."""
        raise NotImplementedError

    async def may_speak(self, account: str, group: str) -> bool:
        """Whether somebody in a group can speak there; only with ``capabilities.mute``."""
        raise NotImplementedError

    # where staff confirm

    staff: str = "staff-0"
    """The account of the one member of staff who is asked."""

    async def target(self, kind: AskKind, number: int) -> str:
        """Whom staff are asked to write to, 0 or 1: an account of a customer, or a group."""
        raise NotImplementedError

    async def put(self) -> Sequence[Put]:
        """What is before staff, neither confirmed nor taken back."""
        raise NotImplementedError

    async def tap(self) -> None:
        """The member of staff confirms all of it, and everybody they have gets it."""
        raise NotImplementedError

    async def lose(self, target: str) -> None:
        """A customer is in contact with the member of staff no more."""
        raise NotImplementedError

    async def come(self) -> str:
        """Somebody becomes a contact and may be welcomed; the account. Only with ``welcomes``."""
        raise NotImplementedError

    # faults

    async def refuse(self, error: type[SendError]) -> float | None:
        """Do not take the next send or ask, as the platform says Retry, Refused or Misconfigured.

        Returns the seconds after which it tells to try again, None when it tells nothing.
        """
        raise NotImplementedError

    async def fall_silent(self) -> None:
        """The next send or ask gets there, but its answer never comes, or the line is cut."""
        raise NotImplementedError

    async def drop(self) -> None:
        """The connection is cut; another one is possible."""
        raise NotImplementedError

    async def lock_out(self) -> None:
        """From now on our login is not accepted."""
        raise NotImplementedError

    async def forge(self) -> int:
        """Call the webhook as somebody else would, unsigned; the HTTP status of the answer."""
        raise NotImplementedError
