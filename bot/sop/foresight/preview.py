"""Previews: what a text will look like to somebody, and what goes out in the next days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.message import Message
from bot.routing.writer import Reader
from bot.sop.engine.actor import variables_of
from bot.sop.engine.turn import PROMPT
from bot.sop.engine.verdict import Target
from bot.sop.foresight.forecast import Forecast
from bot.sop.sops import Sops
from bot.sop.templates.parameters import settle
from bot.sop.templates.template import Template
from bot.sop.templates.words import spoken
from bot.store.bits import Bits

NAMES = 5
MOST = 500
HOUR = 3_600_000


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
        self._forecast = Forecast(sops)
        self._writer = sops.means.writer.rehearsal()

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

        As the dry run has it: only who would get it counts. Of steps that come for each member at
        their own time those of one hour are told together, from the first of them on.
        """
        found: dict[tuple[object, ...], Upcoming] = {}
        names: dict[tuple[object, ...], Bits] = {}
        personal = await self._personal()
        async for row in self._forecast.stream(days=days):
            told = row.who if row.certain else Bits()
            if row.action in PROMPT or sop not in (None, row.sop):
                continue
            if row.sop in personal and not told:
                continue
            span = HOUR if row.sop in personal else 1
            key = (row.sop, row.step, row.due // span)
            one = found.get(key) or Upcoming(
                due=row.due, sop=row.sop, step=row.step, to=row.to, count=0
            )
            found[key] = one.model_copy(update={"count": one.count + told.count()})
            names[key] = names.get(key, Bits()) | told
        rows = sorted(found.items(), key=lambda row: (row[1].due, row[1].sop, row[1].step))[:MOST]
        return [await self._named(row, names[key]) for key, row in rows]

    async def _personal(self) -> set[str]:
        """The running SOPs whose steps come for each member by themselves."""
        return {
            one.id
            for one in await self._sops.all()
            if one.state == "running" and (await self._sops.version(one)).template.personal
        }

    async def _named(self, row: Upcoming, who: Bits) -> Upcoming:
        numbers = who.numbers(0, NAMES)
        if row.to == "member":
            names = tuple(one.name for one in await self._means.members.some(numbers))
            return row.model_copy(update={"names": names})
        groups = [await self._means.members.group(number) for number in numbers]
        named = tuple(g.name or str(g.conversation.group) for g in groups if g is not None)
        return row.model_copy(update={"names": named})


def _conversation(target: Target) -> Conversation:
    if target.group is not None:
        return target.group.conversation
    accounts: dict[str, Any] = dict(target.member.accounts) if target.member else {}
    gateway = next(iter(accounts), "")
    return Conversation(gateway=gateway, account=accounts.get(gateway, ""))
