"""The adapter contract: everything a platform needs to speak with Muster."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web
from pydantic import BaseModel

from bot.clock import Clock
from bot.model.asking import Ask, AskState, Targets
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, Receipt
from bot.model.event import BaseEvent
from bot.model.group_welcome import GroupWelcome
from bot.model.health import Health
from bot.model.live_code import LiveCode, LiveCodeKind, LiveCodeLook
from bot.model.message import AnySegment
from bot.store.store import Store

Accept = Callable[[BaseEvent], Awaitable[bool]]
"""Puts an event into the inbox; returns once it is on disk, False when it was there already.

Events are written in the order of the calls. Raises ValueError for one that can never be
written; any other error means the inbox is away, and the same event may be handed in again.
"""


def _unheard(reason: str) -> None:
    """Nobody asked."""


@dataclass(frozen=True, slots=True)
class Inlet:
    """What an adapter is given: its gateway's name, the way in, and the time.

    ``alive`` is called by the adapter whenever traffic shows the connection works;
    supervision reconnects when it has been silent for longer than the adapter's ``silence``.
    ``lost`` says why there is no connection at the moment although ``receive`` goes on, as when
    the platform connects to us: the status then shows it, and the next ``alive`` ends it.
    ``store`` is for what all nodes must know, such as a token; None where there is only a preview.
    ``address`` is where our web server is reached, "https://muster.example"; "" for unknown.
    """

    gateway: str
    accept: Accept
    clock: Clock
    alive: Callable[[], None]
    lost: Callable[[str], None] = _unheard
    store: Store | None = None
    address: Callable[[], str] = str


class Adapter(ABC):
    """Speaks one platform for one gateway.

    Subclasses declare ``Settings`` (a pydantic model for ``[gateways.<name>]``), give
    ``capabilities``, and implement ``send`` plus at least one of ``receive`` and ``webhook``.
    Supervision calls ``receive`` again, with backoff, whenever it returns or raises; raising
    ``Misconfigured`` says that trying again is pointless until an operator acts.
    """

    Settings: ClassVar[type[BaseModel]]
    exclusive: bool = True
    """Whether only one node may be connected: nearly always, or every event comes twice."""
    group_welcome_steps: ClassVar[tuple[str, ...]] = ()
    """What people do in the platform's own client to choose a welcome for a group (msgids)."""

    def __init__(self, inlet: Inlet, settings: BaseModel) -> None:
        self.inlet = inlet

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What this gateway can do, as it is set up now."""

    @property
    def silence(self) -> float | None:
        """Seconds without ``alive`` after which the connection is held dead; None: never.

        Read again and again, so it may follow the heartbeat that was promised.
        """
        return None

    async def receive(self) -> AsyncIterator[BaseEvent]:
        """Connect and yield events until the connection ends.

        Many yielded events may be on their way to disk at once, in order. A platform that must
        be acknowledged calls ``await self.inlet.accept(event)`` itself instead of yielding.
        The default waits for ever: where there are callbacks only, nothing can be connected.
        """
        while True:
            await asyncio.Event().wait()
        yield

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        """Answer a request to ``/gateways/<name>`` (callbacks and reverse WebSockets).

        Raises HTTPNotFound unless the platform has callbacks.
        """
        raise web.HTTPNotFound

    @abstractmethod
    async def send(self, delivery: Delivery) -> Receipt:
        """Hand one delivery to the platform.

        Raises Retry, Refused, Misconfigured or InDoubt; any other exception counts as InDoubt.
        """

    async def prepare(self, segments: Sequence[AnySegment]) -> None:  # noqa: B027, few need it
        """Get ready what welcomes show, so that sending one has nothing to wait for.

        Called every few minutes where there is a ``welcome_window``. Raises SendError.
        """

    async def recall(self, to: Conversation, message_id: str) -> None:
        """Take back what was sent there; only where ``capabilities.recall``.

        Raises what ``send`` does. What is gone already raises nothing.
        """
        raise NotImplementedError

    async def remove(self, group: str, account: str) -> None:
        """Take somebody out of a group; only where ``capabilities.remove``.

        Raises what ``send`` does. Who is not in it raises nothing.
        """
        raise NotImplementedError

    async def mute(self, group: str, account: str, seconds: float) -> None:
        """Keep somebody from speaking in a group for so long; 0 lets them speak again.

        Only where ``capabilities.mute``. Raises what ``send`` does.
        """
        raise NotImplementedError

    async def invite(self, group: str, account: str) -> None:
        """Bring somebody into a group; only where ``capabilities.invite``.

        Raises what ``send`` does: Refused where they cannot be, who are then shown another way.
        Who is in it already raises nothing. It may be done twice.
        """
        raise NotImplementedError

    async def create_group(self, name: str, like: str = "") -> str:
        """Make a group of this name; its id. Only where ``capabilities.create_group``.

        ``like``: a group whose owner and settings it takes over, where the platform needs them.
        Raises what ``send`` does; after InDoubt and any other exception it is looked for by its
        name in ``groups`` before it is made again.
        """
        raise NotImplementedError

    async def members(self, group: str) -> Sequence[Account]:
        """The accounts in a group now; only where ``capabilities.member_list``."""
        raise NotImplementedError

    async def groups(self) -> Sequence[tuple[str, str]]:
        """The (id, name) of groups the account is in; only where ``capabilities.member_list``."""
        raise NotImplementedError

    async def ask(self, ask: Ask) -> str:
        """Put a message before a staff member to confirm; the platform's id of it.

        Only where ``capabilities.asks``, as are the methods below. Raises what ``send`` does, and
        NobodyToAsk; after InDoubt and any other exception it is only looked for, never repeated.
        """
        raise NotImplementedError

    async def find_ask(self, ask: Ask) -> str:
        """The platform's id of an ask that may have been made; '' while none is found.

        Where ``ask`` is idempotent by ``Ask.id`` it is that call again.
        """
        raise NotImplementedError

    async def asked(self, platform_id: str, ask: Ask) -> tuple[AskState, Targets]:
        """How an ask stands, and each target known of it; raises SendError."""
        raise NotImplementedError

    async def remind(self, platform_id: str) -> None:
        """Remind the staff member of an ask; raises SendError, Refused where it was too often."""
        raise NotImplementedError

    async def withdraw(self, platform_id: str) -> None:
        """Take an ask back; raises SendError. One that is taken back already raises nothing."""
        raise NotImplementedError

    # texts for who joins a group: only where ``capabilities.group_welcomes``

    async def make_group_welcome(self, welcome: GroupWelcome, *, tell: bool) -> str:
        """Keep a text at the platform; its id there. ``tell``: let the groups' owners know.

        Raises what ``send`` does; after InDoubt nobody knows whether there is one now.
        """
        raise NotImplementedError

    async def change_group_welcome(self, platform_id: str, welcome: GroupWelcome) -> None:
        """Put another text in its place, which may be done twice; raises SendError."""
        raise NotImplementedError

    async def end_group_welcome(self, platform_id: str) -> None:
        """Take it away there; raises SendError. One that is gone already raises nothing."""
        raise NotImplementedError

    async def group_welcome(self, platform_id: str) -> GroupWelcome | None:
        """What the platform has now, None when it is gone; raises SendError."""
        raise NotImplementedError

    # for operators

    async def health(self) -> Health:
        """What it tells of itself beside its status; raises StoreError."""
        return Health()

    async def refresh(self) -> None:
        """Look at everything anew, and forget what is not asked for a while after a refusal.

        Only where ``capabilities.refresh``. Returns when it is asked for; raises StoreError.
        """
        raise NotImplementedError

    # codes people scan: only where ``capabilities.live_codes``

    async def staff(self) -> Sequence[Account]:
        """Everybody a live code can lead to; raises SendError."""
        raise NotImplementedError

    async def idle(self, staff: Collection[str]) -> frozenset[str]:
        """Those of these staff who cannot receive anybody now; raises SendError."""
        raise NotImplementedError

    async def make_live_code(self, code: LiveCode, staff: Sequence[str]) -> tuple[str, str]:
        """Make a code that leads to these staff, or to its groups; its id and picture's address.

        The address may be '' till it is looked at. Raises what ``send`` does; after InDoubt and
        any other exception it is looked for before it is made again.
        """
        raise NotImplementedError

    async def find_live_code(self, code: LiveCode, since: int) -> str:
        """The platform's id of a code that may have been made after ``since`` (UTC ms), or ''.

        Raises SendError. '' too where the platform has no list: nobody ever saw that code.
        """
        raise NotImplementedError

    async def change_live_code(
        self, platform_id: str, code: LiveCode, staff: Sequence[str]
    ) -> None:
        """Make it lead elsewhere, which may be done twice; raises SendError and LiveCodeGone."""
        raise NotImplementedError

    async def live_code(self, platform_id: str, kind: LiveCodeKind) -> LiveCodeLook | None:
        """How it is at the platform, None when it is gone; raises SendError."""
        raise NotImplementedError

    async def end_live_code(self, platform_id: str, kind: LiveCodeKind) -> None:
        """Take it away there; raises SendError. One that is gone already raises nothing."""
        raise NotImplementedError

    async def close(self) -> None:  # noqa: B027, nothing to let go of is usual
        """Let go of sessions and sockets; called once, also after ``receive`` failed."""
