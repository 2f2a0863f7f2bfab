"""Second tries: what failed becomes due again, and what is in doubt is sent again on purpose."""

from __future__ import annotations

from bot.delivery.outbox import Outbox
from bot.sop.deeds import told
from bot.sop.faults import WrongState
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.store.effects import Effects

CHUNK = 500


class Retry:
    """Tries again what an operator says, each target exactly once."""

    def __init__(self, sops: Sops, outbox: Outbox) -> None:
        self._sops = sops
        self._outbox = outbox
        self._store = sops.means.store
        self._keys = sops.means.store.keys

    async def failed(self, ident: str, run: str, by: str) -> int:
        """Make the targets of a run that failed due now; how many.

        They are judged anew: who left meanwhile gets nothing. A finished SOP runs again until
        they are done. Raises NoSuchSop, and WrongState when the SOP ended for good.
        """
        failed = self._keys.sop_result(f"{ident}/{run}", "failed")
        numbers, again = await self._sops.means.facts.numbers(failed), 0
        for i in range(0, len(numbers), CHUNK):
            again += await self._some(ident, run, numbers[i : i + CHUNK], by)
        self._sops.means.bell.ring("planner")
        return again

    async def _some(self, ident: str, run: str, numbers: list[int], by: str) -> int:
        sop = await self._sops.get(ident)
        if sop.state not in ("running", "paused", "finished"):
            raise WrongState(f'"{ident}" is {sop.state}: what failed stays so')
        keys, now = self._keys, self._store.clock.now()
        _, step, name = run.split("/", 2)
        occurrence, result = sop.occurrence(step, name), f"{sop.id}/{run}"
        to = (await self._sops.version(sop)).template.to
        effects = Effects(keys)
        if sop.state == "finished":
            await self._wake(effects, sop, now)
        told(effects, sop, "sop.retried", by, now, f"{run}: failed → due again", str(len(numbers)))
        again = await self._store.run(
            "sop_retry",
            [
                keys.sop_state(),
                keys.sop_open(sop.id),
                keys.sop_due(occurrence),
                keys.sop_result(result, "planned"),
                keys.sop_result(result, "failed"),
                keys.sop_failed(result),
            ],
            [
                *(self._store.prefix, sop.id, sop.token, occurrence, now),
                *(len(numbers), *numbers),
                *(str(n) if to == "group" else f"{n}:0" for n in numbers),
                *effects.wire(),
            ],
        )
        if again < 0:
            raise WrongState(f'"{ident}" was changed by somebody else just now')
        return int(again)

    async def _wake(self, effects: Effects, sop: Sop, now: int) -> None:
        """Let a finished SOP run; nothing of it comes again by itself."""
        cursor = self._keys.sop_cursor(sop.id)
        effects.do("HSET", self._keys.sop_state(), sop.id, f"running/{sop.version}")
        effects.do("HSET", cursor, "mark", now)
        for step in (await self._sops.version(sop)).settled.step:
            effects.do("HSET", cursor, f"at {step.id}", now, f"since {step.id}", now)

    async def in_doubt(self, ident: str, run: str, by: str, *, resend: bool) -> int:
        """Send again all of a run that is in doubt, or let it be; how many.

        What did arrive then arrives twice. Raises NoSuchSop.
        """
        sop, decided = await self._sops.get(ident), 0
        for delivery in await self._outbox.in_doubt():
            if delivery.result is not None and delivery.result.run == f"{sop.id}/{run}":
                decided += await self._outbox.decide(delivery.id, resend=resend, by=by)
        if decided:
            effects = Effects(self._keys)
            how = "sent again" if resend else "left as it is"
            what = f"{run}: in doubt → {how}"
            told(effects, sop, "sop.decided", by, self._store.clock.now(), what, str(decided))
            await self._store.apply(effects)
        return decided
