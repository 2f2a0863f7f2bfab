"""Caps: days and weeks on which somebody would get more than is allowed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from bot.i18n.mark import msgid
from bot.sop.check.finding import Finding, told
from bot.sop.check.plan import SENT, Plan, wanted
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.sops import Sops
from bot.sop.times.schedule import day_of
from bot.store.bits import Bits

WEEK = 7
Daily = dict[date, list[tuple[Foreseen, Bits]]]

_DAY = {
    "member": msgid(
        "On {day} {count} members would get more than {cap} messages; the cap is {cap} a day"
    ),
    "group": msgid(
        "On {day} {count} groups would get more than {cap} messages; the cap is {cap} a day"
    ),
}
_WEEK = {
    "member": msgid(
        "In the week to {day} {count} members would get more than {cap} messages, the cap"
    ),
    "group": msgid(
        "In the week to {day} {count} groups would get more than {cap} messages, the cap"
    ),
}


async def caps(plan: Plan, sops: Sops) -> list[Finding]:
    """The worst day or week of each cap that is broken by what this plan adds."""
    ours, own = sops.means.delivery, plan.template.guards
    topic = plan.template.topic
    every = _daily(plan, [*plan.rows, *plan.others])
    same = [o for o in plan.others if topic and plan.topics.get(o.sop) == topic]
    about = _daily(plan, [*plan.rows, *same]) if topic else {}
    topic_caps = [own.daily_cap, ours.topic_caps.get(topic or "")]
    topic_cap = min((cap for cap in topic_caps if cap is not None), default=None)
    asked = (
        (every, 1, ours.daily_cap, "delivery.daily_cap"),
        (every, WEEK, ours.weekly_cap, "delivery.weekly_cap"),
        (about, 1, topic_cap, "guards.daily_cap"),
        (about, WEEK, own.weekly_cap, "guards.weekly_cap"),
    )
    found = []
    for daily, days, cap, key in asked:
        if cap is not None and (worst := _worst(plan, daily, days, cap)):
            said = _DAY if days == 1 else _WEEK
            day, count = worst
            place, text = plan.at(key=key), said[plan.template.to]
            found.append(told("warning", place, text, day=str(day), count=count, cap=cap))
    return found


def _daily(plan: Plan, rows: Iterable[Foreseen]) -> Daily:
    """Who would get each row if there were no caps, by local day."""
    found: Daily = {}
    for row in rows:
        if row.to == plan.template.to and row.action in SENT:
            found.setdefault(day_of(row.due, plan.zone), []).append((row, wanted(row)))
    return found


def _worst(plan: Plan, daily: Daily, days: int, cap: int) -> tuple[date, int] | None:
    """The day on which most are over a cap, and how many, of those this plan writes to then."""
    own = {id(row) for row in plan.rows}
    worst: tuple[date, int] | None = None
    for day in sorted(daily):
        window = [one for n in range(days) for one in daily.get(day - timedelta(days=n), [])]
        mine = Bits.union(who for row, who in daily[day] if id(row) in own)
        over = more_than(cap, (who for _, who in window)) & mine
        if over and (worst is None or over.count() > worst[1]):
            worst = day, over.count()
    return worst


def more_than(cap: int, sets: Iterable[Bits]) -> Bits:
    """Who is in more than ``cap`` of the sets."""
    at_least: list[Bits] = [Bits()] * (cap + 1)
    for who in sets:
        for level in range(cap, 0, -1):
            at_least[level] |= at_least[level - 1] & who
        at_least[0] |= who
    return at_least[cap]
