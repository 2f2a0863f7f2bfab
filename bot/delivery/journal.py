"""The journal: what became of everything, one readable entry at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.model.base import Frozen
from bot.store.effects import Effects
from bot.store.store import Store, as_text

TIMELINE = 200
QUOTE = 200
"""Characters of a text that are kept."""


class Entry(Frozen):
    """One thing that happened; ``at`` is UTC ms, ``what`` a dotted name such as "delivery.sent".

    ``reason`` is a catalogued word or phrase an operator can read; ``text`` a short quote.
    """

    at: int
    what: str
    conversation: str = ""
    member: int | None = None
    delivery: str = ""
    source: str = ""
    reason: str = ""
    text: str = ""


def record(effects: Effects, entry: Entry) -> None:
    """Write an entry, also to its member's timeline, when the effects are committed."""
    if len(entry.text) > QUOTE:
        entry = entry.model_copy(update={"text": entry.text[:QUOTE]})
    body = entry.model_dump_json(exclude_defaults=True)
    effects.do("XADD", effects.keys.journal(), "*", "entry", body)
    if entry.member is not None:
        timeline = effects.keys.timeline(entry.member)
        effects.do("XADD", timeline, "MAXLEN", "~", TIMELINE, "*", "entry", body)


class Journal:
    """Reads the journal, newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def recent(
        self, before: str = "+", limit: int = 50, key: str | None = None
    ) -> list[tuple[str, Entry]]:
        """Up to ``limit`` (id, entry) pairs older than the id ``before`` ('+' for the newest)."""
        end = before if before == "+" else f"({before}"
        rows = await self._store.call(
            "XREVRANGE", key or self._store.keys.journal(), end, "-", "COUNT", limit
        )
        return [(as_text(i), Entry.model_validate_json(fields[1])) for i, fields in rows]

    async def search(
        self, words: str, before: str = "+", limit: int = 50, look: int = 20_000
    ) -> AsyncIterator[tuple[str, Entry]]:
        """Entries holding ``words`` in any field, newest first, among the last ``look``."""
        wanted, found, looked = words.casefold(), 0, 0
        while found < limit and looked < look:
            page = await self.recent(before, 500)
            for ident, entry in page:
                if wanted in entry.model_dump_json(exclude_defaults=True).casefold():
                    found += 1
                    yield ident, entry
                    if found >= limit:
                        return
            looked += len(page)
            if len(page) < 500:
                return
            before = page[-1][0]

    async def timeline(self, member: int, before: str = "+", limit: int = 50) -> list[Entry]:
        """A member's recent entries, newest first."""
        key = self._store.keys.timeline(member)
        return [entry for _, entry in await self.recent(before, limit, key)]

    async def trim(self, older_than: int) -> None:
        """Forget entries from before this UTC ms."""
        await self._store.call(
            "XTRIM", self._store.keys.journal(), "MINID", "~", max(0, older_than)
        )
