"""Once: what is sent again under the same Idempotency-Key within a day is not done again."""

from __future__ import annotations

from hashlib import sha256

from pydantic import Field

from bot.api.problem import Refused
from bot.model.base import Frozen
from bot.store.effects import Effects
from bot.store.store import Store
from bot.tokens import Token

KEPT = 86_400
"""Seconds a request is known by its key."""


class OnceAsked(Frozen):
    """By what key it is done once."""

    key: str = Field(
        default="",
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,200}$",
        description="For a day what is sent again under this key is not done again.",
    )


class Once:
    """Remembers what requests came to; keys of one token mean nothing to another's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def before(self, token: Token, key: str, content: str) -> str | None:
        """What it came to when it was sent before; raises Refused when that was something else."""
        kept = await self._store.text("GET", self._name(token, key)) if key else None
        if not kept:
            return None
        digest, _, came = kept.partition(" ")
        if digest != _digest(content):
            raise Refused(409, "Another request was sent with this Idempotency-Key.")
        return came

    def remember(self, effects: Effects, token: Token, key: str, content: str, came: str) -> None:
        """Keep what it comes to; the effects are done only when nobody was faster."""
        if key:
            name = self._name(token, key)
            effects.guard("", "GET", name)
            effects.do("SET", name, f"{_digest(content)} {came}", "EX", KEPT)

    def _name(self, token: Token, key: str) -> str:
        return self._store.keys.api_once(sha256(f"{token.actor}\n{key}".encode()).hexdigest())


def _digest(content: str) -> str:
    return sha256(content.encode()).hexdigest()[:32]
