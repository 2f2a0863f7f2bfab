"""Gateways: what the gateways of a plan cannot do, or only slowly."""

from __future__ import annotations

from collections.abc import Iterator

from bot.audience.expression import terms
from bot.i18n.duration import duration
from bot.i18n.mark import msgid
from bot.model.capabilities import Rate
from bot.sop.check.finding import Finding, Severity, told
from bot.sop.check.plan import SEEN, Plan, Reach, named_groups
from bot.sop.sops import Sops
from bot.store.bits import Bits

_NO_GROUP = msgid("“{gateway}” cannot write into groups: {count} groups get nothing")
_NO_MEMBER = msgid("“{gateway}” writes neither to members nor into groups: {count} get nothing")
_NO_LIST = msgid("“{gateway}” does not list a group's members: who never said anything is unknown")
_GONE = msgid("The group “{group}” is gone or was never seen")
_SLOW = msgid("{count} messages take {time} at this rate: some would be too late")
_UNREACHED = msgid("{count} members cannot be reached: no gateway writes to them")
_OPTED_OUT = msgid("{count} members have opted out and get nothing")
_ROUTE = {
    "gone": msgid("There is no route “{route}”"),
    "full": msgid("The groups of the route “{route}” are full"),
}


async def gateways(plan: Plan, sops: Sops) -> list[Finding]:
    """Everything about the ways out."""
    found = [finding for reach in plan.reaches for finding in _reach(plan, reach)]
    found += await _groups(plan, sops)
    found += await _routes(plan, sops)
    found += _skipped(plan)
    return [*found, *_slow(plan)]


def _reach(plan: Plan, reach: Reach) -> Iterator[Finding]:
    can, count = reach.can, reach.who.count()
    place, name = plan.at(key="audience", target=reach.gateway), reach.gateway
    if plan.to_groups and not can.send_group:
        yield told("error", place, _NO_GROUP, gateway=name, count=count)
    elif not (can.send_direct or can.send_group):
        yield told("error", place, _NO_MEMBER, gateway=name, count=count)
    if not plan.to_groups and not can.member_list and _by_groups(plan):
        yield told("note", place, _NO_LIST, gateway=name)


def _by_groups(plan: Plan) -> bool:
    kinds = {term.kind for term in terms(plan.version.audience.expression)}
    return bool(kinds & {"group", "all-groups"})


async def _groups(plan: Plan, sops: Sops) -> list[Finding]:
    """Groups the audience names that are not there."""
    there = {
        f"{group.conversation.gateway}/{group.conversation.group}"
        for group in await sops.means.members.groups()
        if not group.gone
    }
    missing = sorted(named_groups(plan.version.audience) - there)
    return [
        told("error", plan.at(key="audience", target=name), _GONE, group=name) for name in missing
    ]


async def _routes(plan: Plan, sops: Sops) -> list[Finding]:
    """Routes that steps invite to and that take nobody."""
    found = []
    for step in plan.template.step:
        if step.route is not None:
            outcome = (await sops.means.invite(step.route, 0)).outcome
            if outcome in _ROUTE:
                place = plan.at(step.id, "route")
                severity: Severity = "error" if outcome == "gone" else "warning"
                found.append(told(severity, place, _ROUTE[outcome], route=step.route))
    return found


def _skipped(plan: Plan) -> Iterator[Finding]:
    """Whom the forecast leaves out for good."""
    for reason, text in (("cannot be reached", _UNREACHED), ("opted out", _OPTED_OUT)):
        who = Bits.union(row.skipped.get(reason, Bits()) for row in plan.rows)
        if who and not plan.to_groups:
            severity: Severity = "note" if reason == "opted out" else "warning"
            yield told(severity, plan.at(key="audience"), text, count=who.count())


def _slow(plan: Plan) -> Iterator[Finding]:
    """Steps whose last message would leave when it is too late for it."""
    own = plan.template.guards.rate
    ways = [(reach.gateway, reach.can.account_rate, reach.who) for reach in plan.reaches]
    for step in plan.template.step:
        who = [row.who - row.by_staff for row in plan.rows if row.step == step.id]
        if step.action not in SEEN or not who:
            continue
        largest = max(who, key=Bits.count)
        asked = [("", own, largest)] if own else []
        asked += [(name, rate, largest & there) for name, rate, there in ways if rate]
        took = [(_ms(rate, who.count()), name, who) for name, rate, who in asked]
        worst = max(took, key=lambda one: one[0], default=None)
        if worst and worst[0] > step.late:
            time = duration(round(worst[0] / 60_000) * 60.0)
            place = plan.at(step.id, "guards.rate", worst[1])
            yield told("warning", place, _SLOW, count=worst[2].count(), time=time)


def _ms(rate: Rate, count: int) -> float:
    return count * rate.seconds * 1000 / rate.count
