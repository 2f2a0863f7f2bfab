"""Previews: what a text will look like to somebody, and what goes out in the next days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.message import Message
from bot.routing.writer import SEGMENTS, Reader, Writer
from bot.sop.actor import variables_of
from bot.sop.anchor import AttributeAnchor
from bot.sop.moments import anchored, between
from bot.sop.parameters import settle
from bot.sop.record import Sop, Version
from bot.sop.roster import Roster
from bot.sop.schedule import DAY_MS, day_of
from bot.sop.sops import Sops
from bot.sop.step import Step
from bot.sop.template import Template
from bot.sop.timing import due, month_days, occurrences, personal_moment, shift
from bot.sop.verdict import Target
from bot.sop.words import spoken
from bot.store.members import Group

NAMES = 5
PAGE = 1_000
MOST = 500


class Upcoming(Frozen):
    """What is expected to go out at a moment (UTC ms): to how many, and the first names."""

    due: int
    sop: str
    step: str
    to: str
    count: int
    names: tuple[str, ...] = ()


class Preview:
    """Renders and looks ahead; writes nothing and sends nothing."""

    def __init__(self, sops: Sops) -> None:
        self._means = sops.means
        self._sops = sops
        self._roster: Roster = sops.roster
        functions = sops.means.writer.names - SEGMENTS
        self._writer = Writer(sops.means.templates, dict.fromkeys(functions, _plain))

    # texts

    async def template(
        self,
        template: Template,
        parameters: Mapping[str, object],
        *,
        group: int = 0,
        member: int = 0,
        language: str | None = None,
    ) -> dict[str, Message]:
        """Every step's message, by step id, for a group, a member, or a member in a group.

        Links are shown as they lead, not tracked. Raises Problems for wrong parameters and
        TemplateFailed for a text that cannot be written for these.
        """
        zone = ZoneInfo(template.timezone or self._means.timezone)
        spoken_in = language or self._means.language
        now = self._means.store.clock.now()
        values = settle(template.parameters, parameters, now, zone, spoken_in)
        target = await self._target(group, member)
        to = _conversation(target)
        variables = variables_of(values, self._means.workspace, to, target)
        return {
            f"{step.id}/{way}" if way else step.id: await self._writer.write(
                spoken(words, spoken_in), variables, Reader()
            )
            for step in template.step
            for way, words in step.texts.items()
        }

    async def sop(self, ident: str, *, group: int = 0, member: int = 0) -> dict[str, Message]:
        """The same of a SOP, with its parameters."""
        version = await self._sops.version(await self._sops.get(ident))
        return await self.template(
            version.template,
            version.parameters,
            group=group,
            member=member,
            language=version.language,
        )

    async def _target(self, group: int, member: int) -> Target:
        found = await self._means.members.member(member) if member else None
        place = await self._means.members.group(group) if group else None
        number, zone = member or group, ZoneInfo(self._means.timezone)
        return Target(number, str(number), f"m{number}", zone, found, place)

    # the next days

    async def upcoming(self, days: int = 7, sop: str | None = None) -> list[Upcoming]:
        """What running SOPs are expected to send until ``days`` from now, in order of time.

        Quiet hours are those of the workspace's zone. Conditions, opt-outs and caps are asked
        only when the time comes.
        """
        now, found = self._means.store.clock.now(), list[Upcoming]()
        for one in await self._sops.all():
            if one.state == "running" and sop in (None, one.id):
                version = await self._sops.version(one)
                zone = version.zone(None, self._means.timezone)
                for step in version.settled.step:
                    rows = await self._step(one, version, step, now, now + days * DAY_MS)
                    found += [self._after_quiet_hours(row, zone) for row in rows]
        return sorted(found, key=lambda u: (u.due, u.sop, u.step))[:MOST]

    def _after_quiet_hours(self, row: Upcoming, zone: ZoneInfo) -> Upcoming:
        return row.model_copy(update={"due": self._sops.windows.opening(row.due, zone).due})

    async def _step(
        self, sop: Sop, version: Version, step: Step, now: int, until: int
    ) -> Iterable[Upcoming]:
        anchor, zone = version.template.anchor, version.zone(None, self._means.timezone)
        to = version.template.to
        groups = await self._roster.groups(version.audience, to)
        at: dict[int, list[int]] = {}
        if step.follows is not None:
            return []
        if version.always:
            at = await self._moments(sop, version, step, now, until, groups)
        elif isinstance(anchor, AttributeAnchor):
            at = await self._dated(version, step, anchor, now, until)
        else:
            template, values = version.settled, version.parameters
            count = await self._roster.count(version.audience, to)
            names = tuple(g.name or str(g.conversation.group) for g in [*groups.values()][:NAMES])
            names = names if template.to == "group" else ()
            return [
                Upcoming(
                    due=due, sop=sop.id, step=step.id, to=template.to, count=count, names=names
                )
                for due in occurrences(template, step, values, zone, now, until)
            ]
        return [await self._members(sop, step, due, numbers) for due, numbers in at.items()]

    async def _members(self, sop: Sop, step: Step, due: int, numbers: list[int]) -> Upcoming:
        some = await self._means.members.some(numbers[:NAMES])
        names = tuple(member.name for member in some)
        return Upcoming(
            due=due, sop=sop.id, step=step.id, to="member", count=len(numbers), names=names
        )

    async def _moments(
        self,
        sop: Sop,
        version: Version,
        step: Step,
        now: int,
        until: int,
        groups: Mapping[int, Group],
    ) -> dict[int, list[int]]:
        """Moment → targets; those of one hour are told together when there is no time of day."""
        store, seen = self._means.store, set[int]()
        found: dict[int, list[int]] = {}
        zone = version.zone(None, self._means.timezone)
        first = max(sop.identity.started, now - int(shift(step).total_seconds() * 1000) - DAY_MS)
        sets = anchored(store.keys, sop, version.template, [*groups])
        async for page in between(store, sets, first, now):
            for name, anchor in page:
                number, moment = int(name.partition(":")[0]), due(step, anchor, zone)
                if now < moment <= until and number not in seen:
                    seen.add(number)
                    moment = moment if step.at else moment - moment % 3_600_000 + 3_599_000
                    found.setdefault(moment, []).append(number)
        return found

    async def _dated(
        self, version: Version, step: Step, anchor: AttributeAnchor, now: int, until: int
    ) -> dict[int, list[int]]:
        store, found = self._means.store, dict[int, list[int]]()
        zone = version.zone(None, self._means.timezone)
        for day in range(day_of(now, zone).toordinal(), day_of(until, zone).toordinal() + 1):
            on = date.fromordinal(day) - shift(step)
            moment = personal_moment(step, anchor, on, "", zone)
            if now < moment <= until:
                key = store.keys.member_dates(anchor.attribute)
                for month_day in month_days(on):
                    numbers = await store.texts(
                        "ZRANGEBYSCORE", key, month_day, month_day, "LIMIT", 0, PAGE
                    )
                    found.setdefault(moment, []).extend(map(int, numbers))
        return {moment: numbers for moment, numbers in found.items() if numbers}


def _conversation(target: Target) -> Conversation:
    if target.group is not None:
        return target.group.conversation
    accounts: dict[str, Any] = dict(target.member.accounts) if target.member else {}
    gateway = next(iter(accounts), "")
    return Conversation(gateway=gateway, account=accounts.get(gateway, ""))


async def _plain(_: Reader, *args: Any, **named: Any) -> str:
    """What a function shows in a preview: its first word, such as a link's address."""
    return str(next(iter([*args, *named.values()]), ""))
