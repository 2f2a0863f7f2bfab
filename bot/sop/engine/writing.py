"""Writing: a verdict becomes a row, a delivery or a task, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from bot.delivery.journal import Entry, record
from bot.delivery.outbox import follow, pace
from bot.sop.engine.actor import wait_name
from bot.sop.engine.turn import Changed, Turn
from bot.sop.engine.verdict import (
    GONE,
    Assign,
    Await,
    Case,
    Done,
    Postpone,
    Send,
    Skip,
    Verdict,
)
from bot.sop.outcomes.tasks import HEARD
from bot.sop.record import followers
from bot.sop.sops import Sops
from bot.store.effects import Effects

CHANGED, TOO_FAST = -1, -2
"""What the script answers when the SOP is not as it was, and when its rate is used up."""

WAITS_KEPT = 400 * 86_400
"""Seconds a member's list of what is waited for is kept after the last."""

Judged = Sequence[tuple[Case, Verdict]]


class Writing:
    """Writes verdicts, all sent at once, each in one script that asks whether it still may."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._store = sops.means.store
        self._keys = sops.means.store.keys

    async def write(self, turn: Turn, judged: Judged) -> list[int]:
        """1 for each that was written, else 0 or TOO_FAST; raises Changed."""
        written = await asyncio.gather(*(self._one(turn, *one) for one in judged))
        if CHANGED in written:
            raise Changed
        return written

    def _one(self, turn: Turn, case: Case, verdict: Verdict) -> Awaitable[int]:
        match verdict:
            case Postpone(due, why):
                return self._move(turn, case, due, "deferred", why)
            case Await():
                return self._await(turn, case, verdict)
            case _:
                return self._row(turn, case, verdict)

    def _row(
        self, turn: Turn, case: Case, verdict: Skip | Done | Send | Assign
    ) -> asyncio.Future[int]:
        keys, target = self._keys, case.target
        result = f"{turn.sop.id}/{case.run}"
        effects, outcome, sent = Effects(keys), "", ["", "", 0, "", ""]
        verdict.act(effects)
        if verdict.way:
            effects.fact(keys.sop_result(result, f"way:{verdict.way}"), target.number)
        match verdict:
            case Skip(reason, detail):
                outcome = keys.sop_result(result, f"skipped:{reason}")
                record(
                    effects, entry_of(turn, case.occurrence, "sop.skipped", reason, detail, case)
                )
                if verdict.way:  # held out: what they do is compared with what the others do
                    effects.credit(target.who, result, HEARD)
                if reason not in GONE:
                    self._follow(effects, turn, case)
            case Done():
                outcome = keys.sop_result(result, "done")
                if verdict.text:
                    record(
                        effects, entry_of(turn, case.occurrence, "sop.done", "", verdict.text, case)
                    )
                self._follow(effects, turn, case, verdict.way)
            case Assign():
                outcome = keys.sop_result(result, "task")
                self._assign(effects, turn, case, verdict)
            case Send(delivery):
                to, kind = delivery.to.key, delivery.priority
                kept = f"{case.occurrence}\n{target.name}\n{kind}:{to}"
                sent = [to, kind, delivery.due, delivery.model_dump_json(), kept]
                if kind == "welcome":  # a contact gets one, from whoever is first
                    key = keys.welcome_open(delivery.to.gateway, target.number)
                    effects.guard(1, "EXISTS", key)
                    effects.do("DEL", key)
        return self._store.run(
            "sop_plan",
            [
                keys.sop_state(),
                keys.sop_due(case.occurrence),
                keys.sop_runs(turn.sop.id),
                keys.sop_result(result, "planned"),
                keys.sop_sending(turn.sop.id),
                keys.sop_rate(turn.sop.id),
            ],
            [
                *(self._store.prefix, turn.sop.id, turn.sop.token, target.name, target.number),
                *(case.due, case.run, outcome, *sent, turn.now, *_pace(case), *effects.wire()),
            ],
        )

    def _assign(self, effects: Effects, turn: Turn, case: Case, verdict: Assign) -> None:
        self._sops.tasks.assign(effects, verdict.task)
        for name, counted in verdict.counted.items():
            key = self._keys.cap(*name.rsplit(":", 1))
            ends = max(cap.ends for cap in verdict.caps if cap.keys[0] == name)
            effects.guard(counted, "GET", key)
            effects.do("INCR", key)
            effects.do("PEXPIRE", key, max(1, ends - turn.now))
        text = verdict.task.title or verdict.task.text
        record(effects, entry_of(turn, case.occurrence, "task.opened", "", text, case))

    def _follow(self, effects: Effects, turn: Turn, case: Case, way: str = "") -> None:
        if case.step is not None:
            after = followers(case.flight.template, case.occurrence, case.step.id, way)
            follow(effects, after, case.target.name, turn.now)

    async def _await(self, turn: Turn, case: Case, verdict: Await) -> int:
        """Put it down for what the member does, and for when nothing came."""
        waits = self._keys.sop_waits(case.target.number)
        extra = Effects(self._keys)
        extra.do("HSET", waits, wait_name(turn.sop.id, case), verdict.what)
        extra.do("EXPIRE", waits, WAITS_KEPT)
        return await self._move(turn, case, verdict.due, "waiting", "", extra)

    async def _move(
        self,
        turn: Turn,
        case: Case,
        due: int,
        outcome: str,
        why: str,
        effects: Effects | None = None,
    ) -> int:
        keys, name = self._keys, case.target.name
        effects = effects or Effects(keys)
        effects.guard(turn.sop.token, "HGET", keys.sop_state(), turn.sop.id)
        effects.guard(case.due, "ZSCORE", keys.sop_due(case.occurrence), name)
        effects.do("ZADD", keys.sop_due(case.occurrence), "XX", due, name)
        effects.do("ZADD", keys.sop_runs(turn.sop.id), "NX", case.due, case.run)
        effects.fact(keys.sop_result(f"{turn.sop.id}/{case.run}", outcome), case.target.number)
        if why:
            record(effects, entry_of(turn, case.occurrence, "sop.deferred", why, "", case))
        return int(await self._store.apply(effects))


def _pace(case: Case) -> tuple[int, float]:
    """The SOP's own rate as burst and interval in ms."""
    rate = case.flight.template.guards.rate
    burst, micros = pace(rate)
    return burst, micros / 1000


def entry_of(
    turn: Turn, occurrence: str, what: str, reason: str, text: str, case: Case | None = None
) -> Entry:
    """A journal entry about an occurrence, or one target of it."""
    number = case.target.number if case else 0
    personal = turn.template.to == "member"
    group = turn.groups.get(number) if not personal else None
    run = case.run if case else run_name(turn, occurrence)
    return Entry(
        at=turn.now,
        what=what,
        conversation=group.conversation.key if group else "",
        member=number if personal and number else None,
        source=f"{turn.sop.source}/{run}",
        reason=reason,
        text=text,
    )


def run_name(turn: Turn, occurrence: str) -> str:
    """The run of an occurrence in the current version."""
    return f"{turn.version.number}/{occurrence.partition('/')[2]}"
