"""The audit: what operators did, written and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.delivery.journal import Entry
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store, as_text


class Audit:
    """Reads the audit, and writes what was done through other services."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(
        self,
        who: str,
        what: str,
        on: str = "",
        before: Mapping[str, Any] | None = None,
        **after: Any,
    ) -> None:
        """Write what was just done by a service that knows no operators."""
        effects = Effects(self._store.keys)
        now = self._store.clock.now()
        change = Change(at=now, who=who, what=what, on=on, before={**(before or {})}, after=after)
        audit(effects, change)
        await self._store.apply(effects)

    async def recent(self, before: str = "+", limit: int = 50) -> list[tuple[str, Change]]:
        """Up to ``limit`` (id, change) pairs older than the id ``before``, newest first."""
        end = before if before == "+" else f"({before}"
        rows = await self._store.call(
            "XREVRANGE", self._store.keys.audit(), end, "-", "COUNT", limit
        )
        return [(as_text(ident), _change(*fields)) for ident, fields in rows]


def _change(name: bytes, body: bytes) -> Change:
    """A change, also from the journal's form in which rooms write what they did themselves."""
    if name == b"change":
        return Change.model_validate_json(body)
    entry = Entry.model_validate_json(body)
    on, _, who = entry.source.partition(", by ")
    before, _, after = entry.reason.rpartition(" → ")
    what = "state" if before else "audience"
    return Change(
        at=entry.at,
        who=who,
        what=entry.what,
        on=on,
        before={what: before} if before else {},
        after={what: after} if after else {},
    )
