"""The sender: the one way out to a gateway, within its limits, with every ending recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any, Protocol

import structlog

from bot.clock import Clock
from bot.delivery import acts
from bot.delivery.outbox import LEASE, Ending, Outbox, Taken
from bot.delivery.workers import Workers
from bot.metrics import Metrics
from bot.model.capabilities import Capabilities
from bot.model.delivery import (
    Delivery,
    InDoubt,
    Misconfigured,
    Receipt,
    Refused,
    Retry,
    SendError,
)
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.line import StoreAway, StoreError
from bot.store.store import Store

log = structlog.get_logger(__name__)

AT_ONCE = 64
"""Deliveries at one gateway at the same time, each to another conversation."""
IN_HAND = 256
"""Deliveries taken and not yet on record, with those whose end is being written."""
FOR_REPLIES = 16
"""How many of these only replies may use: a slow broadcast must not hold them up."""
PATIENCE = 30.0
"""Seconds a gateway may take to answer."""
WAIT = 0.5
"""Seconds until something the store could not do is tried again."""
GIVE_UP = 6 * 3600
"""Seconds after which a delivery that could not be sent fails, unless it expires earlier."""
ATTEMPTS = 200

Window = Callable[[Delivery], Awaitable[Delivery | None]]
"""Gives a delivery whose window ended a new one, or None when it is too late."""


class Gateway(Protocol):
    """What the sender needs of a gateway."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def send(self, delivery: Delivery) -> Receipt: ...


class Sender:
    """Sends one gateway's deliveries: replies first, each conversation in order."""

    def __init__(
        self,
        name: str,
        node: str,
        gateway: Gateway,
        outbox: Outbox,
        store: Store,
        bell: Bell,
        clock: Clock,
        window: Window,
        metrics: Metrics,
    ) -> None:
        self._name = name
        self._node = node
        self._gateway = gateway
        self._outbox = outbox
        self._store = store
        self._bell = bell
        self._clock = clock
        self._window = window
        self._metrics = metrics
        self._held: set[str] = set()
        self._there: set[str] = set()  # those of them at the gateway
        self._taking = False
        self._workers = Workers()
        self._token = ""
        self._takings = count(1)
        self._stopping = False

    async def start(self) -> None:
        """Settle what a former life of this node left at the gateway, and begin."""
        fence = await self._store.call("INCR", self._store.keys.fence())
        self._token = f"{self._node}:{fence}"
        await self._settle(self._node)
        self._workers.begin(sender=self._loop(), leases=self._keep())

    async def stop(self, seconds: float = 10.0) -> None:
        """Wait for the gateway's answers, at most ``seconds``; take nothing new."""
        self._stopping = True
        self._bell.ring("outbox")
        await self._workers.end(seconds)

    @property
    def busy(self) -> int:
        """Deliveries at the gateway now, and one more while the store is asked for some."""
        return len(self._held) + self._taking

    async def _loop(self) -> None:
        while not self._stopping:
            try:
                wait = await self._round()
            except StoreError as error:
                log.warning("sender.waiting", gateway=self._name, reason=str(error))
                wait = WAIT
            if wait:
                await self._bell.wait("outbox", wait)

    async def _round(self) -> float:
        """Take what may go; seconds until it is worth looking again."""
        room = min(AT_ONCE - len(self._there), IN_HAND - len(self._held))
        if room <= 0:
            return 1.0
        can = self._gateway.capabilities
        # Its own token for each taking: an ending told twice must not end the next taking.
        token = f"{self._token}.{next(self._takings)}"
        self._taking = True
        try:
            taken, wait = await self._outbox.take(
                self._name, token, room, can.account_rate, can.chat_rate, FOR_REPLIES
            )
        finally:
            self._taking = False
        for one in taken:
            self._held.add(one.delivery.id)
            self._there.add(one.delivery.id)
            self._workers.do(self._send(one), f"delivery {one.delivery.id}")
        if len(taken) == room:
            return 1.0
        return min(1.0, wait / 1000) if wait >= 0 else 1.0

    async def _keep(self) -> None:
        generation = self._store.line.generation
        while True:
            await asyncio.sleep(LEASE / 8)
            try:
                await self._outbox.renew(self._name, self._held)
                again = self._store.line.generation != generation
                generation = self._store.line.generation
                await self._settle(self._node if again else "")
            except StoreError as error:
                log.warning("sender.leases", gateway=self._name, reason=str(error))

    async def _settle(self, node: str) -> None:
        """Decide about deliveries that were at the gateway when their node ended.

        One that this sender itself took but does not hold never came to it: the store's answer
        was lost on the way.
        """
        for lost in await self._outbox.lost(self._name, node, self._held):
            if lost.delivery.id in self._held:
                continue
            now, never = self._clock.now(), lost.token.startswith(f"{self._token}.")
            if never:
                await self._outbox.finish(lost, "again", "the store's answer was lost", due=now)
            elif self._gateway.capabilities.idempotent or _worth(lost.delivery):
                await self._outbox.finish(lost, "again", "the bot ended while sending", due=now)
            else:
                await self._outbox.finish(lost, "in_doubt", "the bot ended while sending")
                self._count(lost.delivery, "in_doubt")

    async def _send(self, taken: Taken) -> None:
        delivery = taken.delivery
        try:
            if taken.verdict == "send":
                await self._hand_over(taken)
            else:
                await self._defer(taken)
        except StoreError as error:  # it stays in hand, so that it is not sent again
            log.error("sender.unrecorded", delivery=delivery.id, reason=str(error))
        else:
            self._held.discard(delivery.id)
            self._bell.ring("outbox")
        finally:
            self._there.discard(delivery.id)

    async def _hand_over(self, taken: Taken) -> None:
        delivery = taken.delivery
        try:
            receipt = await self._ask(delivery)
        except Retry as error:
            await self._retry(taken, error)
        except (Refused, Misconfigured) as error:
            await self._end(taken, "failed", error.reason, give_back_cap=True)
        except InDoubt as error:
            await self._doubt(taken, error.reason)
        except TimeoutError:
            await self._doubt(taken, f"no answer for {PATIENCE:.0f} seconds")
        except Exception as error:
            log.exception("adapter.failed", gateway=self._name, delivery=delivery.id)
            await self._doubt(taken, f"the adapter failed: {type(error).__name__}")
        else:
            effects = Effects(self._store.keys)
            acts.keep(effects, delivery, receipt)
            await self._end(taken, "sent", "; ".join(receipt.degraded), effects=effects)

    async def _ask(self, delivery: Delivery) -> Receipt:
        """What the gateway says; while its answer is written down, another may go."""
        try:
            async with asyncio.timeout(PATIENCE):
                if delivery.does == "say":
                    return await self._gateway.send(delivery)
                await acts.do(self._gateway, delivery, self._store)
                return Receipt()
        finally:
            self._there.discard(delivery.id)
            self._bell.ring("outbox")

    async def _doubt(self, taken: Taken, reason: str) -> None:
        """Nobody knows: send again where that cannot double, or where silence is worse."""
        delivery = taken.delivery
        if self._gateway.capabilities.idempotent or (_worth(delivery) and delivery.attempt < 3):
            await self._retry(taken, Retry(reason, after=1.0))
        else:
            await self._end(taken, "in_doubt", reason)

    async def _retry(self, taken: Taken, error: Retry) -> None:
        delivery, now = taken.delivery, self._clock.now()
        after = max(error.after, min(300.0, 0.5 * 2**delivery.attempt))
        due = now + int(after * 1000)
        ends = delivery.expires or delivery.due + GIVE_UP * 1000
        if due >= ends or delivery.attempt >= ATTEMPTS:
            await self._end(taken, "failed", f"gave up: {error.reason}", give_back_cap=True)
            return
        changed = delivery.model_copy(update={"attempt": delivery.attempt + 1})
        await self._finish(
            taken,
            "again",
            error.reason,
            due=due,
            blocked_until=due if error.scope == "account" else 0,
            give_back_cap=True,
            changed=changed,
        )

    async def _defer(self, taken: Taken) -> None:
        """The window ended or the cap is full: a new window, or an end with its reason."""
        delivery = taken.delivery
        if delivery.expires is not None and self._clock.now() >= delivery.expires:
            await self._end(taken, "skipped", "too late")
        elif taken.verdict == "capped":
            await self._end(taken, "skipped", "frequency cap")
        elif changed := await self._window(delivery):
            await self._finish(taken, "later", "quiet hours", due=changed.due, changed=changed)
        else:
            await self._end(taken, "skipped", "too late")

    async def _end(
        self,
        taken: Taken,
        ending: Ending,
        reason: str = "",
        *,
        effects: Effects | None = None,
        **more: Any,
    ) -> None:
        effects, delivery = effects or Effects(self._store.keys), taken.delivery
        if then := delivery.after if ending == "sent" else delivery.instead:
            effects.deliver(then.model_copy(update={"due": self._clock.now()}))
        await self._finish(taken, ending, reason, effects=effects, **more)
        self._count(taken.delivery, ending)

    async def _finish(self, taken: Taken, ending: Ending, reason: str, **more: Any) -> None:
        """Record what became of a delivery, however long the store is away: only we know it."""
        while True:
            try:
                done = await self._outbox.finish(taken, ending, reason, **more)
            except StoreAway as error:
                log.warning("sender.unrecorded", delivery=taken.delivery.id, reason=str(error))
                await asyncio.sleep(WAIT)
            else:
                break
        if not done:
            log.warning("sender.fenced", delivery=taken.delivery.id, outcome=ending)

    def _count(self, delivery: Delivery, ending: str) -> None:
        self._metrics.deliveries.labels(self._name, delivery.priority, ending).inc()


__all__ = ["Gateway", "SendError", "Sender", "Window"]


def _worth(delivery: Delivery) -> bool:
    """Whether it is rather done twice than not at all; what is no message may be done twice."""
    return delivery.priority == "reply" or delivery.does != "say"
