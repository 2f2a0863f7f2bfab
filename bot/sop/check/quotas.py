"""Quotas: what a gateway still allows, against what is foreseen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from bot.i18n.mark import msgid
from bot.model.capabilities import Quota
from bot.sop.check.caps import more_than
from bot.sop.check.finding import Finding, told
from bot.sop.check.plan import SENT, Plan, Reach, wanted
from bot.sop.check.staff import owners
from bot.sop.sops import Sops
from bot.sop.times.schedule import DAY, day_of
from bot.sop.times.window import quota_cap
from bot.store.bits import Bits

LOOKED_AT = 2_000
"""Targets whose counters are read; what others have used up is not known."""

_PERIODS = {
    "day": msgid(
        "“{gateway}” allows {most} messages a day: {count} targets would need more on {day}"
    ),
    "week": msgid(
        "“{gateway}” allows {most} messages a week: {count} targets would need more by {day}"
    ),
    "month": msgid(
        "“{gateway}” allows {most} messages a month: {count} targets would need more by {day}"
    ),
}
_OWNERS = {
    "day": msgid(
        "“{gateway}” allows {owner} {most} messages a day: {planned} are planned on {day}"
    ),
    "week": msgid(
        "“{gateway}” allows {owner} {most} messages a week: {planned} are planned by {day}"
    ),
    "month": msgid(
        "“{gateway}” allows {owner} {most} messages a month: {planned} are planned by {day}"
    ),
}


async def quotas(plan: Plan, sops: Sops) -> list[Finding]:
    """The first period in which each quota is not enough."""
    found = []
    for reach in plan.reaches:
        for quota in reach.can.quotas:
            if quota.per == "owner":
                found += await _of_owners(plan, sops, reach, quota)
            elif quota.per == plan.template.to:
                found += await _of_targets(plan, sops, reach, quota)
    return found


async def _of_targets(plan: Plan, sops: Sops, reach: Reach, quota: Quota) -> list[Finding]:
    used = await _used(plan, sops, reach, quota)
    for day, sets in _periods(plan, reach, quota):
        before = used if _same(quota, day, day_of(plan.now, plan.zone)) else []
        over = more_than(quota.count, [*before, *sets])
        over &= Bits.union(map(wanted, plan.rows))
        if over:
            place, text = plan.at(key="to", target=reach.gateway), _PERIODS[quota.period]
            values = {"gateway": reach.gateway, "day": str(day)}
            most, count = quota.count, over.count()
            return [told("warning", place, text, **values, most=most, count=count)]
    return []


async def _of_owners(plan: Plan, sops: Sops, reach: Reach, quota: Quota) -> list[Finding]:
    found = []
    for owner, theirs in (await owners(plan, sops, reach.who)).items():
        count = await _counted(plan, sops, reach, quota, f"o:{owner}")
        for day, sets in _periods(plan, reach, quota):
            used = count if _same(quota, day, day_of(plan.now, plan.zone)) else 0
            planned = used + sum((who & theirs).count() for who in sets)
            if planned > quota.count:
                place = plan.at(key="to", target=reach.gateway)
                values = {"gateway": reach.gateway, "owner": owner}
                more = {"most": quota.count, "planned": planned}
                found.append(
                    told("warning", place, _OWNERS[quota.period], **values, **more, day=str(day))
                )
                break
    return found


def _periods(plan: Plan, reach: Reach, quota: Quota) -> Iterable[tuple[date, list[Bits]]]:
    """For each day something goes out, who gets what in the period up to it."""
    rows = [
        (day_of(row.due, plan.zone), wanted(row) & reach.who)
        for row in (*plan.rows, *plan.others)
        if row.to == plan.template.to and row.action in SENT
    ]
    for day in sorted({day for day, _ in rows}):
        yield day, [who for other, who in rows if other <= day and _same(quota, day, other)]


def _same(quota: Quota, day: date, other: date) -> bool:
    """Whether two days count together; ``day`` is the later one."""
    if quota.period == "month":
        return (day.year, day.month) == (other.year, other.month)
    return day - other < DAY * (7 if quota.period == "week" else 1)


async def _used(plan: Plan, sops: Sops, reach: Reach, quota: Quota) -> list[Bits]:
    """Who has had at least one, two, … already, in the period of today."""
    numbers, letter = reach.who.numbers(0, LOOKED_AT), plan.template.to[0]
    had: dict[int, int] = {}
    for number in numbers:
        if count := await _counted(plan, sops, reach, quota, f"{letter}{number}"):
            had[number] = count
    most = min(max(had.values(), default=0), quota.count)
    return [Bits.of(n for n, count in had.items() if count > level) for level in range(most)]


async def _counted(plan: Plan, sops: Sops, reach: Reach, quota: Quota, who: str) -> int:
    store, day = sops.means.store, day_of(plan.now, plan.zone)
    cap = quota_cap(quota, reach.gateway, who, day, plan.zone)
    counters = [store.keys.cap(*key.rsplit(":", 1)) for key in cap.keys]
    return sum(int(one or 0) for one in [await store.ask("GET", key) for key in counters])
