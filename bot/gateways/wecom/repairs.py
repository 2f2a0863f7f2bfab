"""Repairs: what no callback told is handed in as an event, or looked at again in a while.

What is found goes the way of all events, so that nobody has two truths. What happened within the
last minute is left to callbacks (document 97297: they come out of order), and looked at again when
that is over.
"""

from __future__ import annotations

from typing import Any, Literal

import structlog

from bot.gateways.adapter import Inlet
from bot.gateways.wecom.known import Known
from bot.model.conversation import Conversation
from bot.model.event import BaseEvent

log = structlog.get_logger(__name__)

GRACE = 60_000
"""Milliseconds a callback may take, with its retries."""
PAST = 3_600_000
"""Milliseconds after which nobody is greeted any more: it is past."""
SETTLES = 3_000
"""Milliseconds till WeCom's details of a group show a change: about two, as its staff say."""

Kind = Literal["group", "customer"]


class Repairs:
    """Hands in events, and holds what must be looked at once more.

    ``again`` says when (UTC ms). While ``first`` is set nothing is known yet, so everything found
    is past. ``repaired`` counts what no callback had told.
    """

    def __init__(self, known: Known, inlet: Inlet) -> None:
        self.again: dict[tuple[Kind, str], int] = {}
        self.repaired = 0
        self.first = False
        self._known = known
        self.accept = inlet.accept
        self._clock = inlet.clock
        self._gateway = inlet.gateway

    async def head(self, at: int) -> dict[str, Any]:
        """What all events begin with, for one that happened then (UTC ms)."""
        now = self._clock.now()
        past = self.first or at <= now - PAST
        serial = await self._known.serial()
        return {"id": f"sync:{serial}", "gateway": self._gateway, "at": min(at, now), "past": past}

    async def hand_in(self, event: BaseEvent) -> None:
        """Tell what no callback told; what no inbox can keep is logged."""
        try:
            self.repaired += await self.accept(event) and not self.first
        except ValueError as error:
            log.warning("event.impossible", gateway=self._gateway, reason=str(error))

    def is_young(self, kind: Kind, ident: str, since: int) -> bool:
        """Whether callbacks may still tell of it; then it is looked at when they have."""
        if since > self._clock.now() - GRACE:
            self._look(kind, ident, since + GRACE)
            return True
        return False

    async def pending(self, kind: Kind, ident: str) -> bool:
        """Whether events of there are still under way; then it is looked at when they are not."""
        place = {"group": ident} if kind == "group" else {"account": ident}
        if await self._known.pending(Conversation(gateway=self._gateway, **place)):
            self.soon(kind, ident)
            return True
        return False

    def soon(self, kind: Kind, ident: str) -> None:
        """Look at it once WeCom shows what its callbacks told."""
        self._look(kind, ident, self._clock.now() + SETTLES)

    def _look(self, kind: Kind, ident: str, at: int) -> None:
        due = min(at, self.again.get((kind, ident), at))
        self.again[kind, ident] = max(due, self._clock.now() + 1)
