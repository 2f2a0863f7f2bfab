"""The plan that is checked: a version, whom it is for now, and what is foreseen of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.audience.audience import Audience
from bot.audience.expression import terms
from bot.audience.source import Scope
from bot.model.capabilities import Capabilities
from bot.sop.check.finding import Place
from bot.sop.engine.roster import names_groups
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.record import Version
from bot.sop.sops import Sops
from bot.sop.templates.step import Step
from bot.sop.templates.template import Template
from bot.sop.times.schedule import DAY_MS, FOREVER_MS
from bot.sop.times.timing import occurrences
from bot.store.bits import Bits
from bot.store.members import Group

SEEN = frozenset({"message", "moment", "task", "route"})
"""What somebody does or reads: what quiet hours are about."""
SENT = frozenset({"message", "route"})
"""What caps, quotas and distances are about."""
CAPPED = "frequency cap"


@dataclass(frozen=True, slots=True)
class Reach:
    """A gateway some targets are reached through, and who they are."""

    gateway: str
    can: Capabilities
    who: Bits

    @property
    def direct(self) -> bool:
        """Whether members are written to alone, not called in a group."""
        return self.can.send_direct


@dataclass(frozen=True, slots=True)
class Plan:
    """What every check reads.

    ``sop`` is '' for a draft. ``template`` is settled, ``version.template`` is what fixes change.
    ``audience`` are the members or groups it is for now; ``groups`` those it is for or in which
    its members are met. ``rows`` are foreseen of it and ``others`` of all other running SOPs,
    until ``until``; ``topics`` says what each SOP is about. UTC ms.
    """

    sop: str
    version: Version
    template: Template
    now: int
    until: int
    zone: ZoneInfo
    audience: Bits
    groups: Mapping[int, Group]
    reaches: Sequence[Reach]
    rows: Sequence[Foreseen] = ()
    others: Sequence[Foreseen] = ()
    topics: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def to_groups(self) -> bool:
        """Whether groups are written to."""
        return self.template.to == "group"

    @property
    def in_group(self) -> bool:
        """Whether every member is met in one of its groups."""
        return self.to_groups or names_groups(self.version.audience) or len(self.groups) == 1

    def draft(self, step: Step) -> Step:
        """The step as the draft has it, with references in place of values."""
        found = self.version.template.find(step.id)
        assert found is not None
        return found

    def moments(self, step: Step) -> list[int]:
        """When a step of a calendar or date comes; of one with an end, all that is to come."""
        until = self.now + FOREVER_MS if self.template.finite else self.until
        values = self.version.parameters
        return occurrences(self.template, step, values, self.zone, self.now, until)

    def at(self, step: str = "", key: str = "", target: str = "") -> Place:
        """A place in this plan."""
        return Place(sop=self.sop, step=step, key=key, target=target)


async def plan_of(
    sops: Sops, version: Version, sop: str, gateways: Collection[str], days: int
) -> Plan:
    """The plan without what is foreseen; raises Problems when nobody can say whom it is for."""
    means, template = sops.means, version.settled
    now = means.store.clock.now()
    groups = await sops.roster.groups(version.audience, template.to)
    if template.to == "group":
        audience = Bits.of(groups)
    else:
        audience = await sops.roster.algebra.members(version.audience, Scope(sop))
    return Plan(
        sop=sop,
        version=version,
        template=template,
        now=now,
        until=now + days * DAY_MS,
        zone=version.zone(None, means.timezone),
        audience=audience,
        groups=groups,
        reaches=await _reaches(sops, template, audience, groups, gateways),
    )


async def _reaches(
    sops: Sops,
    template: Template,
    audience: Bits,
    groups: Mapping[int, Group],
    gateways: Collection[str],
) -> list[Reach]:
    algebra, reaches = sops.roster.algebra, []
    for name in sorted({*gateways, *(group.conversation.gateway for group in groups.values())}):
        if template.to == "group":
            here = Bits.of(n for n, group in groups.items() if group.conversation.gateway == name)
        else:
            here = audience & await algebra.fact(algebra.keys.gateway_members(name))
        if here:
            reaches.append(Reach(name, sops.means.capabilities(name), here))
    return reaches


def named_groups(audience: Audience) -> set[str]:
    """The groups an audience names, as ``gateway/id``."""
    return {term.value for term in terms(audience.expression) if term.kind == "group"}


def wanted(row: Foreseen) -> Bits:
    """Who would get a row if there were no caps and quotas."""
    return row.who | row.skipped.get(CAPPED, Bits())
