"""The plan check in the editor: a draft, with made-up values, for an audience that is assumed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.audience.audience import Audience
from bot.audience.expression import Term
from bot.clock import utc
from bot.console.page import Page
from bot.console.pages.sop_form import Form
from bot.console.sop_draft import LONGEST, by_field, expressed
from bot.console.sop_readings import Readings
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.phrase import Phrase
from bot.sop.check import Finding, PlanCheck
from bot.sop.sops import Sops
from bot.sop.templates.manuscript import toml
from bot.sop.templates.specimen import Specimens
from bot.sop.templates.template import Template, Value

DAYS = 14
LIVE, PATIENT = 2.0, 60.0
"""Seconds it may take while somebody writes, and when they asked for it."""
WHOM = {
    "": msgid("whom it suits"),
    "everyone": msgid("every member"),
    "all-groups": msgid("all groups"),
    "expression": msgid("written out"),
}
"""Who a draft can be taken to be for."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was found at one step, the number of which is -1 for the whole."""

    number: int
    step: str
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class EditorPlan:
    """What would go wrong with a draft.

    ``ready``: whether it is a plan at all; ``late``: whether looking took too long and was given
    up. ``links``: whether links were asked, None where settings forbid it. ``whom`` says who was
    assumed, as ``Readings`` does; ``values`` were made up.
    """

    ready: bool = True
    late: bool = False
    links: bool | None = None
    problems: Collection[str] = ()
    parts: Sequence[Part] = ()
    whom: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)


class EditorPlans:
    """Checks drafts on the real roster; changes nothing."""

    def __init__(
        self, room: Sops, specimens: Specimens, plan_check: PlanCheck, readings: Readings
    ) -> None:
        self._room = room
        self._specimens = specimens
        self._check = plan_check
        self._readings = readings
        self._live = asyncio.Lock()

    async def of(self, page: Page, form: Form, language: str, do: str = "") -> EditorPlan:
        """The plan of what is in the form, its texts in a language.

        ``do`` is the button that was pressed, '' for none: then there is little time, and those
        who write at the same time share it. Only "links" asks the links.
        """
        try:
            template = self._room.shelf.check("template", toml(form.data))
        except Problems:
            return EditorPlan(ready=False)
        try:
            async with asyncio.timeout(PATIENT if do else LIVE):
                async with nullcontext() if do else self._live:
                    return await self._plan(page, template, language, do == "links")
        except TimeoutError:
            return EditorPlan(late=True)
        except Problems as problems:
            return EditorPlan(problems=by_field(problems, template).values())
        except ValueError as error:
            return EditorPlan(problems=[Phrase.of(error)])

    async def _plan(self, page: Page, template: Template, language: str, ask: bool) -> EditorPlan:
        audience, now = _assumed(page, template), page.formats.now
        values = self._values(template, language, now)
        version = await self._room.drafts.version(
            1, template, audience, values, page.operator.name, language, now
        )
        made_up = [
            str(value) for name, value in values.items() if template.parameters[name].type == "url"
        ]
        found = await self._check.check(version, days=DAYS, links=ask, unasked=made_up)
        return EditorPlan(
            links=ask if self._room.means.settings.check_links else None,
            parts=[*_parts(template, found)],
            whom=await self._readings.of(page, str(audience), template.to),
            values=values,
        )

    def _values(self, template: Template, language: str, now: int) -> dict[str, Value]:
        """Made-up values for what has no default; dates so far ahead that no step is past."""
        values = self._specimens.values(template, language)
        before = timedelta(seconds=max(step.before or 0 for step in template.step))
        day = f"{utc(now) + before + timedelta(days=2):%Y-%m-%d}"
        dates = [name for name in values if template.parameters[name].type == "date"]
        return values | dict.fromkeys(dates, day)


def _assumed(page: Page, template: Template) -> Audience:
    """Who was chosen, else whom it suits; raises ValueError with a msgid, or Problems."""
    kind = page.field("for")
    if kind == "expression":
        return expressed(page.field("for.expression", LONGEST))
    in_groups = template.to == "group" or template.anchor in ("joined", "group_created")
    if kind not in WHOM or not kind or template.to == "group":
        kind = "all-groups" if in_groups else "everyone"
    return Audience(Term(kind))


def _parts(template: Template, findings: Sequence[Finding]) -> Iterator[Part]:
    """Findings by step, those of the whole first; the worst of each first, as they were."""
    for number, ident in enumerate(["", *(step.id for step in template.step)], -1):
        here = [finding for finding in findings if finding.place.step == ident]
        if here:
            yield Part(number, ident, here)
