"""The dispatcher: takes leased conversations through their handlers, one event at a time each."""

from __future__ import annotations

import asyncio
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog
from pydantic import ValidationError

from bot.delivery.inbox import LEASE, DeadLetter, Inbox, Leased
from bot.delivery.journal import Entry, record
from bot.delivery.workers import Workers
from bot.metrics import Metrics
from bot.model.event import BaseEvent, MessageReceived, event_adapter
from bot.routing.context import Context
from bot.routing.contexts import Contexts
from bot.routing.handler import Handler
from bot.routing.index import Index, Match
from bot.routing.presence import Presence
from bot.routing.rule import PASS
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.line import StoreAway, StoreError

log = structlog.get_logger(__name__)

AT_ONCE = 64
"""Conversations worked on at the same time by one node."""
TURN = 128
"""Events of one conversation handled before others get a turn."""
PATIENCE = 60.0
"""Seconds one handler may take."""
TRIES = 3
"""Times a node may end while it handles an event; then the event is a dead letter."""
WAIT = 0.5
"""Seconds until something the store could not do is tried again."""
CONFLICTS = 20
"""Times an event is handled anew because what it read had changed."""

Listener = Callable[[Context], Awaitable[None]]
"""Adds effects to an event's, whatever handles it."""


class Dispatcher:
    """Runs handlers; keeps the order within a conversation and lets no other wait for it."""

    def __init__(
        self,
        node: str,
        inbox: Inbox,
        index: Index[Handler],
        contexts: Contexts,
        presence: Presence,
        bell: Bell,
        metrics: Metrics,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._node = node
        self._inbox = inbox
        self.index = index
        self._contexts = contexts
        self._presence = presence
        self._bell = bell
        self._metrics = metrics
        self._listeners = listeners
        self._store = contexts.store
        self._clock = contexts.store.clock
        self._held: dict[str, Leased] = {}
        self._workers = Workers()
        self._free = asyncio.Event()
        self._suspects = asyncio.Lock()
        self._stopping = False

    async def start(self) -> None:
        """Take back what a former life of this node held, and begin."""
        await self._inbox.reclaim(self._node, [])
        self._workers.begin(dispatcher=self._loop(), leases=self._keep(), timers=self._time())

    async def stop(self, seconds: float = 10.0) -> None:
        """Finish the events in hand, at most ``seconds``; the rest stays in the inbox."""
        self._stopping = True
        self._free.set()
        self._bell.ring("inbox")
        await self._workers.end(seconds)

    @property
    def busy(self) -> int:
        """Conversations being worked on."""
        return len(self._held)

    async def _loop(self) -> None:
        while not self._stopping:
            room = AT_ONCE - len(self._held)
            if room <= 0:
                self._free.clear()
                await self._free.wait()
                continue
            try:
                leased = await self._inbox.lease(self._node, room)
            except StoreError as error:
                log.warning("dispatcher.waiting", reason=str(error))
                await asyncio.sleep(WAIT)
                continue
            for one in leased:
                self._held[one.conversation] = one
                self._workers.do(self._work(one), f"conversation {one.conversation}")
            if len(leased) < room:
                await self._bell.wait("inbox", 1.0)

    async def _keep(self) -> None:
        """Renew leases, and find the conversations of nodes that are gone."""
        generation = self._store.line.generation
        while True:
            await asyncio.sleep(LEASE / 8)
            try:
                await self._inbox.renew(list(self._held.values()))
                again = self._store.line.generation != generation
                generation = self._store.line.generation
                await self._inbox.reclaim(self._node if again else "", list(self._held))
            except StoreError as error:
                log.warning("dispatcher.leases", reason=str(error))

    async def _time(self) -> None:
        while True:
            try:
                wait = await self._inbox.elapse()
            except StoreError:
                wait = 500
            if wait:
                seconds = min(1.0, wait / 1000) if wait > 0 else 1.0
                await self._bell.wait("timers", seconds)

    async def _work(self, leased: Leased) -> None:
        """Handle a leased conversation's events until it is empty or others' turn."""
        try:
            await self._drain(leased)
        finally:
            if self._held.get(leased.conversation) is leased:
                del self._held[leased.conversation]
            self._free.set()

    async def _drain(self, leased: Leased) -> None:
        items, done = deque(leased.items), 0
        while items:
            raw = items.popleft()
            done += 1
            last = done >= TURN or self._stopping
            want = -1 if last else (0 if items else 32)
            if leased.tries and done == 1:
                committed = await self._try(leased, raw, want)
            else:
                committed = await self._handle(leased, raw, want)
            if committed is None or last:
                return
            items.extend(committed)

    async def _try(self, leased: Leased, raw: bytes, want: int) -> Sequence[bytes] | None:
        """An event that was in hand when its node ended; after the second time it is tried alone,
        so that the third end tells on the guilty only.
        """
        if leased.tries >= TRIES:
            reason = f"the process ended {TRIES} times while handling this event"
            return await self._handle(leased, raw, want, dead=reason)
        if leased.tries < TRIES - 1:
            return await self._handle(leased, raw, want, suspect=True)
        async with self._suspects:
            return await self._handle(leased, raw, want, suspect=True)

    async def _handle(
        self, leased: Leased, raw: bytes, want: int, *, suspect: bool = False, dead: str = ""
    ) -> Sequence[bytes] | None:
        """One event, until it is committed; None when the conversation is ours no more.

        ``dead`` says why it is not to be handled but put to the dead letters.
        """
        ident, _, body = raw.rpartition(b"\n")
        attempts = 0
        while True:
            try:
                if suspect:
                    await self._inbox.attempt(leased)
                if dead:
                    effects = self._buried(leased, body, dead)
                else:
                    effects = await self._effects(leased, body, fresh=attempts > 0)
                committed = await self._inbox.commit(leased, ident.decode(), effects, want)
            except StoreAway as error:
                log.warning("dispatcher.away", conversation=leased.conversation, reason=str(error))
                await asyncio.sleep(WAIT)
                continue
            except StoreError as error:
                dead = f"the store refused what it asked for: {error}"
                await asyncio.sleep(WAIT)
                continue
            if committed.status == "ok":
                if any(operation[0] == "timer" for operation in effects.operations):
                    self._bell.ring("timers")
                return committed.items
            if committed.status == "fenced":
                log.warning("dispatcher.fenced", conversation=leased.conversation)
                return None
            attempts += 1
            if attempts == CONFLICTS:
                dead = "what it read kept changing"

    async def _effects(self, leased: Leased, body: bytes, *, fresh: bool = False) -> Effects:
        """What handling the event asks for; a failure asks only for a dead letter.

        ``fresh``: nothing that is remembered of the member is relied on.
        """
        started = self._clock.now()
        try:
            event = event_adapter.validate_json(body)
            effects = await asyncio.wait_for(self._run(event, fresh), PATIENCE)
        except StoreAway:
            raise
        except Exception as error:
            effects = self._buried(leased, body, _reason(error), traceback.format_exc())
            log.error("handler.failed", conversation=leased.conversation, reason=_reason(error))
        self._metrics.handled.observe((self._clock.now() - started) / 1000)
        return effects

    async def _run(self, event: BaseEvent, fresh: bool) -> Effects:
        matches = self.index.match(event)
        ctx = await self._contexts.of(event, fresh=fresh)
        await self._presence.note(ctx)
        if event.past:
            return ctx.effects
        for listen in self._listeners:
            await listen(ctx)
        ran = False
        for match in matches:
            if not self._allowed(ctx, match):
                continue
            if await match.rule.payload(ctx, match) is PASS:
                continue
            ran = True
            if isinstance(event, MessageReceived):
                break
        if not ran and isinstance(event, MessageReceived) and event.to_bot:
            self._presence.unmatched(ctx)
        return ctx.effects

    def _allowed(self, ctx: Context, match: Match[Handler]) -> bool:
        role = match.rule.role
        return role is None or _rank(ctx.role) >= _rank(role)

    def _buried(self, leased: Leased, body: bytes, reason: str, trace: str = "") -> Effects:
        """What puts an event to the dead letters."""
        effects, now = Effects(self._store.keys), self._clock.now()
        event = body.decode("utf-8", "replace")
        letter = DeadLetter(
            at=now,
            conversation=leased.conversation,
            event=event,
            reason=reason,
            traceback=trace[-8000:],
        )
        effects.do("XADD", effects.keys.inbox_dead(), "*", "letter", letter.model_dump_json())
        record(
            effects,
            Entry(at=now, what="event.dead", conversation=leased.conversation, reason=reason),
        )
        self._metrics.dead.inc()
        return effects


RANKS = {None: 0, "viewer": 1, "manager": 2, "admin": 3}


def _rank(role: str | None) -> int:
    return RANKS.get(role, 0)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"the handler took longer than {PATIENCE:.0f} seconds"
    if isinstance(error, ValidationError):
        return "the event is not one this version understands"
    return f"{type(error).__name__}: {error}"[:500]
