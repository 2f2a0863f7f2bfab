"""The lint: what of scripts can never be, is left to chance, or names what there is not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.i18n.mark import msgid
from bot.located import Problem, nearest
from bot.located.problem import Place
from bot.model.capabilities import Capabilities
from bot.model.phrase import Phrase
from bot.settings.welcome import Script, WelcomeWhen
from bot.welcome.choosing import OTHER, Listed, overlap

UNKNOWN = {
    "codes": msgid('nobody came by "{name}" yet, and no live code brings it'),
    "staff": msgid('no staff member "{name}" is known'),
    "groups": msgid('there is no group "{name}"'),
    "gateways": msgid('there is no gateway "{name}"'),
}
NO_SOP = msgid('there is no SOP "{name}"')
COVERED = msgid('it never applies: "{name}" always goes before it')
CHANCE = msgid('"{name}" is equally close and its name decides: give one of them a priority')
EMPTY = msgid("it says nothing at any time, and does nothing else")
NO_RECALL = msgid("no gateway it is for can take back what was said: {names}")
NO_DIRECT = msgid("{name} cannot write to one person: what goes to them alone is left out")
NEEDS_TAP = msgid("{name} lets nothing through without a staff member's tap")
ONE_WELCOME = msgid("{name} takes one welcome for each contact: further messages are left out")
NO_BUTTON = msgid("no gateway it is for can show a button, so a number is asked for: {names}")
NO_MUTE = msgid("no gateway it is for can keep newcomers from speaking: {names}")
NO_REMOVE = msgid("no gateway it is for can take somebody out of a group: {names}")
NO_READING = msgid("somebody can be asked only where they join a group")


@dataclass(frozen=True, slots=True)
class Known:
    """What scripts can name; groups are "gateway/id", by what they are called."""

    codes: Collection[str]
    staff: Collection[str]
    groups: Mapping[str, str]
    gateways: Mapping[str, Capabilities]
    sops: Collection[str]
    written: Callable[[str, str], str] = lambda _, value: value
    """The form an attribute of this name is kept in; raises ValueError."""


def lint(script: Script, among: Sequence[Listed], known: Known) -> list[Problem]:
    """What is to be said of a script, each at its key; none of it keeps it from being saved."""
    found = [*_named(script, known), *_place(script, among), *_able(script, known)]
    return [Problem(Place(""), key, what, hint) for key, what, hint in found]


def _named(script: Script, known: Known) -> Iterator[tuple[str, str, str]]:
    """Names of what there is not."""
    groups = {*known.groups, *(ref.partition("/")[2] for ref in known.groups)}
    there: dict[str, Collection[str]] = {
        "codes": known.codes,
        "staff": known.staff,
        "groups": groups,
        "gateways": [*known.gateways],
    }
    for field, names in there.items():
        for number, name in enumerate(getattr(script.when, field)):
            if name not in names:
                what = Phrase(UNKNOWN[field], name=name)
                yield f"when.{field}[{number}]", what, nearest(name, names)
    for name, value in script.attributes.items():
        try:
            known.written(name, value)
        except ValueError as error:
            yield f"attributes.{name}", Phrase.of(error), ""
    for number, name in enumerate(script.start):
        if name not in known.sops:
            yield f"start[{number}]", Phrase(NO_SOP, name=name), nearest(name, known.sops)


def _place(script: Script, among: Sequence[Listed]) -> Iterator[tuple[str, str, str]]:
    """Its place among the others."""
    own = next((one for one in among if one.script.id == script.id), Listed(script, True))
    own = Listed(script, own.stored)
    others = [one for one in among if one.script.id != script.id and one.script.enabled]
    does = script.silent or script.tags or script.attributes or script.start
    if not any(script.said()) and not does:
        yield "messages", Phrase(EMPTY), ""
    if not script.enabled:
        return
    for other in others:
        before = other.order < own.order and other.rank != own.rank
        if before and _covers(other.script.when, script.when):
            yield "when", Phrase(COVERED, name=other.script.name), ""
            return
    for other in others:
        if other.rank == own.rank and overlap(other.script.when, script.when):
            yield "priority", Phrase(CHANCE, name=other.script.name), ""


def _covers(wide: WelcomeWhen, narrow: WelcomeWhen) -> bool:
    """Whether one applies wherever the other does."""
    if not {*narrow.kinds} <= {*wide.kinds}:
        return False
    for field in OTHER:
        outer, inner = getattr(wide, field), getattr(narrow, field)
        if outer and not (inner and {*inner} <= {*outer}):
            return False
    return True


def _able(script: Script, known: Known) -> Iterator[tuple[str, str, str]]:
    """What its gateways cannot do."""
    of_groups = {ref.partition("/")[0] for ref in script.when.groups if "/" in ref}
    wanted = {*script.when.gateways} or of_groups or {*known.gateways}
    gateways = {name: can for name, can in known.gateways.items() if name in wanted}
    names = ", ".join(gateways)
    if not gateways:
        return
    recalls = any(can.recall for can in gateways.values())
    for key, asked in (("withdraw", bool(script.withdraw)), ("keep_last", script.keep_last)):
        if asked and not recalls:
            yield key, Phrase(NO_RECALL, names=names), ""
    for name, can in gateways.items():
        several = len(script.messages) > 1 or any(len(one.messages) > 1 for one in script.layers)
        if "contact" in script.when.kinds and can.staff_confirm and several:
            yield "messages", Phrase(ONE_WELCOME, name=name), ""
        if "group" in script.when.kinds:
            if can.staff_confirm and any(script.said()):
                yield "messages", Phrase(NEEDS_TAP, name=name), ""
            elif not can.send_direct and any(one.to == "direct" for one in script.said()):
                yield "messages", Phrase(NO_DIRECT, name=name), ""
    if script.gate is not None:
        yield from _gate(script, gateways, names)


def _gate(
    script: Script, gateways: Mapping[str, Capabilities], names: str
) -> Iterator[tuple[str, str, str]]:
    assert script.gate is not None
    if "group" not in script.when.kinds:
        yield "gate", Phrase(NO_READING), ""
    if script.gate.ask == "button" and not any(
        "button" in can.segments for can in gateways.values()
    ):
        yield "gate.ask", Phrase(NO_BUTTON, names=names), ""
    if script.gate.mute and not any(can.mute for can in gateways.values()):
        yield "gate.mute", Phrase(NO_MUTE, names=names), ""
    if script.gate.otherwise == "remove" and not any(can.remove for can in gateways.values()):
        yield "gate.otherwise", Phrase(NO_REMOVE, names=names), ""
