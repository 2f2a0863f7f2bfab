"""The ledger: what is written of errands, and what becomes of the tasks in them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.delivery.journal import Entry, record
from bot.model.asking import Targets, TargetState
from bot.sop.outcomes.errand import Book, Errand, chunks
from bot.sop.outcomes.tasks import Tasks
from bot.store.effects import Effects
from bot.store.store import Store

SOON = 60_000
"""Ms between looks at first, and after a fault."""
SELDOM = 1_800_000
"""Ms between looks at an old one."""
TOGETHER = 200
"""Tasks closed together."""

Ending = tuple[str, str]
"""A row's outcome, and the journal's reason."""
ENDINGS: Mapping[TargetState, Ending] = {
    "sent": ("sent", ""),
    "gone": ("skipped:left", "left"),
    "limited": ("skipped:had another", "had another"),
    "failed": ("failed", "failed"),
}
LEFT_OUT: Ending = ("skipped:staff", "left out by staff")
TOO_LATE: Ending = ("skipped:too late", "too late")
STOPPED: Ending = ("skipped:stopped", "stopped")


class Ledger:
    """Writes only while the errand is as its writer knows it, so of two nodes one has its way."""

    def __init__(self, store: Store, book: Book, tasks: Tasks) -> None:
        self._store = store
        self._keys = store.keys
        self._book = book
        self._tasks = tasks

    # the errand

    async def save(
        self,
        errand: Errand,
        changed: Errand,
        look: int | None = None,
        *,
        what: str = "",
        reason: str = "",
        by: str = "",
        wish: str | None = None,
    ) -> bool:
        """Keep what changed, look again at ``look`` (UTC ms, by default when it is time).

        ``what`` goes into the journal; ``wish``: the manager's, '' for none, that is seen to.
        False when it is not as it was.
        """
        effects = self._book.guarded(errand)
        if wish is not None:
            key = self._keys.sop_errand_wish()
            effects.guard(wish, "HGET", key, errand.id)
            effects.do("HDEL", key, errand.id)
        self._book.begin(effects, changed, self.next(changed) if look is None else look)
        if what:
            self._note(effects, errand, what, reason, by)
        return await self._store.apply(effects)

    async def put_off(
        self, errand: Errand, changed: Errand, why: str, wait: int, what: str = ""
    ) -> None:
        """Look again ``wait`` ms later; ``what`` is told when the reason is a new one."""
        new = why != errand.why or changed.step != errand.step
        changed = changed.model_copy(update={"why": str(why)})
        look = self._store.clock.now() + wait
        await self.save(errand, changed, look, what=what if new else "", reason=why)

    async def end(self, errand: Errand, what: str = "", reason: str = "") -> None:
        """Forget an errand none of whose tasks is open."""
        effects = self._book.guarded(errand)
        self._book.end(effects, errand)
        if what:
            self._note(effects, errand, what, reason)
        await self._store.apply(effects)

    async def give_back(
        self,
        errand: Errand,
        still: Mapping[str, str],
        what: str,
        reason: str,
        *,
        anew: bool = False,
        by: str = "",
    ) -> None:
        """End it and leave its open tasks to people, or have them gathered ``anew``."""
        keys, effects = self._keys, self._book.guarded(errand)
        key = keys.sop_unasked(errand.gateway) if anew else keys.sop_reminders()
        at = self._store.clock.now() if anew else errand.ends
        for some in chunks(sorted(still)):
            effects.do("ZADD", key, *(word for task in some for word in (at, task)))
        self._book.end(effects, errand, still)
        self._note(effects, errand, what, reason, by)
        await self._store.apply(effects)

    def next(self, errand: Errand) -> int:
        """When to look again: later and later, but in time for what is due."""
        now = self._store.clock.now()
        look = now + min(SELDOM, max(SOON, (now - errand.since) // 4))
        return min([look, *(at for at in (errand.ends, errand.remind_at) if at > now)])

    def _note(
        self, effects: Effects, errand: Errand, what: str, reason: str = "", by: str = ""
    ) -> None:
        source = f"sop {errand.sop}, for {errand.staff}" + (f", by {by}" if by else "")
        text, now = errand.text, self._store.clock.now()
        record(effects, Entry(at=now, what=what, source=source, reason=reason, text=text))

    # its tasks

    async def close_ended(
        self, errand: Errand, still: Mapping[str, str], targets: Targets
    ) -> dict[str, str]:
        """Close the open tasks of targets whose end is known; the others."""
        known = {
            task: targets[target]
            for task, target in still.items()
            if targets.get(target, ("waiting", 0))[0] != "waiting"
        }
        await self._each(errand, {task: (ENDINGS[one[0]], one[1]) for task, one in known.items()})
        return {task: target for task, target in still.items() if task not in known}

    async def close(self, errand: Errand, still: Mapping[str, str], ending: Ending) -> None:
        """Close all that is open, alike."""
        await self._each(errand, dict.fromkeys(still, (ending, 0)))

    async def _each(self, errand: Errand, ended: Mapping[str, tuple[Ending, int]]) -> None:
        by = f"{errand.staff} in {errand.gateway}"
        for some in chunks([*ended], TOGETHER):
            await asyncio.gather(
                *(self._tasks.ended(task, *ended[task][0], by, ended[task][1]) for task in some)
            )
