"""The crowd: who fits the expressions of a SOP, asked once in each look of the planner."""

from __future__ import annotations

from bot.audience.algebra import Algebra
from bot.audience.bits import Bits
from bot.audience.expression import Or, Term
from bot.audience.source import Scope
from bot.audience.audience import Audience

OPT_OUT = "opt-out"
"""Who has this tag gets no SOP messages; with ":topic" behind it, none of that topic."""


class Crowd:
    """Answers from what was so when it was first asked."""

    def __init__(self, algebra: Algebra, sop: str, fixed: Bits | None = None) -> None:
        """``fixed``: who the audience was at the start, where it is not asked again."""
        self._algebra = algebra
        self._scope = Scope(sop)
        self._fixed = fixed
        self._known: dict[str, Bits] = {}

    async def of(self, audience: Audience) -> Bits:
        """Everybody the expression is about now."""
        text = str(audience)
        if text not in self._known:
            self._known[text] = await self._algebra.members(audience, self._scope)
        return self._known[text]

    async def audience(self, audience: Audience) -> Bits:
        """Everybody in the SOP's audience: as it is now, or as it was at the start."""
        return await self.of(audience) if self._fixed is None else self._fixed

    async def opted_out(self, topic: str | None) -> Bits:
        """Everybody who wants no such messages."""
        everything = Term("tag", OPT_OUT)
        if topic is None:
            return await self.of(Audience(everything))
        return await self.of(Audience(Or((everything, Term("tag", f"{OPT_OUT}:{topic}")))))

    async def quit(self) -> Bits:
        """Everybody whom a step of some SOP took out of this one."""
        if "quit" not in self._known:
            key = self._algebra.keys.sop_quit(self._scope.sop)
            self._known["quit"] = await self._algebra.fact(key)
        return self._known["quit"]

    async def groups(self, audience: Audience) -> Bits:
        """The groups the expression chooses."""
        text = f"groups {audience}"
        if text not in self._known:
            self._known[text] = Bits.of(await self._algebra.groups(audience))
        return self._known[text]
