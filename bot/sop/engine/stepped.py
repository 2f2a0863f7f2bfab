"""The source of ``step:tips/clicked``: what a SOP's own steps did for its members."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from bot.audience.expression import OUTCOMES
from bot.audience.source import Found, Scope, Source
from bot.sop.outcomes.results import REASONS, RESPONSES
from bot.sop.record import Version
from bot.store.store import Store

ANY = "any"
"""Instead of a step: any step of the SOP."""


class Stepped(Source):
    """Finds members by the rows of a SOP's runs, in all versions."""

    kind: ClassVar[str] = "step"

    def __init__(self, store: Store) -> None:
        self._store = store

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        """Who is in any run of the step with this outcome."""
        step, _, outcome = value.rpartition("/")
        if outcome == "clicked":
            return await self._clicked(step, scope)
        runs = await self._store.texts("ZRANGE", self._store.keys.sop_runs(scope.sop), 0, -1)
        names = [run for run in runs if step in (ANY, run.split("/", 2)[1])]
        if outcome == "skipped":
            return await self._skipped(names, scope)
        if outcome in RESPONSES:
            return [self._store.keys.sop_members(f"{scope.sop}/{name}", outcome) for name in names]
        kind = f"way:{outcome}" if outcome == "timed-out" else outcome
        return [self._store.keys.sop_result(f"{scope.sop}/{name}", kind) for name in names]

    async def known(self, scope: Scope) -> Collection[str] | None:
        """Every step of the SOP, and "any", with every outcome."""
        if not scope.sop:
            return None
        bodies = await self._store.table("HGETALL", self._store.keys.sop_versions(scope.sop))
        steps = {ANY}
        for body in bodies.values():
            steps |= {step.id for step in Version.model_validate_json(body).template.step}
        return [f"{step}/{outcome}" for step in sorted(steps) for outcome in OUTCOMES]

    async def _clicked(self, step: str, scope: Scope) -> Sequence[str]:
        keys = self._store.keys
        runs = await self._store.texts("ZRANGE", keys.sop_runs(scope.sop), 0, -1)
        names = [f"sop/{scope.sop}/{run}" for run in runs if step in (ANY, run.split("/", 2)[1])]
        numbers = await self._store.call("HMGET", keys.link_steps(), *names) if names else []
        return [keys.link_clicked(0, f"s{int(n)}") for n in numbers if n is not None]

    async def _skipped(self, names: Sequence[str], scope: Scope) -> Sequence[str]:
        keys = self._store.keys
        runs = [f"{scope.sop}/{name}" for name in names]
        return [keys.sop_result(run, f"skipped:{why}") for run in runs for why in REASONS]
