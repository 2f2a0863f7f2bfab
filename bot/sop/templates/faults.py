"""Faults: what is right alone in a template and wrong together, each with its key and a hint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from bot.audience import Audience
from bot.audience.expression import terms
from bot.i18n.mark import msgid
from bot.located import KeyPath, known_here, nearest
from bot.model.phrase import Phrase
from bot.sop.engine.stepped import ANY
from bot.sop.templates.anchor import CALENDAR, GROUP_CREATED, DateAnchor, is_moment
from bot.sop.templates.parameters import wrong_value
from bot.sop.templates.step import CAME, TIMED_OUT, Reference, Step
from bot.sop.templates.template import ParameterType, Template
from bot.sop.templates.timekeys import wrong_times
from bot.sop.templates.words import Localized

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_VARIABLES = ("member", "group", "gateway", "workspace", "timezone", "language", "route", "target")
_DOINGS = ("text", "variant", "task", "tag", "untag", "route", "start", "stop", "wait", "branch")
_PERSONAL = _DOINGS[3:]
_WITH_TEXT = ("task", "route")
_WITH_TIME = ("task", "route", "text", "variant")
_GROUP_TERMS = ("all-groups", "group", "gateway", "owner")
_REFERS: dict[str, ParameterType] = {"at": "time", "every": "cron", "on": "date"}

Fault = tuple[KeyPath, str, str]
"""Where, what is wrong, and a hint."""
Wrong = tuple[str, str, str]
"""Which key of a step, what is wrong, and a hint."""


def faults(template: Template, functions: Collection[str] = ()) -> Iterator[Fault]:
    """Everything wrong together; no parameter may have the name of one of the ``functions``."""
    yield from _anchor_faults(template)
    yield from _parameter_faults(template, {*_VARIABLES, *functions})
    yield from _guard_faults(template)
    before: dict[str, Step] = {}
    for index, step in enumerate(template.step):
        path = ("step", index)
        if step.id == ANY:
            text = msgid('expected another name: "{name}" stands for every step')
            yield (*path, "id"), Phrase(text, name=ANY), ""
        if step.id in before:
            yield (*path, "id"), Phrase('another step is called "{name}" too', name=step.id), ""
        wrong = chain(
            _doing_wrong(template, step),
            _following_wrong(template, step, before),
            _references_wrong(template, step),
            wrong_times(template, step),
        )
        yield from (((*path, key), message, hint) for key, message, hint in wrong)
        yield from _variant_faults(path, step)
        yield from _branch_faults(path, step)
        for place, condition in _conditions(path, step):
            yield from _condition_faults(template, place, condition, before)
        before[step.id] = step


def _anchor_faults(template: Template) -> Iterator[Fault]:
    anchor = template.anchor
    if isinstance(anchor, DateAnchor):
        yield from _refer(template, ("anchor", "date"), anchor.date, "date")
        if anchor.time is not None:
            yield from _refer(template, ("anchor", "time"), anchor.time, "time")
    elif anchor == GROUP_CREATED and template.to == "member":
        yield ("to",), msgid('expected "group": this anchor is a group\'s'), ""
    elif anchor not in (CALENDAR, GROUP_CREATED) and template.to == "group":
        yield ("to",), msgid('expected "member": this anchor is a member\'s'), ""
    if template.resume != "anchor" and not is_moment(anchor):
        yield ("resume",), msgid('expected "anchor": a pause does not move these dates'), ""


def _parameter_faults(template: Template, taken: Collection[str]) -> Iterator[Fault]:
    for name, parameter in template.parameters.items():
        path: KeyPath = ("parameters", name)
        if not _IDENTIFIER.fullmatch(name) or name in taken:
            yield path, msgid("expected a name of letters, digits and _ that is not taken"), ""
        default = parameter.default
        if isinstance(default, Localized) and parameter.type == "text":
            continue
        if default is not None and (message := wrong_value(parameter.type, default, defaults=True)):
            yield (*path, "default"), message, ""


def _guard_faults(template: Template) -> Iterator[Fault]:
    condition, path = template.guards.stop_when, ("guards", "stop_when")
    if condition is None:
        return
    if template.to == "group":
        yield path, msgid("only steps to members stop this way"), ""
        return
    steps = {step.id: step for step in template.step}
    yield from _condition_faults(template, path, condition, steps)


def _doing_wrong(template: Template, step: Step) -> Iterator[Wrong]:
    """Each step does one thing, with what belongs to it, to somebody it can be done to."""
    given = [key for key in _DOINGS if getattr(step, key)]
    if not given:
        nothing = Phrase(
            "missing; a step says something or does one of {names}", names=", ".join(_DOINGS[2:])
        )
        yield "text", nothing, ""
    main = next((key for key in _WITH_TEXT if key in given), next(iter(given), ""))
    for key in given:
        if key != main and not (main in _WITH_TEXT and key == "text"):
            follow = Phrase('give it a step of its own with follows = "{name}"', name=step.id)
            hint = "" if {main, key} == {"text", "variant"} else follow
            yield key, Phrase('a step does one thing, and this one has "{name}"', name=main), hint
        if template.to == "group" and key in _PERSONAL:
            yield key, msgid("only for steps to members"), ""
    if step.holdout and main not in ("text", "variant"):
        yield "holdout", msgid('expected beside "text" or "variant" only'), ""
    yield from _moment_wrong(template, step, main)
    if step.within is not None and main not in _WITH_TIME:
        yield "within", msgid('expected beside "task" or a message only'), ""
    if step.wait and not step.wait.most:
        yield "wait", msgid("expected a time to wait of more than nothing"), msgid('such as "2d"')


def _moment_wrong(template: Template, step: Step, main: str) -> Iterator[Wrong]:
    """What staff publish once is for everybody at once, and nobody's own."""
    if step.form != "moment":
        if step.seen_by:
            yield "seen_by", msgid('expected beside as = "moment" only'), ""
        return
    if main and main != "text":
        yield "as", msgid('expected beside "text" only: a moment is the same for everybody'), ""
    if template.to == "group":
        yield "as", msgid("only for steps to members: groups see no moments"), ""
    elif template.personal:
        yield "as", msgid("a moment is for everybody at once: expected a calendar or a date"), ""
    for key in ("follows", "holdout", "until"):
        if getattr(step, key):
            yield key, msgid("not beside a moment, which everybody sees at the same time"), ""


def _following_wrong(template: Template, step: Step, before: dict[str, Step]) -> Iterator[Wrong]:
    if step.follows is None:
        return
    name, slash, way = step.follows.partition("/")
    found = before.get(name)
    if found is None:
        if template.find(name):
            yield "follows", Phrase('step "{name}" must stand before this one', name=name), ""
        else:
            yield "follows", Phrase('there is no step "{name}"', name=name), nearest(name, before)
    elif slash and way not in found.ways:
        message = Phrase('step "{name}" has no way "{way}"', name=name, way=way)
        yield "follows", message, nearest(way, found.ways)


def _references_wrong(template: Template, step: Step) -> Iterator[Wrong]:
    for key, kind in _REFERS.items():
        value = getattr(step, key)
        if isinstance(value, Reference):
            for _, message, hint in _refer(template, (), value.parameter, kind):
                yield key, message, hint


def _refer(template: Template, path: KeyPath, name: str, kind: ParameterType) -> Iterator[Fault]:
    found = template.parameters.get(name)
    if found is None:
        message = Phrase('there is no parameter "{name}"', name=name)
        yield path, message, nearest(name, template.parameters)
    elif found.type != kind:
        text = msgid('expected a parameter of type "{kind}", "{name}" is of type "{other}"')
        yield path, Phrase(text, kind=kind, name=name, other=found.type), ""


def _variant_faults(path: KeyPath, step: Step) -> Iterator[Fault]:
    if len(step.variant) == 1:
        hint = msgid('one alone is "text"')
        yield (*path, "variant"), msgid("expected at least two variants"), hint
    yield from _twice((*path, "variant"), [one.name for one in step.variant])


def _branch_faults(path: KeyPath, step: Step) -> Iterator[Fault]:
    yield from _twice((*path, "branch"), [way.name for way in step.branch])
    for number, way in enumerate(step.branch[:-1]):
        if way.condition is None:
            message = msgid('missing "if"; only the last way is for all others')
            yield (*path, "branch", number), message, ""


def _twice(path: KeyPath, names: Sequence[str]) -> Iterator[Fault]:
    often = Counter(names)
    for number, name in enumerate(names):
        if often[name] > 1 and name in names[:number]:
            message = Phrase('another one is called "{name}" too', name=name)
            yield (*path, number, "name"), message, ""


def _conditions(path: KeyPath, step: Step) -> Iterator[tuple[KeyPath, Audience]]:
    for key, condition in (("if", step.condition), ("unless", step.unless)):
        if condition is not None:
            yield (*path, key), condition
    for number, way in enumerate(step.branch):
        if way.condition is not None:
            yield (*path, "branch", number, "if"), way.condition


def _condition_faults(
    template: Template, path: KeyPath, condition: Audience, steps: dict[str, Step]
) -> Iterator[Fault]:
    """``steps``: those that can have been done when it is asked."""
    for term in terms(condition.expression):
        if template.to == "group" and term.kind not in _GROUP_TERMS:
            message = Phrase('"{kind}" chooses members, and this is for groups', kind=term.kind)
            yield path, message, known_here(_GROUP_TERMS)
        if term.kind != "step":
            continue
        name, _, outcome = term.value.rpartition("/")
        if name == ANY:
            continue
        found = steps.get(name)
        if found is None and template.find(name):
            yield path, Phrase('step "{name}" must stand before this one', name=name), ""
        elif found is None:
            yield path, Phrase('there is no step "{name}"', name=name), nearest(name, steps)
        elif outcome in (CAME, TIMED_OUT) and not found.wait:
            text = msgid('step "{name}" does not wait, so nothing "{outcome}"')
            yield path, Phrase(text, name=name, outcome=outcome), ""
