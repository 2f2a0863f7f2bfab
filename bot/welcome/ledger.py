"""The ledger: who was greeted and who was not, why, and how many by script and day."""

from __future__ import annotations

from collections.abc import Iterable

from bot.clock import Days
from bot.delivery.journal import Entry, record
from bot.model.phrase import Phrase
from bot.routing.context import Context
from bot.store.store import Store
from bot.welcome.arrival import Joiner

KEPT = 400 * 86_400
"""Seconds counts are kept."""
GREETED, WITHDRAWN, WAITING = "greeted", "withdrawn", "asked"
"""What is counted besides the reasons of those not greeted."""
NOBODYS = ""
"""In place of a script where none applied."""


class Ledger:
    """Writes journal and counts in the same commit as what they tell."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store = store
        self._days = days

    def greeted(self, ctx: Context, script: str, joiners: Iterable[Joiner], variant: str) -> None:
        """Somebody was greeted; ``variant`` is what they got where there are several."""
        for joiner in joiners:
            self._note(ctx, "welcome.sent", joiner, variant)
            self.count(ctx, script, GREETED)

    def skipped(self, ctx: Context, script: str, joiner: Joiner, reason: Phrase) -> None:
        """Somebody was not, or not all was said to them."""
        self._note(ctx, "welcome.skipped", joiner, reason, joiner.name)
        self.count(ctx, script, reason.text)

    def withdrawn(self, ctx: Context, script: str, joiner: Joiner) -> None:
        """What was said to somebody is taken back."""
        self._note(ctx, "welcome.withdrawn", joiner, "")
        self.count(ctx, script, WITHDRAWN)

    def count(self, ctx: Context, script: str, what: str) -> None:
        """Add one to a day's count."""
        key = ctx.effects.keys.welcome_counts(self._days.of(ctx.now).isoformat())
        ctx.effects.operations.append(("count", key, f"{script}/{what}", 1, KEPT))

    async def of(self, day: str) -> dict[str, dict[str, int]]:
        """By script what was counted on a day (ISO)."""
        found: dict[str, dict[str, int]] = {}
        rows = await self._store.table("HGETALL", self._store.keys.welcome_counts(day))
        for name, count in rows.items():
            script, _, what = name.rpartition("/") if "/" in name else ("", "", name)
            found.setdefault(script, {})[what] = int(count)
        return found

    async def today(self) -> dict[str, dict[str, int]]:
        """The same of today."""
        return await self.of(self._days.of(self._store.clock.now()).isoformat())

    def _note(self, ctx: Context, what: str, joiner: Joiner, reason: str, text: str = "") -> None:
        entry = Entry(
            at=ctx.now,
            what=what,
            conversation=ctx.conversation.key,
            member=joiner.member or None,
            source=f"event {ctx.event.id}",
            reason=reason,
            text=text,
        )
        record(ctx.effects, entry)
