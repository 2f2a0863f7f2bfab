"""Recall: taking what was planned but not sent out of the outbox again."""

from __future__ import annotations

from typing import Literal

from bot.sop.record import Sop, run_of
from bot.store.effects import Effects
from bot.store.store import Store

CHUNK = 500


class Recall:
    """Knows which deliveries of a SOP are in the outbox."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def waiting(self, sop: str) -> int:
        """How many of its deliveries are in the outbox or at the gateway."""
        return await self._recall(sop, "none")

    async def back(self, sop: str) -> int:
        """Make their targets due again; how many stay, because they are at the gateway now."""
        return await self._recall(sop, "back")

    async def clear(self, sop: Sop) -> bool:
        """End all that a stopping SOP had left, as stopped; False while something is on its way."""
        keys = self._store.keys
        for occurrence in await self._store.texts("HKEYS", keys.sop_open(sop.id)):
            await self.drain(sop, occurrence, "+inf", "stopped")
            await self.drain(sop, occurrence, "+inf", "stopped", asked=True)
        if await self._recall(sop.id, "drop"):
            return False
        effects = Effects(keys)
        effects.guard(sop.token, "HGET", keys.sop_state(), sop.id)
        effects.guard(0, "HLEN", keys.sop_sending(sop.id))
        for occurrence in await self._store.texts("HKEYS", keys.sop_open(sop.id)):
            effects.guard(0, "EXISTS", keys.sop_due(occurrence))
            effects.do("DEL", keys.sop_fed(occurrence), keys.sop_follow(occurrence))
        effects.do("DEL", keys.sop_open(sop.id), keys.sop_cursor(sop.id))
        effects.do("HSET", keys.sop_state(), sop.id, f"stopped/{sop.version}")
        return await self._store.apply(effects)

    async def hold(self, sop: Sop, occurrence: str, until: int | str, _: str = "") -> int:
        """Keep an occurrence's targets due at or before ``until`` (UTC ms) for an operator."""
        keys, total = self._store.keys, 0
        while True:
            held = await self._store.run(
                "sop_hold",
                [keys.sop_state(), keys.sop_due(occurrence), keys.sop_asked(occurrence)],
                [sop.id, sop.token, until, CHUNK],
            )
            total += max(0, int(held))
            if int(held) < CHUNK:
                return total

    async def release(self, sop: Sop, occurrence: str, now: int) -> int:
        """Make what was kept for an operator due at ``now``; how many."""
        keys, total = self._store.keys, 0
        while True:
            freed = await self._store.run(
                "sop_release",
                [keys.sop_state(), keys.sop_asked(occurrence), keys.sop_due(occurrence)],
                [sop.id, sop.token, now, CHUNK],
            )
            total += max(0, int(freed))
            if int(freed) < CHUNK:
                return total

    async def drain(
        self, sop: Sop, occurrence: str, until: int | str, reason: str, *, asked: bool = False
    ) -> int:
        """End an occurrence's targets due at or before ``until`` (UTC ms), as skipped.

        ``asked``: those kept for an operator instead.
        """
        keys, run, total = self._store.keys, run_of(sop.version, occurrence), 0
        result = f"{sop.id}/{run}"
        while True:
            answer = await self._store.run(
                "sop_drain",
                [
                    keys.sop_state(),
                    keys.sop_asked(occurrence) if asked else keys.sop_due(occurrence),
                    keys.sop_runs(sop.id),
                    keys.sop_result(result, "planned"),
                    keys.sop_result(result, f"skipped:{reason}"),
                ],
                [sop.id, sop.token, run, until, CHUNK],
            )
            ended = int(answer)
            total += max(0, ended)
            if ended < CHUNK:
                return total

    async def _recall(self, sop: str, mode: Literal["none", "back", "drop"]) -> int:
        keys, stay = self._store.keys, 0
        held = await self._store.texts("HKEYS", keys.sop_sending(sop))
        for i in range(0, len(held), CHUNK):
            answer = await self._store.run(
                "sop_recall",
                [
                    keys.sop_sending(sop),
                    keys.sop_state(),
                    keys.outbox_body(),
                    keys.outbox_owner(),
                ],
                [self._store.prefix, sop, mode, *held[i : i + CHUNK]],
            )
            stay += int(answer)
        return stay
