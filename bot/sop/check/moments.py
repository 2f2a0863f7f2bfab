"""Moments: who is asked to publish them, who sees them besides, and what they cannot show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.i18n.mark import msgid
from bot.model.message import LinkCard, Mention, Message, Text
from bot.sop.check.finding import Finding, told
from bot.sop.check.plan import Plan, Reach
from bot.sop.check.staff import owners
from bot.sop.check.texts import Said
from bot.sop.sops import Sops
from bot.sop.templates.step import Step
from bot.store.bits import Bits

PICTURES = 9
"""Pictures one moment shows."""
_NONE = msgid("On “{gateway}” staff publish no moments: {count} members get nothing")
_ASKED = msgid("{staff} staff on “{gateway}” are asked to publish it; {count} members are meant")
_MORE = msgid("All contacts of these staff see it: {more} more than are meant")
_TAGGED = msgid("Of the contacts of these staff all with one of the tags see it, meant or not")
_NOBODY = msgid("{count} members belong to nobody on the staff, so nobody publishes it to them")
_LONG = msgid("The text has {count} characters, and a moment on “{gateway}” {most}")
_MIXED = msgid("A moment shows up to nine pictures, or one film, or one link card")


async def moments(plan: Plan, sops: Sops) -> list[Finding]:
    """What becomes of every step that is a moment, at each gateway."""
    found: list[Finding] = []
    for step in plan.template.step:
        if step.action == "moment":
            for reach in plan.reaches:
                found += await _at(plan, sops, step, reach)
    return found


def unshown(plan: Plan, said: Sequence[Said]) -> Iterator[Finding]:
    """Moments with more in them than one can show."""
    for one in said:
        if one.step.action != "moment" or one.failed:
            continue
        place = plan.at(one.step.id, one.key)
        if not _fits(one.message):
            yield told("error", place, _MIXED)
        words = "".join(s.text for s in one.message.segments if isinstance(s, Text))
        for reach in plan.reaches:
            most = reach.can.moment_chars
            if most is not None and len(words) > most:
                values: dict[str, str | int] = {"gateway": reach.gateway, "most": most}
                yield told("error", place, _LONG, count=len(words), **values)


async def _at(plan: Plan, sops: Sops, step: Step, reach: Reach) -> list[Finding]:
    place, name = plan.at(step.id, "as", reach.gateway), reach.gateway
    if not reach.can.moments:
        return [told("error", place, _NONE, gateway=name, count=reach.who.count())]
    theirs = await owners(plan, sops, reach.who)
    owned = Bits.union(theirs.values())
    found = []
    if theirs:
        values: dict[str, str | int] = {"gateway": name, "count": owned.count()}
        found.append(told("note", place, _ASKED, staff=len(theirs), **values))
        if step.seen_by:
            found.append(told("note", plan.at(step.id, "seen_by", name), _TAGGED))
        elif more := (await _contacts(sops, reach, theirs)) - owned:
            found.append(told("warning", place, _MORE, more=more.count()))
    elif reach.who:
        found.append(told("warning", place, _NOBODY, count=reach.who.count()))
    return found


async def _contacts(sops: Sops, reach: Reach, staff: Iterable[str]) -> Bits:
    """Everybody on the gateway who belongs to one of the staff."""
    algebra = sops.roster.algebra
    every = [await algebra.fact(algebra.keys.owner_members(name)) for name in staff]
    here = await algebra.fact(algebra.keys.gateway_members(reach.gateway))
    return Bits.union(every) & here


def _fits(message: Message) -> bool:
    """One kind of thing, and not too many; a card without a picture becomes words."""
    shown = [s for s in message.segments if not isinstance(s, Text | Mention)]
    kinds = {s.kind for s in shown if not isinstance(s, LinkCard) or s.image}
    if kinds == {"image"}:
        return len(shown) <= PICTURES
    return not kinds or (len(shown) == 1 and kinds <= {"video", "link_card"})
