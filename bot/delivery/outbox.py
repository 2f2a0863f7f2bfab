"""The outbox: deliveries on disk, taken one per lane within the limits, finished once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.clock import Days
from bot.delivery.journal import Entry, record
from bot.model.capabilities import Rate
from bot.model.delivery import Delivery, Result, place_of
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.store import Store, as_text

LEASE = 60.0
"""Seconds a delivery may be at the gateway before it is held lost with its node."""

Verdict = Literal["send", "late", "capped"]
Ending = Literal["sent", "failed", "skipped", "in_doubt", "task", "again", "later"]
KEPT = frozenset({"in_doubt", "again", "later"})
"""Endings after which the delivery itself is still needed."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is ours to send: it is "sending" on disk. ``token`` proves it is ours."""

    delivery: Delivery
    verdict: Verdict
    token: str


class Outbox:
    """Hands out deliveries and records what became of them."""

    def __init__(self, store: Store, bell: Bell, days: Days | None = None) -> None:
        """``days``: in which zone endings are counted by day; UTC when not given."""
        self._store = store
        self._bell = bell
        self._days = days or Days()

    async def take(
        self,
        gateway: str,
        token: str,
        room: int,
        account: Rate | None,
        chat: Rate | None,
        for_replies: int = 0,
    ) -> tuple[list[Taken], int]:
        """Up to ``room`` deliveries that may go now, and ms until more may be due (-1: none).

        Replies come before welcomes, notices and broadcasts; ``for_replies`` of the room are
        kept free for more of them.
        """
        keys = self._store.keys
        answer = await self._store.run(
            "take",
            [
                keys.outbox_sending(gateway),
                keys.outbox_owner(),
                keys.outbox_body(),
                keys.outbox_busy(),
                keys.blocked(gateway),
                keys.limit(gateway),
            ],
            [
                self._store.prefix,
                gateway,
                token,
                self._store.clock.now(),
                int(LEASE * 1000),
                room,
                *pace(account),
                *pace(chat),
                for_replies,
            ],
        )
        taken = []
        for i in range(1, len(answer), 3):
            delivery = Delivery.model_validate_json(answer[i + 2])
            delivery = delivery.model_copy(update={"id": as_text(answer[i])})
            verdict: Verdict = as_text(answer[i + 1])  # type: ignore[assignment]
            taken.append(Taken(delivery, verdict, token))
        return taken, int(answer[0])

    async def finish(
        self,
        taken: Taken,
        ending: Ending,
        reason: str = "",
        *,
        due: int = 0,
        blocked_until: int = 0,
        give_back_cap: bool = False,
        changed: Delivery | None = None,
        effects: Effects | None = None,
    ) -> bool:
        """Record how a taken delivery ended; False when it is not ours any more.

        "again" keeps its place before others of its lane and is due at ``due``; "later" moves it.
        ``blocked_until`` (UTC ms) holds back the whole gateway, for all nodes; ``effects`` are what
        else is done, without their guards.
        """
        delivery, keys = changed or taken.delivery, self._store.keys
        more, effects = effects, Effects(keys)  # the caller's stay as they are: it may ask again
        effects.operations += more.operations if more else []
        self._journal(effects, delivery, ending, reason)
        result = ""
        if delivery.result and ending not in {"again", "later"}:
            name = f"skipped:{reason}" if ending == "skipped" else ending
            result = keys.sop_result(delivery.result.run, name)
            self._follow(effects, delivery.result, ending, reason)
        done = await self._store.run(
            "finish",
            [
                keys.outbox_sending(delivery.to.gateway),
                keys.outbox_owner(),
                keys.outbox_body(),
                keys.outbox_busy(),
                keys.outbox_doubt(),
                keys.blocked(delivery.to.gateway),
            ],
            [
                self._store.prefix,
                delivery.id,
                taken.token,
                ending,
                delivery.to.key,
                delivery.priority,
                delivery.model_dump_json() if ending in KEPT else "",
                due,
                blocked_until,
                result,
                delivery.result.target if delivery.result else 0,
                "\n".join(_counted(delivery)) if give_back_cap else "",
                self._store.clock.now(),
                *effects.wire(),
            ],
        )
        return bool(done)

    def _journal(self, effects: Effects, delivery: Delivery, ending: Ending, reason: str) -> None:
        now = self._store.clock.now()
        effects.count(self._days.of(now).isoformat(), f"delivery:{ending}")
        what = {"again": "delivery.retried", "later": "delivery.deferred"}.get(
            ending, f"delivery.{ending}"
        )
        if delivery.does != "say":  # "delivery.recalled", "delivery.recall_failed"
            what = f"delivery.{delivery.does}" + ("" if ending == "sent" else f"_{ending}")
        entry = Entry(
            at=now,
            what=what,
            conversation=delivery.to.key,
            member=delivery.member,
            delivery=delivery.id,
            source=delivery.source,
            reason=reason,
            text=delivery.message.summary,
        )
        record(effects, entry)

    def _follow(self, effects: Effects, result: Result, ending: Ending, reason: str) -> None:
        """What comes after the row: steps that follow, whom it reached, replies credited to it."""
        keys, now = effects.keys, self._store.clock.now()
        if ending in {"sent", "skipped"}:
            follow(effects, result.follow, result.name, now)
        if ending == "sent" and result.who:
            effects.credit(result.who, result.run, result.window)
            if result.timed:
                effects.sent(result.run, result.target, now)
            if result.who.startswith("g"):
                effects.reached(result.run, result.target)
            elif place := place_of(result.name):
                effects.reached_alone(result.run, place, result.target)
        if ending == "failed":
            why = f"{result.name or result.target}\n{reason}"
            effects.do("HSET", keys.sop_failed(result.run), result.target, why)

    async def lost(self, gateway: str, node: str, held: set[str]) -> list[Taken]:
        """Deliveries whose node is gone: leases that ended, and those ``node`` does not hold.

        A delivery of ``node`` that is not in ``held`` was at the gateway in a former life of it.
        """
        keys, now = self._store.keys, self._store.clock.now()
        rows = await self._store.table("ZRANGE", keys.outbox_sending(gateway), 0, 999, "WITHSCORES")
        found = []
        for ident, ends in rows.items():
            if ident in held:
                continue
            token = await self._store.text("HGET", keys.outbox_owner(), ident)
            body = await self._store.call("HGET", keys.outbox_body(), ident)
            if token is None or body is None:
                continue
            impossible = float(ends) > now + 2 * LEASE * 1000  # the clock went back
            if float(ends) <= now or impossible or token.rpartition(":")[0] == node:
                delivery = Delivery.model_validate_json(body).model_copy(update={"id": ident})
                found.append(Taken(delivery, "send", token))
        return found

    async def renew(self, gateway: str, held: set[str]) -> None:
        """Keep the leases of deliveries still at the gateway."""
        ends = self._store.clock.now() + int(LEASE * 1000)
        pairs = [word for ident in held for word in (ends, ident)]
        if pairs:
            await self._store.call("ZADD", self._store.keys.outbox_sending(gateway), "XX", *pairs)

    async def in_doubt(self) -> list[Delivery]:
        """Deliveries of which nobody knows whether they were sent, oldest first."""
        rows = await self._store.table("HGETALL", self._store.keys.outbox_doubt())
        found = [
            Delivery.model_validate_json(body).model_copy(update={"id": ident})
            for ident, body in rows.items()
        ]
        return sorted(found, key=lambda d: d.id)

    async def decide(self, ident: str, *, resend: bool, by: str) -> bool:
        """An operator's word on an in-doubt delivery: send it again, or let it be."""
        keys = self._store.keys
        body = await self._store.text("HGET", keys.outbox_doubt(), ident)
        if body is None:
            return False
        delivery = Delivery.model_validate_json(body)
        effects = Effects(keys)
        effects.guard(1, "HEXISTS", keys.outbox_doubt(), ident)
        effects.do("HDEL", keys.outbox_doubt(), ident)
        if resend and delivery.result:
            doubt = keys.sop_result(delivery.result.run, "in_doubt")
            effects.fact(doubt, delivery.result.target, present=False)
        if resend:
            now = self._store.clock.now()
            effects.deliver(
                delivery.model_copy(update={"id": "", "due": now, "until": None, "expires": None})
            )
        what = "delivery.resent" if resend else "delivery.closed"
        record(
            effects,
            Entry(
                at=self._store.clock.now(),
                what=what,
                conversation=delivery.to.key,
                delivery=ident,
                source=f"operator {by}",
                text=delivery.message.summary,
            ),
        )
        applied = await self._store.apply(effects)
        self._bell.ring("outbox")
        return applied

    async def waiting(self, gateway: str) -> dict[str, int]:
        """How many conversations wait with deliveries, by class."""
        keys = self._store.keys
        found = {}
        for priority in ("reply", "welcome", "notice", "broadcast"):
            found[priority] = int(
                await self._store.call("ZCARD", keys.outbox_due(gateway, priority))
            )
        return found


def follow(effects: Effects, occurrences: Sequence[str], target: str, now: int) -> None:
    """Let the steps that follow begin for a target, at ``now`` (UTC ms)."""
    for occurrence in occurrences:
        effects.do("ZADD", effects.keys.sop_follow(occurrence), "NX", now, target)
        sop = occurrence.partition("/")[0]
        effects.do("HSETNX", effects.keys.sop_open(sop), occurrence, "following")


def _counted(delivery: Delivery) -> dict[str, None]:
    """The keys a delivery was counted under, each once."""
    return dict.fromkeys(cap.keys[0] for cap in delivery.caps)


def pace(rate: Rate | None) -> tuple[int, int]:
    """A rate as GCRA burst and interval (µs), such that any ``seconds`` see at most ``count``."""
    if rate is None:
        return 1, 0
    burst = max(1, math.ceil(rate.count / 4))
    interval = rate.seconds * 1_000_000 / max(1, rate.count - burst)
    return burst, math.ceil(interval)
