"""The plan check: asks every check about one plan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from typing import Protocol

from bot.located import Problems
from bot.model.phrase import Phrase
from bot.sop.check.audience import audience
from bot.sop.check.calendar import calendar
from bot.sop.check.caps import caps
from bot.sop.check.conflicts import conflicts
from bot.sop.check.finding import SEVERITIES, Finding, Place
from bot.sop.check.flow import flow
from bot.sop.check.gateways import gateways
from bot.sop.check.links import Probe, unhealthy
from bot.sop.check.moments import moments, unshown
from bot.sop.check.plan import Plan, plan_of
from bot.sop.check.quotas import quotas
from bot.sop.check.staff import taps
from bot.sop.check.texts import texts
from bot.sop.check.wording import wording
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.record import Sop, Version
from bot.sop.sops import Sops

CHECKS = (audience, gateways, moments, taps, quotas, caps, conflicts, calendar, flow)
"""Each is given the plan and the room, and tells what it found."""


class Forecasts(Protocol):
    """The dry run, as the plan check reads it."""

    def stream(
        self, what: Sop | Version | None = None, *, days: int, version: Version | None = None
    ) -> AsyncIterator[Foreseen]:
        """The rows of all running SOPs, and of one in a version, or of a draft, besides."""


class PlanCheck:
    """Finds what would go wrong; writes nothing and sends nothing but polite questions to links."""

    def __init__(
        self, sops: Sops, gateways: Collection[str], probe: Probe, forecast: Forecasts
    ) -> None:
        """``gateways``: the names of all; ``probe`` asks links whether they answer."""
        self._sops = sops
        self._gateways = gateways
        self._probe = probe
        self._forecast = forecast

    async def check(
        self,
        version: Version,
        *,
        sop: Sop | None = None,
        days: int = 30,
        links: bool = True,
        unasked: Collection[str] = (),
    ) -> list[Finding]:
        """Everything to know about a draft, or about a ``sop`` in this version, the worst first.

        ``days`` are looked ahead; with ``links`` their servers are asked, if settings allow it,
        but not addresses that begin as one of ``unasked``: they stand for others.
        """
        ident = sop.id if sop else ""
        try:
            plan = await plan_of(self._sops, version, ident, self._gateways, days)
        except Problems as problems:
            return [_problem(ident, problem.said) for problem in problems.problems]
        plan = await self._foreseen(plan, sop, days)
        said = await texts(plan, self._sops)
        found = [finding for ask in CHECKS for finding in await ask(plan, self._sops)]
        found += wording(plan, self._sops, said)
        found += unshown(plan, said)
        if links and self._sops.means.settings.check_links:
            found += await unhealthy(plan, said, self._probe, unasked)
        order = {step.id: n for n, step in enumerate(plan.template.step)}
        return sorted(
            found, key=lambda f: (SEVERITIES.index(f.severity), order.get(f.place.step, -1))
        )

    async def _foreseen(self, plan: Plan, sop: Sop | None, days: int) -> Plan:
        """The plan with the rows of its own and of all other running SOPs."""
        what, version = (plan.version, None) if sop is None else (sop, plan.version)
        rows = [row async for row in self._forecast.stream(what, days=days, version=version)]
        own = [row for row in rows if row.sop == plan.sop]
        others = [row for row in rows if row.sop != plan.sop]
        topics: dict[str, str | None] = {}
        for one in await self._sops.all():
            if one.state == "running":
                topics[one.id] = (await self._sops.version(one)).template.topic
        return replace(plan, rows=own, others=others, topics=topics)


def _problem(sop: str, message: Phrase) -> Finding:
    place = Place(sop=sop, key="audience")
    return Finding(severity="error", place=place, message=message)
