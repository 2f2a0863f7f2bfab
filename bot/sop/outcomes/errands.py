"""The errands room: SOP messages that need a tap are put before staff inside their platform."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.gateways.adapter import Adapter
from bot.gateways.answer import answer_of
from bot.model.asking import AskState, NobodyToAsk
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError
from bot.sop.outcomes.errand import Book, Errand, Look, Why, Wish
from bot.sop.outcomes.gathering import Gathering
from bot.sop.outcomes.ledger import ENDINGS, LEFT_OUT, SELDOM, SOON, STOPPED, TOO_LATE, Ledger
from bot.sop.outcomes.tasks import Tasks
from bot.store.members import Members
from bot.store.store import Store

AT_ONCE = 5
"""Errands looked at together: platforms refuse more of the same call at once."""
PATIENCE = 50.0
"""Seconds an adapter may take for one answer; two of them are less than the lease."""
SEEK = 600_000
"""Ms for which an ask that may have been made is looked for before people are told."""
GRACE = 3_600_000
"""Ms after the tap in which results may still come; what has none then was left out."""
REMIND = 4 * 3_600_000
"""Ms between reminders."""
DAY = 86_400_000
REMINDERS = 3
"""Reminders of one errand in a day, at most."""
REPAIR = 600_000
"""Ms until it is tried again when an operator must act."""


class Errands:
    """Asks staff, looks what became of it, reminds, and takes it back.

    Any number of nodes may look; each errand is one node's for a while. It is noted before it is
    asked, so after a crash in between it is looked for on the platform and never asked twice.
    """

    def __init__(
        self,
        store: Store,
        members: Members,
        tasks: Tasks,
        adapters: Callable[[], Mapping[str, Adapter]],
        opening: Callable[[int], int],
    ) -> None:
        """``adapters``: those this node is connected with; ``opening``: the first moment from a
        UTC ms on that is outside quiet hours."""
        self._store = store
        self._keys = store.keys
        self._adapters = adapters
        self._opening = opening
        self._book = Book(store)
        self._gathering = Gathering(store, members, self._book)
        self._ledger = Ledger(store, self._book, tasks)
        self._halted: dict[str, str] = {}

    async def tick(self) -> None:
        """Do what the time asks for; called every second on every node."""
        found = {n: one for n, one in self._adapters().items() if one.capabilities.asks}
        if not found:
            return
        await self._follow_sops(found)
        for gateway, adapter in found.items():
            await self._gathering.gather(gateway, adapter.capabilities)
            while errands := await self._book.take(gateway, self._now(), AT_ONCE):
                await asyncio.gather(*(self._look(adapter, errand) for errand in errands))

    # for people

    async def of(self, tasks: Sequence[str]) -> dict[str, Errand]:
        """The errands of some tasks, by the tasks' ids."""
        return await self._book.of(tasks)

    async def wish(self, task: str, what: Wish, by: str) -> bool:
        """Have the errand of a task reminded of, or taken back, by the node that can.

        False when there is none that staff have now. What is taken back is a person's to send.
        """
        errand = (await self._book.of([task])).get(task)
        if errand is None or errand.step != "asked":
            return False
        effects = self._book.guarded(errand)
        effects.do("HSET", self._keys.sop_errand_wish(), errand.id, f"{what}\n{by}")
        effects.do("ZADD", self._keys.sop_errands(errand.gateway), self._now(), errand.id)
        return await self._store.apply(effects)

    # looking

    async def _look(self, adapter: Adapter, errand: Errand) -> None:
        state = await self._store.text("HGET", self._keys.sop_state(), errand.sop)
        wish = await self._store.text("HGET", self._keys.sop_errand_wish(), errand.id)
        targets = await self._book.targets(errand)
        still = await self._book.open(errand, targets)
        look = Look(adapter, errand, targets, still, state or "", wish or "")
        match errand.step:
            case "gathering":
                await self._begin(look)
            case "asked":
                await self._mind(look)
            case _:
                await self._seek(look)

    async def _follow_sops(self, gateways: Iterable[str]) -> None:
        """Look at once at what belongs to SOPs that were paused or stopped meanwhile."""
        states = await self._store.table("HGETALL", self._keys.sop_state())
        halted = {
            sop: state
            for sop, state in states.items()
            if state.startswith(("paused/", "stopping/", "stopped/"))
        }
        new = {sop for sop, state in halted.items() if self._halted.get(sop) != state}
        for errand in await self._book.all() if new else ():
            if errand.sop in new and errand.gateway in gateways:
                effects, key = self._book.guarded(errand), self._keys.sop_errands(errand.gateway)
                effects.do("ZADD", key, "XX", "LT", self._now(), errand.id)
                if errand.step == "asking" or not await self._store.apply(effects):
                    halted.pop(errand.sop, None)  # it is being seen to: once more at the next look
        self._halted = halted

    # asking

    async def _begin(self, look: Look) -> None:
        """Ask, if it is still wanted and not a quiet hour."""
        now, errand = self._now(), look.errand
        if why := look.back(now):
            await self._finish(look, look.still, why)
        elif (opens := self._opening(now)) > now:
            await self._ledger.save(errand, errand, opens)
        else:
            noted = errand.model_copy(update={"step": "asking", "since": now})
            if await self._ledger.save(errand, noted, now + 2 * SOON):
                await self._ask(look, noted)

    async def _ask(self, look: Look, errand: Errand) -> None:
        ledger, still = self._ledger, look.still
        again = errand.model_copy(update={"step": "gathering"})
        try:
            platform = await answer_of(look.adapter.ask(errand.ask(still.values())), PATIENCE)
        except NobodyToAsk as error:
            await ledger.close(errand, still, ENDINGS["gone"])
            await ledger.end(errand, "errand.refused", error.reason)
        except Refused as error:
            await ledger.give_back(errand, still, "errand.refused", error.reason)
        except Misconfigured as error:
            await ledger.put_off(errand, again, error.reason, REPAIR, "errand.waits")
        except Retry as error:
            await ledger.put_off(errand, again, error.reason, int(error.after * 1000))
        except SendError as error:
            await ledger.put_off(errand, errand, error.reason, SOON, "errand.seek")
        else:
            await self._asked(errand, platform)

    async def _asked(self, errand: Errand, platform: str) -> None:
        now = self._now()
        update = {"step": "asked", "platform": platform, "remind_at": now + REMIND, "why": ""}
        asked = errand.model_copy(update=update)
        await self._ledger.save(errand, asked, now + SOON, what="errand.asked")

    async def _seek(self, look: Look) -> None:
        """Look for what may have been asked; if it is not found, only people can know."""
        errand, now, why = look.errand, self._now(), look.errand.why
        try:
            ask = errand.ask(look.targets.values())
            platform = await answer_of(look.adapter.find_ask(ask), PATIENCE)
        except SendError as error:
            platform, why = "", error.reason
        if platform and not await self._is_anothers(errand, platform):
            await self._asked(errand, platform)
        elif not look.still:
            await self._ledger.end(errand)
        elif now - errand.since < SEEK:
            await self._ledger.put_off(errand, errand, why, SOON)
        elif look.halted == "stopped":
            await self._finish(look, look.still, "stopped")
        else:
            doubt = errand.model_copy(update={"step": "doubt"})
            await self._ledger.put_off(errand, doubt, why, SELDOM, "errand.doubt")

    async def _is_anothers(self, errand: Errand, platform: str) -> bool:
        return any(
            other.id != errand.id and (other.gateway, other.platform) == (errand.gateway, platform)
            for other in await self._book.all()
        )

    # once asked

    async def _mind(self, look: Look) -> None:
        """See what became of it, and remind of it or take it back where that is due."""
        errand, kept = look.errand, ""
        back = "" if errand.tapped else look.back(self._now())
        try:
            if back:
                kept = await self._withdraw(look)
            ask = errand.ask(look.targets.values())
            state, found = await answer_of(look.adapter.asked(errand.platform, ask), PATIENCE)
        except SendError as error:
            wait = int(error.after * 1000) if isinstance(error, Retry) else 0
            await self._ledger.put_off(errand, errand, error.reason, max(SOON, wait))
            return
        still = await self._ledger.close_ended(errand, look.still, found)
        taken = back in ("stopped", "late") or (back != "" and not kept)
        if not still:
            await self._ledger.end(errand, "errand.withdrawn" if back == "closed" else "")
        elif back and taken and state != "done":
            await self._finish(look, still, back, kept)
        elif state == "cancelled" or state == "expired":
            ending = LEFT_OUT if state == "cancelled" else TOO_LATE
            await self._ledger.close(errand, still, ending)
            await self._ledger.end(errand, f"errand.{state}")
        else:
            await self._wait(look, still, state, kept)

    async def _withdraw(self, look: Look) -> str:
        """Take it back; '' when it is, else why it cannot be. Raises other SendErrors."""
        try:
            await answer_of(look.adapter.withdraw(look.errand.platform), PATIENCE)
        except Refused as error:
            return str(error.reason)
        return ""

    async def _finish(self, look: Look, still: Mapping[str, str], why: Why, kept: str = "") -> None:
        """End it with what nobody sent: closed, asked anew after a pause, or a person's."""
        errand, ledger = look.errand, self._ledger
        if not still:
            await ledger.end(errand)
        elif why == "paused":
            await ledger.give_back(errand, still, "errand.withdrawn", why, anew=True)
        elif why == "wish":
            await ledger.give_back(errand, still, "errand.withdrawn", "", by=look.by)
        else:
            ending = STOPPED if why == "stopped" else TOO_LATE
            await ledger.close(errand, still, ending)
            await ledger.end(errand, "errand.withdrawn", kept or ending[1])

    async def _wait(self, look: Look, still: Mapping[str, str], state: AskState, kept: str) -> None:
        """Go on waiting for the tap, or after it for the rest of the results."""
        now, errand = self._now(), look.errand
        changed = errand.model_copy(update={"why": kept})
        if state == "done" and errand.tapped and now - errand.tapped >= GRACE:
            # Whoever is not shown a moment was not chosen by anybody.
            ending = ENDINGS["gone"] if errand.kind == "moment" else LEFT_OUT
            await self._ledger.close(errand, still, ending)
            await self._ledger.end(errand)
        elif state == "done":
            tapped = changed.model_copy(update={"tapped": errand.tapped or now})
            await self._ledger.save(errand, tapped, now + SOON, wish=look.wish)
        elif state == "waiting" and (look.wishes("remind") or self._reminds(errand)):
            await self._remind(look, changed)
        else:
            await self._ledger.save(errand, changed, wish=look.wish)

    def _reminds(self, errand: Errand) -> bool:
        now = self._now()
        return now >= errand.remind_at and self._opening(now) == now

    async def _remind(self, look: Look, changed: Errand) -> None:
        """Remind at most three times in a day; noted before it is done."""
        now, errand, ledger = self._now(), look.errand, self._ledger
        by = look.by if look.wishes("remind") else ""
        recent = [at for at in errand.reminded if now - at < DAY]
        if len(recent) >= REMINDERS:
            later = changed.model_copy(update={"remind_at": recent[-REMINDERS] + DAY})
            what, reason = ("errand.not_reminded", "reminded three times today") if by else ("", "")
            await ledger.save(errand, later, what=what, reason=reason, by=by, wish=look.wish)
            return
        told = {"reminded": (*errand.reminded, now), "remind_at": now + REMIND}
        noted = changed.model_copy(update=told)
        if not await ledger.save(errand, noted, now + 2 * SOON, wish=look.wish):
            return
        try:
            await answer_of(look.adapter.remind(errand.platform), PATIENCE)
        except InDoubt as error:
            await ledger.save(noted, noted, what="errand.not_reminded", reason=error.reason, by=by)
        except SendError as error:
            wait = DAY if isinstance(error, Refused) else SOON
            undone = {"remind_at": now + wait, "why": str(error.reason)}
            later = changed.model_copy(update=undone)
            await ledger.save(noted, later, what="errand.not_reminded", reason=error.reason, by=by)
        else:
            await ledger.save(noted, noted, what="errand.reminded", by=by)

    def _now(self) -> int:
        return self._store.clock.now()
