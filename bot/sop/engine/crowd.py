"""The crowd: who fits the expressions of a SOP, asked once in each look of the planner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from bot.audience.algebra import Algebra
from bot.audience.audience import Audience
from bot.audience.expression import Or, Term
from bot.audience.source import Scope
from bot.store.bits import Bits

OPT_OUT = "opt-out"
"""Who has this tag gets no SOP messages; with ":topic" behind it, none of that topic."""


class Crowd:
    """Answers from what was so when it was first asked."""

    def __init__(self, algebra: Algebra, sop: str, fixed: Bits | None = None) -> None:
        """``fixed``: who the audience was at the start, where it is not asked again."""
        self._algebra = algebra
        self._scope = Scope(sop)
        self._fixed = fixed
        self._known: dict[object, asyncio.Future[Bits]] = {}

    async def of(self, audience: Audience) -> Bits:
        """Everybody the expression is about now."""
        return await self._once(audience, lambda: self._algebra.members(audience, self._scope))

    async def audience(self, audience: Audience) -> Bits:
        """Everybody in the SOP's audience: as it is now, or as it was at the start."""
        return await self.of(audience) if self._fixed is None else self._fixed

    async def opted_out(self, topic: str | None) -> Bits:
        """Everybody who wants no such messages."""
        return await self._once(
            ("opted out", topic), lambda: self._algebra.members(_unwanted(topic), self._scope)
        )

    async def quit(self) -> Bits:
        """Everybody whom a step of some SOP took out of this one."""
        key = self._algebra.keys.sop_quit(self._scope.sop)
        return await self._once("quit", lambda: self._algebra.fact(key))

    async def groups(self, audience: Audience) -> Bits:
        """The groups the expression chooses."""
        return await self._once(("groups", audience), lambda: self._groups(audience))

    async def _groups(self, audience: Audience) -> Bits:
        return Bits.of(await self._algebra.groups(audience))

    def _once(
        self, name: object, ask: Callable[[], Coroutine[Any, Any, Bits]]
    ) -> asyncio.Future[Bits]:
        """The answer of the first time; targets ask all at once, and one reads for all."""
        if name not in self._known:
            self._known[name] = asyncio.ensure_future(ask())
        return self._known[name]


def _unwanted(topic: str | None) -> Audience:
    """Those who opted out of everything or of the topic."""
    everything = Term("tag", OPT_OUT)
    if topic is None:
        return Audience(everything)
    return Audience(Or((everything, Term("tag", f"{OPT_OUT}:{topic}"))))
