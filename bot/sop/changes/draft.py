"""Drafts: a template, values and an audience checked together and made a version."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.audience.audience import Audience
from bot.located import Place, Problem, Problems
from bot.model.phrase import Phrase
from bot.sop.engine.roster import Roster
from bot.sop.record import Version
from bot.sop.templates.parameters import settle
from bot.sop.templates.template import Template
from bot.sop.times.schedule import FOREVER_MS
from bot.sop.times.timing import occurrences


class Drafts:
    """Makes versions; raises Problems, everything wrong with what was given."""

    def __init__(self, roster: Roster, timezone: str, language: str) -> None:
        self._roster = roster
        self._timezone = timezone
        self._language = language

    async def version(
        self,
        number: int,
        template: Template,
        audience: str | Audience,
        parameters: Mapping[str, object],
        by: str,
        language: str | None,
        now: int,
    ) -> Version:
        problems: list[Problem] = []
        zone = ZoneInfo(template.timezone or self._timezone)
        try:
            values = settle(template.parameters, parameters, now, zone, language or self._language)
        except Problems as found:
            problems, values = [*found.problems], {}
        try:
            who = Audience.parse(audience) if isinstance(audience, str) else audience
            problems += await self._roster.algebra.check(who, template.to)
        except Problems as found:
            problems += found.problems
        if problems:
            raise Problems(problems)
        version = Version(
            number=number,
            since=now,
            by=by,
            template=template,
            parameters=values,
            audience=who,
            language=language or self._language,
        )
        if template.finite and number == 1 and not _ahead(version, zone, now):
            message = Phrase("nothing would go out: every step's time is past")
            raise Problems([Problem(Place("parameters"), "", message)])
        return version


def _ahead(version: Version, zone: ZoneInfo, now: int) -> bool:
    """Whether any occurrence of a dated SOP is still to come."""
    template = version.settled
    return any(
        occurrences(template, step, version.parameters, zone, now, now + FOREVER_MS)
        for step in template.step
    )
