"""The record: who did what through the API, in the audit."""

from __future__ import annotations

from typing import Any

from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store
from bot.tokens import Token


class Record:
    """Writes the audit for rooms that know no operators."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, effects: Effects, token: Token, what: str, on: str, **after: Any) -> None:
        """Write it when, and only when, the effects are done."""
        now = self._store.clock.now()
        audit(effects, Change(at=now, who=token.actor, what=what, on=on, after=after))

    async def write(self, token: Token, what: str, on: str, **after: Any) -> None:
        """Write what was just done."""
        effects = Effects(self._store.keys)
        self.note(effects, token, what, on, **after)
        await self._store.apply(effects)
