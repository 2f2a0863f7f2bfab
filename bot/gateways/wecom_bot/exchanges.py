"""Exchanges: what a bot that only gets callbacks may still answer, kept for all nodes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError

from bot.model.conversation import Conversation
from bot.store.effects import Effects
from bot.store.line import StoreError
from bot.store.store import Store

KEPT = 3600
"""Seconds after the last message in which those of a conversation are kept."""
EACH = 10
"""Messages of one conversation that are kept; the oldest go first."""
TRIES = 50


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message somebody sent, or their opening of the chat, and what is said to it.

    Times are UTC ms. ``said`` are words by the id of what says them, of which WeCom has asked for
    the first ``asked``; ``last``: when the last were added. ``later`` is where one more answer
    can go. ``greets``: somebody opened the chat, and only their greeting is waited for.
    """

    conversation: str
    at: int
    later: str = ""
    greets: bool = False
    said: tuple[tuple[str, str], ...] = ()
    asked: int = 0
    last: int = 0
    finished: bool = False

    @property
    def text(self) -> str:
        """All that is said."""
        return "\n\n".join(text for _, text in self.said)

    def says(self, ident: str) -> bool:
        """Whether these words are in it."""
        return any(one == ident for one, _ in self.said)

    def told(self, ident: str) -> bool:
        """Whether WeCom has asked for these words."""
        return any(one == ident for one, _ in self.said[: self.asked])

    def adding(self, ident: str, text: str, now: int) -> Exchange:
        """The same with more words."""
        return replace(self, said=(*self.said, (ident, text)), last=now)

    def without(self, ident: str) -> Exchange:
        """The same without these words, unless WeCom has asked for them."""
        if self.told(ident):
            return self
        return replace(self, said=tuple(one for one in self.said if one[0] != ident))

    def asking(self, *, finished: bool) -> Exchange:
        """The same once WeCom has got all of it."""
        return replace(self, asked=len(self.said), finished=self.finished or finished)


_EXCHANGE = TypeAdapter(Exchange)


class Exchanges:
    """The exchanges of one gateway, by the id of what they answer and of its conversation.

    All raises StoreError.
    """

    def __init__(self, gateway: str, store: Store) -> None:
        self._gateway = gateway
        self._store = store

    def name(self, where: Conversation, message: str) -> str:
        """The id of a message's exchange: short, and it says where to look."""
        return f"{_digest(where.key)}-{message}"

    async def begin(self, name: str, exchange: Exchange) -> None:
        """Keep a new exchange; one that is there already stays as it is."""
        key, message = self._place(name)
        rows = await self._rows(key)
        older = sorted(rows, key=lambda one: rows[one].at)[: max(0, len(rows) + 1 - EACH)]
        late = [one for one, row in rows.items() if exchange.at - row.at >= KEPT * 1000]
        effects = Effects(self._store.keys)
        if gone := {*older, *late} - {message}:
            effects.do("HDEL", key, *sorted(gone))
        effects.do("HSETNX", key, message, _written(exchange))
        effects.do("EXPIRE", key, KEPT)
        await self._store.apply(effects)

    async def of(self, where: Conversation) -> list[tuple[str, Exchange]]:
        """Name and exchange of all in a conversation, the newest first."""
        digest = _digest(where.key)
        rows = await self._rows(self._store.keys.wecom_bot_chat(self._gateway, digest))
        found = [(f"{digest}-{message}", row) for message, row in rows.items()]
        return sorted(found, key=lambda one: one[1].at, reverse=True)

    async def get(self, name: str) -> Exchange | None:
        """An exchange, None when it is kept no more."""
        return _read(await self._store.text("HGET", *self._place(name)) or "")

    async def change(self, name: str, make: Callable[[Exchange], Exchange]) -> Exchange | None:
        """Change an exchange to what ``make`` makes of it, whoever else changes it; what it is."""
        for _ in range(TRIES):
            before = await self.get(name)
            if before is None:
                return None
            after = make(before)
            if after == before or await self.swap(name, before, after):
                return after
        raise StoreError("an exchange is changed by too many at once")

    async def swap(self, name: str, before: Exchange, after: Exchange) -> bool:
        """Change an exchange if it is still as ``before``; whether it was."""
        key, message = self._place(name)
        effects = Effects(self._store.keys)
        effects.guard(_written(before), "HGET", key, message)
        effects.do("HSET", key, message, _written(after))
        return await self._store.apply(effects)

    async def _rows(self, key: str) -> dict[str, Exchange]:
        rows = await self._store.table("HGETALL", key)
        return {one: row for one, text in rows.items() if (row := _read(text))}

    def _place(self, name: str) -> tuple[str, str]:
        digest, _, message = name.partition("-")
        return self._store.keys.wecom_bot_chat(self._gateway, digest), message


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def _written(exchange: Exchange) -> str:
    return json.dumps(asdict(exchange), ensure_ascii=False)


def _read(text: str) -> Exchange | None:
    """An exchange as it was written, None for nothing and what another version wrote."""
    try:
        return _EXCHANGE.validate_json(text) if text else None
    except ValidationError:
        return None
