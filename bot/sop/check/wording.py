"""Wording: texts that cannot be written, are too long, or look otherwise than meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.audience.expression import terms
from bot.gateways.look import Look, look
from bot.i18n.mark import msgid
from bot.model.message import Mention, Message, Text
from bot.model.phrase import Phrase
from bot.sop.check.finding import Finding, once, told
from bot.sop.check.fixes import Fix, ShortenText, SplitText, Unit
from bot.sop.check.plan import Plan, Reach
from bot.sop.check.texts import LONG_NAME, Said
from bot.sop.sops import Sops

_FAILED = msgid("This text cannot be written: {reason}")
_UNKNOWN = msgid("Line {line} of the text: {reason}")
_NO_GROUP = msgid(
    "The text names the group, but members of this audience are not met in one of its groups"
)
_NOBODYS = msgid(
    "“{gateway}” writes into the group, calling the member: a click there is nobody's own"
)
_NEVER = msgid(
    "“{gateway}” writes into the group, where a click is nobody's own: this would never see one"
)


def wording(plan: Plan, sops: Sops, said: Sequence[Said]) -> list[Finding]:
    """What is wrong with any text at any gateway it goes to, once each."""
    found: list[Finding] = []
    for one in said:
        findings = [*_unwritten(plan, sops, one)]
        if not findings and one.key != "task":
            findings = [f for reach in plan.reaches for f in _shown(plan, reach, one)]
        found += findings
    return once([*found, *_clicks(plan, said)])


def _unwritten(plan: Plan, sops: Sops, said: Said) -> Iterator[Finding]:
    library, place = sops.library, plan.at(said.step.id, said.key, said.variant)
    problems = sops.means.templates.check(
        said.source, library.known(plan.version.template, said.step)
    )
    for problem in problems:
        reason = f"{problem.message}; {problem.hint}" if problem.hint else problem.message
        yield told("error", place, _UNKNOWN, line=problem.line, reason=reason)
    if said.failed and not problems:
        if not plan.in_group and "group" in said.source:
            yield told("error", place, _NO_GROUP)
        else:
            yield told("error", place, _FAILED, reason=said.failed)


def _shown(plan: Plan, reach: Reach, said: Said) -> Iterator[Finding]:
    """What a gateway makes of a message."""
    message = said.message
    if not plan.to_groups and not reach.direct:
        called = Mention(account=LONG_NAME, name=LONG_NAME)
        message = Message(segments=(called, Text(text=" "), *message.segments))
    seen = look(message, reach.can)
    target = f"{reach.gateway}, {said.variant}" if said.variant else reach.gateway
    place = plan.at(said.step.id, said.key, target)
    for phrase in seen.problems:
        grave = bool(phrase.values) or not seen.bubbles
        yield Finding(
            severity="warning" if not grave or not said.usual else "error",
            place=place,
            message=phrase,
            fix=_cut(plan, reach, said, seen) if "over" in phrase.values else None,
        )
    for phrase in _lost(seen):
        yield Finding(severity="note", place=place, message=phrase)


def _lost(seen: Look) -> Iterator[Phrase]:
    """How it degrades; that a member is called by name is meant so."""
    for bubble in seen.bubbles:
        for part in bubble.parts:
            yield from part.lost


def _cut(plan: Plan, reach: Reach, said: Said, seen: Look) -> Fix | None:
    """Split it, or where that cannot be done cut it; the source is measured, not what it becomes.

    What names and links add to the source is kept free.
    """
    can, draft = reach.can, plan.version.template
    unit: Unit = "bytes" if can.text_units is None else "units"
    limit = can.text_bytes if can.text_units is None else can.text_units
    if not limit:
        return None
    size = _size(said.source, unit)
    room = limit - max(0, limit + seen.too_long - size)
    fixes: list[Fix] = []
    if said.step.action == "message" and not said.variant:
        fixes.append(SplitText(step=said.step.id, limit=room, unit=unit))
    fixes.append(ShortenText(step=said.step.id, variant=said.variant, limit=room, unit=unit))
    return next((fix for fix in fixes if fix.apply(draft) != draft), None)


def _size(text: str, unit: Unit) -> int:
    return len(text.encode("utf-16-le" if unit == "units" else "utf-8")) // (
        2 if unit == "units" else 1
    )


def _clicks(plan: Plan, said: Sequence[Said]) -> Iterator[Finding]:
    """Links in groups, and the steps that ask who clicked on them."""
    shared = [reach.gateway for reach in plan.reaches if plan.to_groups or not reach.direct]
    linked = dict.fromkeys(one.step.id for one in said if one.links)
    if not shared or plan.to_groups or not linked:
        return
    for step in linked:
        yield told("note", plan.at(step, "text", shared[0]), _NOBODYS, gateway=shared[0])
    for one in plan.template.step:
        asked = [c for c in (one.condition, one.unless) if c is not None]
        values = [term.value for c in asked for term in terms(c.expression) if term.kind == "step"]
        waits = one.wait is not None and one.wait.what == "click"
        if waits or any(value.endswith("/clicked") for value in values):
            place = plan.at(one.id, "wait" if waits else "if", shared[0])
            yield told("warning", place, _NEVER, gateway=shared[0])
