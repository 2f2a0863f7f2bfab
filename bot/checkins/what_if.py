"""What if: who a change of a programme's rules or zone would touch, before it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from bot.checkins.checkins import CheckIns
from bot.checkins.programme import Programme
from bot.checkins.standing import Reckoning, Standing
from bot.located import parse, validate
from bot.settings.checkins import CheckInSettings
from bot.store.members import Members

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Changed:
    """One member whose streak, total or points would be others; ``group``: where it counts."""

    member: int
    group: int
    before: Standing
    after: Standing


@dataclass(frozen=True, slots=True)
class WhatIf:
    """``looked`` members have records; the counts are of those who would gain or lose.

    ``first``: those whose streak or points would change most, up to 50.
    """

    looked: int
    changed: int
    shorter: int
    longer: int
    poorer: int
    richer: int
    first: tuple[Changed, ...]


def changed_programme(programme: Programme, text: str, zone: str) -> Programme:
    """The programme as the keys of a ``[checkin.name]`` section say; raises Problems.

    ``zone`` is the workspace's. What ``text`` does not name is as it is by default.
    """
    settings = validate(CheckInSettings, parse(text, f"[checkin.{programme.name}]"))
    return changed(programme, settings, zone)


def changed(programme: Programme, settings: CheckInSettings, zone: str) -> Programme:
    """The programme with other settings; ``zone`` is the workspace's."""
    return replace(programme, settings=settings, zone=ZoneInfo(settings.timezone or zone))


async def what_if(
    checkins: CheckIns,
    members: Members,
    before: Programme,
    after: Programme,
    now: int,
    shown: int = SHOWN,
) -> WhatIf:
    """Reckons every member's records by both at ``now`` (UTC ms); reads each once, in batches.

    Raises ValueError where records would have to be counted in other places: between
    ``count = "everywhere"`` and ``"group"`` there is nothing to compare.
    """
    if before.settings.count != after.settings.count:
        raise ValueError("count")
    ever = await checkins.records.ever(before.name)
    looked, counts, found = 0, [0, 0, 0, 0], list[Changed]()
    for scope in await _scopes(members, before):
        async for member, kept in checkins.records.many(before.name, ever, scope):
            old = Reckoning(before, kept, now).standing
            if not old.total and scope:
                continue
            new = Reckoning(after, kept, now).standing
            looked += 1
            if (old.streak, old.total, old.points) == (new.streak, new.total, new.points):
                continue
            found.append(Changed(member, scope, old, new))
            counts[0] += new.streak < old.streak
            counts[1] += new.streak > old.streak
            counts[2] += new.points < old.points
            counts[3] += new.points > old.points
    first = sorted(found, key=lambda one: (-_size(one), one.member))[:shown]
    shorter, longer, poorer, richer = counts
    return WhatIf(looked, len(found), shorter, longer, poorer, richer, tuple(first))


async def _scopes(members: Members, programme: Programme) -> list[int]:
    if programme.settings.count == "everywhere":
        return [0]
    return [one.number for one in await members.groups() if programme.runs_in(one.conversation)]


def _size(one: Changed) -> int:
    streak = abs(one.after.streak - one.before.streak)
    return 1000 * streak + abs(one.after.points - one.before.points)
