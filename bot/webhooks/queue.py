"""The queue: what waits for an endpoint, what is on its way, and what was given up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.model.base import Frozen
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store, as_text

LEASE = 30_000
"""Ms a message may be on its way before it is held lost with its node."""
AT_ONCE = 4
"""Messages on their way to one endpoint, over all nodes."""
PAGE = 500

Ending = Literal["done", "again", "dead"]


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way to one endpoint; ``until`` (UTC ms) proves it is ours.

    ``tries``: how often it was sent in vain.
    """

    endpoint: str
    event: str
    body: str
    tries: int
    until: int


class Letter(Frozen):
    """A dead letter: an event an endpoint did not take in all its tries; ``at`` is UTC ms."""

    event: str
    at: int
    type: str
    tries: int
    reason: str
    answer: str = ""
    body: str


class Queue:
    """Hands out messages and records what became of them; all is on disk."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def take(self, endpoint: str) -> list[Message]:
        """Messages that are due, as many as may be on their way now."""
        keys, now = self._keys, self._store.clock.now()
        until = now + LEASE
        flat = await self._store.run(
            "webhook_take",
            [
                keys.webhook_due(endpoint),
                keys.webhook_sending(endpoint),
                keys.webhook_body(endpoint),
            ],
            [now, until, AT_ONCE],
        )
        found = []
        for event, kept in zip(flat[::2], flat[1::2], strict=True):
            head, body = _parts(kept)
            tries = int(head.get("tries", 0))
            found.append(Message(endpoint, as_text(event), body, tries, until))
        return found

    async def finish(
        self, message: Message, ending: Ending, *, due: int = 0, reason: str = "", answer: str = ""
    ) -> int:
        """Record how a try ended; since when the endpoint fails (UTC ms), 0 when it does not.

        "again" is due at ``due`` (UTC ms). -1 when the message is not ours any more.
        """
        keys, now, endpoint = self._keys, self._store.clock.now(), message.endpoint
        head = {"tries": message.tries + 1, "reason": reason, "answer": answer}
        kept = "" if ending == "done" else f"{json.dumps(head, ensure_ascii=False)}\n{message.body}"
        return int(
            await self._store.run(
                "webhook_finish",
                [
                    keys.webhook_due(endpoint),
                    keys.webhook_sending(endpoint),
                    keys.webhook_body(endpoint),
                    keys.webhook_dead(endpoint),
                    keys.webhook_health(endpoint),
                ],
                [
                    *(message.event, message.until, ending),
                    *(due if ending == "again" else now, kept, now, reason),
                ],
            )
        )

    # dead letters

    async def letters(self, endpoint: str, start: int = 0, limit: int = 50) -> list[Letter]:
        """Dead letters, the newest first."""
        keys = self._keys
        rows = await self._store.table(
            *("ZREVRANGE", keys.webhook_dead(endpoint), start, start + limit - 1, "WITHSCORES")
        )
        if not rows:
            return []
        bodies = await self._store.call("HMGET", keys.webhook_body(endpoint), *rows)
        found = []
        for (event, at), kept in zip(rows.items(), bodies, strict=True):
            if kept is None:  # whom it named was erased
                await self._store.call("ZREM", keys.webhook_dead(endpoint), event)
                continue
            head, body = _parts(kept)
            kind = json.loads(body)["type"]
            found.append(Letter(event=event, at=int(float(at)), type=kind, body=body, **head))
        return found

    async def replay(self, endpoint: str, by: str, event: str = "") -> int:
        """Send one again, or all of them; how many."""
        keys, back = self._keys, 0
        dead = keys.webhook_dead(endpoint)
        while events := [event] if event else await self._some(endpoint):
            back += int(
                await self._store.run(
                    "webhook_replay",
                    [keys.webhook_due(endpoint), keys.webhook_body(endpoint), dead],
                    [self._store.clock.now(), *events],
                )
            )
            if event:
                break
        await self._note("webhook.replayed", endpoint, by, back, event)
        return back

    async def drop(self, endpoint: str, by: str, event: str = "") -> int:
        """Forget one, or all of them; how many."""
        keys, gone = self._keys, 0
        while events := [event] if event else await self._some(endpoint):
            found = int(await self._store.call("ZREM", keys.webhook_dead(endpoint), *events))
            gone += found
            if found:
                await self._store.call("HDEL", keys.webhook_body(endpoint), *events)
            if event:
                break
        await self._note("webhook.dropped", endpoint, by, gone, event)
        return gone

    async def _some(self, endpoint: str) -> Sequence[str]:
        """The oldest of the dead letters."""
        return await self._store.texts("ZRANGE", self._keys.webhook_dead(endpoint), 0, PAGE - 1)

    async def _note(self, what: str, endpoint: str, by: str, number: int, event: str) -> None:
        if not number:
            return
        effects, now = Effects(self._keys), self._store.clock.now()
        after: dict[str, Any] = {"event": event} if event else {"letters": number}
        audit(effects, Change(at=now, who=by, what=what, on=f"webhook {endpoint}", after=after))
        await self._store.apply(effects)


def _parts(kept: bytes) -> tuple[dict[str, Any], str]:
    head, _, body = as_text(kept).partition("\n")
    return json.loads(head), body
