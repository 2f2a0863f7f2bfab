"""Staff: who owns the members a plan reaches, and how many taps they would have to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot.i18n.mark import msgid
from bot.sop.check.finding import Finding, Severity, told
from bot.sop.check.plan import Plan
from bot.sop.sops import Sops
from bot.sop.times.schedule import day_of
from bot.store.bits import Bits

SAMPLE = 1_000
"""Members whose owners are looked at."""
MANY = 50
"""Taps a day that are much for one staff member."""

_TAPS = msgid("“{gateway}” needs a staff member's tap: {tasks} tasks on {day} for {staff} staff")
_NOBODY = msgid(
    "“{gateway}” needs a staff member's tap: {tasks} tasks on {day}, and nobody owns these members"
)


async def taps(plan: Plan, sops: Sops) -> list[Finding]:
    """How many tasks the worst day brings at each gateway where staff must confirm."""
    found = []
    for reach in plan.reaches:
        days: dict[date, int] = {}
        for row in plan.rows if reach.can.staff_confirm else ():
            day, tasks = day_of(row.due, plan.zone), (row.by_staff & reach.who).count()
            days[day] = days.get(day, 0) + tasks
        if not any(days.values()):
            continue
        day = max(days, key=lambda one: days[one])
        staff, tasks = len(await owners(plan, sops, reach.who)), days[day]
        place = plan.at(key="to", target=reach.gateway)
        values: dict[str, str | int] = {"gateway": reach.gateway, "tasks": tasks, "day": str(day)}
        if not staff:
            found.append(told("warning", place, _NOBODY, **values))
        else:
            severity: Severity = "warning" if tasks / staff > MANY else "note"
            found.append(told(severity, place, _TAPS, **values, staff=staff))
    return found


async def owners(plan: Plan, sops: Sops, who: Bits) -> Mapping[str, Bits]:
    """The staff of these groups, or of the first members, and whose they are."""
    if plan.to_groups:
        named: dict[str, list[int]] = {}
        for number in who:
            if owner := plan.groups[number].owner:
                named.setdefault(owner, []).append(number)
        return {owner: Bits.of(numbers) for owner, numbers in named.items()}
    some = await sops.means.members.some(who.numbers(0, SAMPLE))
    names = sorted({member.attributes.get("owner", "") for member in some} - {""})
    algebra = sops.roster.algebra
    return {name: await algebra.fact(algebra.keys.owner_members(name)) & who for name in names}
