"""Audience: nobody there, conditions nobody fits, and comparisons too small to tell."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audience.audience import Audience
from bot.audience.expression import terms
from bot.audience.source import Scope
from bot.i18n.mark import msgid
from bot.reports.interval import members_needed
from bot.sop.check.finding import Finding, told
from bot.sop.check.plan import Plan
from bot.sop.sops import Sops
from bot.sop.templates.anchor import is_moment
from bot.sop.templates.step import Step
from bot.store.bits import Bits

EXPECTED, WORTH = 0.1, 0.05
"""A usual share of clicks, and a difference of it that is worth knowing."""
_ACTS = frozenset({"step", "clicked", "checked-in", "active", "joined"})
"""Kinds of term that change by themselves while a SOP runs."""

_EMPTY = msgid("Nobody is in the audience now")
_NO_GROUPS = msgid("No group is in the audience now")
_UNFIT = msgid("Nobody in the audience fits “{condition}” now")
_ALL_UNFIT = msgid("Everybody in the audience fits “{condition}” now, and is left out")
_HOLDOUT = msgid(
    "The hold-out would be {count} members; {needed} are needed to tell a difference of 5 in 100"
)
_VARIANT = msgid(
    "Variant “{name}” would have {count} members; "
    "{needed} are needed to tell a difference of 5 in 100"
)


async def audience(plan: Plan, sops: Sops) -> list[Finding]:
    """Everything about whom it is for."""
    if not plan.audience:
        live = plan.template.audience == "live"
        text = _NO_GROUPS if plan.to_groups else _EMPTY
        return [told("warning" if live else "error", plan.at(key="audience"), text)]
    found = []
    given = {tag for step in plan.template.step for tag in (*(step.tag or ()), *(step.untag or ()))}
    for step in plan.template.step:
        found += await _conditions(plan, sops, step, given)
        found += _compared(plan, step)
    return found


async def _conditions(plan: Plan, sops: Sops, step: Step, given: set[str]) -> list[Finding]:
    """Conditions that leave nobody over, unless something may change that meanwhile."""
    found = []
    asked = (("if", step.condition, _UNFIT), ("unless", step.unless, _ALL_UNFIT))
    for key, condition, text in asked:
        if condition is None or _may_change(condition, given):
            continue
        fitting = await _fitting(plan, sops, condition) & plan.audience
        if not (fitting if key == "if" else plan.audience - fitting):
            place = plan.at(step.id, key)
            found.append(told("warning", place, text, condition=str(condition)))
    return found


def _may_change(condition: Audience, given: set[str]) -> bool:
    return any(
        term.kind in _ACTS or (term.kind == "tag" and term.value in given)
        for term in terms(condition.expression)
    )


async def _fitting(plan: Plan, sops: Sops, condition: Audience) -> Bits:
    algebra = sops.roster.algebra
    if plan.to_groups:
        return Bits.of(await algebra.groups(condition))
    return await algebra.members(condition, Scope(plan.sop))


def _compared(plan: Plan, step: Step) -> Iterator[Finding]:
    """Hold-outs and variants, by those who are foreseen to get the step."""
    needed = members_needed(EXPECTED, WORTH)
    rows = [row for row in plan.rows if row.step == step.id]
    who = Bits.union(row.who | row.skipped.get("hold-out", Bits()) for row in rows)
    count = who.count() if is_moment(plan.template.anchor) else plan.audience.count()
    if not count or plan.to_groups:
        return
    held = count * step.holdout // 100
    if step.holdout and held < needed:
        yield told("warning", plan.at(step.id, "holdout"), _HOLDOUT, count=held, needed=needed)
    if step.variant:
        smallest = min(step.variant, key=lambda one: one.share)
        size = (count - held) * smallest.share // sum(one.share for one in step.variant)
        if size < needed:
            place, name = plan.at(step.id, "variant", smallest.name), smallest.name
            yield told("warning", place, _VARIANT, name=name, count=size, needed=needed)
