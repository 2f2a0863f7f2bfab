"""Feeds: the secret addresses by which operators' calendar programs read the agenda."""

from __future__ import annotations

import secrets
from hashlib import sha256

from bot.console.operators import Operator, Operators
from bot.model.base import Frozen
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store


class Feed(Frozen):
    """One operator's address; ``epoch`` is when the operator was added, ``since`` when it was
    made, both UTC ms."""

    operator: str
    epoch: int
    since: int


class Feeds:
    """Keeps one address for each operator who wants one; only a digest of it is stored."""

    def __init__(self, store: Store, operators: Operators) -> None:
        self._store = store
        self._operators = operators

    async def of(self, operator: Operator) -> Feed | None:
        """An operator's feed, if there is one."""
        _, feed = await self._own(operator)
        return feed

    async def make(self, operator: Operator) -> str:
        """A new token in place of the one there was; it is told only now."""
        token, now = secrets.token_urlsafe(32), self._store.clock.now()
        feed = Feed(operator=operator.name, epoch=operator.since, since=now)
        await self._change(operator, "calendar.feed-made", _digest(token), feed)
        return token

    async def revoke(self, operator: Operator) -> None:
        """End the address."""
        await self._change(operator, "calendar.feed-revoked")

    async def reader(self, token: str) -> Operator | None:
        """The operator whose token it is, as long as they are one."""
        if not 20 <= len(token) <= 100:
            return None
        key = self._store.keys.calendar_feeds()
        body = await self._store.call("HGET", key, _digest(token))
        if not body:
            return None
        feed = Feed.model_validate_json(body)
        operator = await self._operators.find(feed.operator)
        return operator if operator and operator.since == feed.epoch else None

    async def _own(self, operator: Operator) -> tuple[str, Feed | None]:
        """The digest and feed of an operator."""
        kept = await self._store.table("HGETALL", self._store.keys.calendar_feeds())
        for digest, body in kept.items():
            feed = Feed.model_validate_json(body)
            if feed.operator == operator.name:
                return digest, feed
        return "", None

    async def _change(
        self, operator: Operator, what: str, digest: str = "", feed: Feed | None = None
    ) -> None:
        key, effects = self._store.keys.calendar_feeds(), Effects(self._store.keys)
        old, _ = await self._own(operator)
        if old:
            effects.do("HDEL", key, old)
        if feed is not None:
            effects.do("HSET", key, digest, feed.model_dump_json())
        audit(effects, Change(at=self._store.clock.now(), who=operator.name, what=what))
        await self._store.apply(effects)


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
