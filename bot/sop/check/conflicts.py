"""Conflicts: other SOPs that write to the same groups or members at about the same time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from bot.i18n.duration import duration
from bot.i18n.mark import msgid
from bot.sop.check.finding import Finding, told
from bot.sop.check.fixes import ShiftTime
from bot.sop.check.plan import SENT, Plan
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.sops import Sops
from bot.sop.times.schedule import day_of
from bot.store.bits import Bits

MINUTE = 60_000
_SAID = {
    "member": msgid(
        "“{other}” of {sop} reaches {count} of the same members within {distance}, on {day}"
    ),
    "group": msgid(
        "“{other}” of {sop} reaches {count} of the same groups within {distance}, on {day}"
    ),
}


@dataclass(frozen=True, slots=True)
class _Clash:
    own: Foreseen
    other: Foreseen
    who: Bits


async def conflicts(plan: Plan, sops: Sops) -> list[Finding]:
    """Each pair of steps once, with the day on which it meets most of them."""
    distance = sops.means.settings.distance
    worst: dict[tuple[str, str, str], _Clash] = {}
    for clash in _clashes(plan, int(distance * 1000)):
        pair = clash.own.step, clash.other.sop, clash.other.step
        if pair not in worst or clash.who.count() > worst[pair].who.count():
            worst[pair] = clash
    return [
        told(
            "warning",
            plan.at(clash.own.step, "at"),
            _SAID[clash.own.to],
            _away(plan, clash, distance),
            other=clash.other.step,
            sop=clash.other.sop,
            count=clash.who.count(),
            distance=duration(distance),
            day=str(day_of(clash.own.due, plan.zone)),
        )
        for clash in worst.values()
    ]


def _clashes(plan: Plan, distance: int) -> Iterator[_Clash]:
    """Every two rows that are too near, by one walk through both in order of time."""
    others = sorted((o for o in plan.others if o.action in SENT), key=lambda o: o.due)
    first = 0
    for own in sorted((row for row in plan.rows if row.action in SENT), key=lambda row: row.due):
        while first < len(others) and others[first].due <= own.due - distance:
            first += 1
        for other in others[first:]:
            if other.due >= own.due + distance:
                break
            if other.to == own.to and (both := own.who & other.who):
                yield _Clash(own, other, both)


def _away(plan: Plan, clash: _Clash, distance: float) -> ShiftTime | None:
    """Later or earlier by just so much that they are far enough from each other."""
    gap = clash.own.due - clash.other.due
    minutes = ceil((distance * 1000 - abs(gap)) / MINUTE)
    fix = ShiftTime(step=clash.own.step, minutes=minutes if gap >= 0 else -minutes)
    return fix if fix.apply(plan.version.template) != plan.version.template else None
