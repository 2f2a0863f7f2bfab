"""The inbox: events on disk, in order per conversation, leased to nodes, committed once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.delivery.names import with_presentable_names
from bot.model.base import Frozen
from bot.model.event import BaseEvent
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.store import Store, as_text

CONTROL = re.compile("[\x00-\x1f\x7f]")
HALF_DAY = 12 * 3600
LEASE = 20.0
"""Seconds a node owns a conversation without renewing."""
ITEMS = 32
"""Events of one conversation leased at once."""


@dataclass(frozen=True, slots=True)
class Leased:
    """A conversation one node works on, with its next events as stored.

    ``tries``: how often a node ended that had the first event in hand.
    """

    conversation: str
    token: str
    tries: int
    items: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Committed:
    """How a commit ended, and further events of the conversation that came with it."""

    status: Literal["ok", "fenced", "conflict"]
    items: Sequence[bytes] = ()


class DeadLetter(Frozen):
    """An event that could not be handled, with what went wrong; ``at`` is UTC ms."""

    at: int
    conversation: str
    event: str
    reason: str
    traceback: str = ""


class Inbox:
    """Takes events in, and hands each conversation to one node at a time."""

    def __init__(self, store: Store, bell: Bell) -> None:
        self._store = store
        self._bell = bell

    async def accept(self, event: BaseEvent) -> bool:
        """Put an event on disk; False when the gateway told us of it before.

        Returns only when it is safe to acknowledge. Repeats are known for 12 to 24 hours.
        Raises ValueError when an id has control characters: no platform gives such ids.
        """
        _check(event)
        event = with_presentable_names(event)
        keys = self._store.keys
        period = self._store.clock.now() // (HALF_DAY * 1000)
        conversation = event.conversation.key
        new = await self._store.run(
            "accept",
            [
                keys.inbox_seen(event.gateway, period),
                keys.inbox_seen(event.gateway, period - 1),
                keys.inbox_queue(conversation),
                keys.inbox_ready(),
                keys.inbox_owner(),
                keys.inbox_seen(event.gateway, period + 1),
            ],
            [event.id, conversation, item(event), 2 * HALF_DAY],
        )
        self._bell.ring("inbox")
        return bool(new)

    async def lease(self, node: str, room: int) -> list[Leased]:
        """Take up to ``room`` conversations that have events and no owner."""
        keys = self._store.keys
        rows = await self._store.run(
            "lease",
            [
                keys.inbox_ready(),
                keys.inbox_leases(),
                keys.inbox_owner(),
                keys.inbox_tries(),
                keys.fence(),
            ],
            [self._store.prefix, node, self._store.clock.now(), int(LEASE * 1000), room, ITEMS],
        )
        return [Leased(as_text(r[0]), as_text(r[1]), int(r[2]), r[3:]) for r in rows]

    async def commit(self, leased: Leased, event_id: str, effects: Effects, want: int) -> Committed:
        """Do the effects and acknowledge the event in one step.

        ``want``: how many further events to bring; 0 when some are still in hand; -1 to give the
        conversation back so that others get a turn.
        """
        keys = self._store.keys
        answer = await self._store.run(
            "commit",
            [
                keys.inbox_queue(leased.conversation),
                keys.inbox_leases(),
                keys.inbox_owner(),
                keys.inbox_tries(),
                keys.inbox_ready(),
            ],
            [
                self._store.prefix,
                leased.conversation,
                leased.token,
                event_id,
                want,
                *effects.wire(),
            ],
        )
        status: Any = as_text(answer[0])
        if status == "ok" and effects.deliveries:
            self._bell.ring("outbox")
        return Committed(status, answer[1:] if status == "ok" else ())

    async def renew(self, held: Iterable[Leased]) -> set[str]:
        """Keep leases alive; the conversations that are lost."""
        pairs = [word for h in held for word in (h.conversation, h.token)]
        if not pairs:
            return set()
        keys = self._store.keys
        ends = self._store.clock.now() + int(LEASE * 1000)
        lost = await self._store.run(
            "renew", [keys.inbox_leases(), keys.inbox_owner()], [ends, *pairs]
        )
        return {as_text(c) for c in lost}

    async def reclaim(self, node: str, held: Iterable[str]) -> int:
        """Give back conversations whose owner is gone; those of ``node`` not in ``held`` too."""
        keys = self._store.keys
        given = await self._store.run(
            "reclaim",
            [keys.inbox_ready(), keys.inbox_leases(), keys.inbox_owner(), keys.inbox_tries()],
            [self._store.clock.now(), node, 1000, int(LEASE * 1000), *held],
        )
        if given:
            self._bell.ring("inbox")
        return int(given)

    async def attempt(self, leased: Leased) -> None:
        """Note that the first event, which is under suspicion, is tried now."""
        await self._store.call(
            "HSET", self._store.keys.inbox_tries(), leased.conversation, leased.tries + 1
        )

    async def elapse(self) -> int:
        """Queue the timers whose time came; ms until the next one, -1 for none."""
        keys, now = self._store.keys, self._store.clock.now()
        moved, due = await self._store.run(
            "elapse",
            [keys.timers(), keys.timer_events(), keys.inbox_ready(), keys.inbox_owner()],
            [self._store.prefix, now, 256],
        )
        if moved:
            self._bell.ring("inbox")
        if moved == 256:
            return 0
        return max(0, int(float(due)) - now) if float(due) >= 0 else -1

    async def dead_letters(
        self, before: str = "+", limit: int = 50
    ) -> list[tuple[str, DeadLetter]]:
        """Dead letters, newest first, with their ids."""
        end = before if before == "+" else f"({before}"
        rows = await self._store.call(
            "XREVRANGE", self._store.keys.inbox_dead(), end, "-", "COUNT", limit
        )
        return [(as_text(i), DeadLetter.model_validate_json(f[1])) for i, f in rows]

    async def replay(self, ident: str) -> bool:
        """Put a dead letter back into its conversation's queue; False when it is gone."""
        keys = self._store.keys
        rows = await self._store.call("XRANGE", keys.inbox_dead(), ident, ident)
        if not rows:
            return False
        letter = DeadLetter.model_validate_json(rows[0][1][1])
        await self._store.run(
            "replay",
            [
                keys.inbox_dead(),
                keys.inbox_queue(letter.conversation),
                keys.inbox_ready(),
                keys.inbox_owner(),
            ],
            [ident, letter.conversation, f"replay-{ident}\n{letter.event}"],
        )
        self._bell.ring("inbox")
        return True

    async def drop(self, ident: str) -> None:
        """Forget a dead letter."""
        await self._store.call("XDEL", self._store.keys.inbox_dead(), ident)


def _check(event: BaseEvent) -> None:
    for ident in (event.id, event.account.id, event.group or ""):
        if CONTROL.search(ident):
            raise ValueError(f"an id with control characters: {ident[:100]!r}")


def item(event: BaseEvent) -> str:
    """An event as stored in a queue: its id, a line feed, JSON."""
    return f"{event.id}\n{event.model_dump_json()}"
