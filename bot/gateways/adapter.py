"""The adapter contract: everything a platform needs to speak with Muster."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from aiohttp import web
from pydantic import BaseModel

from bot.clock import Clock
from bot.model.asking import Ask, AskState, Targets
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account
from bot.model.delivery import Delivery, Receipt
from bot.model.event import BaseEvent
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
    """

    gateway: str
    accept: Accept
    clock: Clock
    alive: Callable[[], None]
    lost: Callable[[str], None] = _unheard
    store: Store | None = None


class Adapter(ABC):
    """Speaks one platform for one gateway.

    Subclasses declare ``Settings`` (a pydantic model for ``[gateways.<name>]``), give
    ``capabilities``, and implement ``send`` plus at least one of ``receive`` and ``webhook``.
    Supervision calls ``receive`` again, with backoff, whenever it returns or raises; raising
    ``Misconfigured`` says that trying again is pointless until an operator acts.
    """

    Settings: ClassVar[type[BaseModel]]
    exclusive: ClassVar[bool] = True
    """Whether only one node may be connected: nearly always, or every event comes twice."""

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

    async def close(self) -> None:  # noqa: B027, nothing to let go of is usual
        """Let go of sessions and sockets; called once, also after ``receive`` failed."""
