"""Flow: steps that lead to SOPs that are not there, or wait for somebody's word in vain."""

from __future__ import annotations

from difflib import get_close_matches

from bot.i18n.mark import msgid
from bot.sop.check.finding import Finding, Severity, told
from bot.sop.check.plan import Plan
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.sop.templates.anchor import ENROLLED
from bot.sop.templates.step import Step

_NO_SOP = msgid("There is no SOP “{name}”")
_NEAREST = msgid("There is no SOP “{name}”; did you mean “{nearest}”?")
_NOT_RUNNING = msgid("The SOP “{name}” is not running")
_NOT_ENTERED = msgid("“{name}” does not count from entering it, so nothing would begin")
_NOBODY = msgid("A missed step is to be asked about, and there is no operator to ask")


async def flow(plan: Plan, sops: Sops) -> list[Finding]:
    """Everything about where steps lead."""
    found: list[Finding] = []
    every = {sop.id: sop for sop in await sops.all()}
    for step in plan.template.step:
        found += await _leads(plan, sops, step, every)
    keys = sops.means.store.keys
    asking = [step.id for step in plan.template.step if step.missed == "ask"]
    if asking and not int(await sops.means.store.call("HLEN", keys.operators())):
        found.append(told("warning", plan.at(asking[0], "missed"), _NOBODY))
    return found


async def _leads(plan: Plan, sops: Sops, step: Step, every: dict[str, Sop]) -> list[Finding]:
    name = step.start or step.stop
    if name is None:
        return []
    place = plan.at(step.id, "start" if step.start else "stop")
    severity: Severity = "error" if step.start else "warning"
    sop = every.get(name)
    if sop is None:
        for near in get_close_matches(name, every, 1):
            return [told(severity, place, _NEAREST, name=name, nearest=near)]
        return [told(severity, place, _NO_SOP, name=name)]
    if sop.state not in ("running", "paused"):
        return [told("warning", place, _NOT_RUNNING, name=name)]
    if step.start and (await sops.version(sop)).template.anchor != ENROLLED:
        return [told("error", place, _NOT_ENTERED, name=name)]
    return []
