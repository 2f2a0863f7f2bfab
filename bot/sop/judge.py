"""The judge: what becomes of one target at its time, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, Result
from bot.model.message import Mention, Message, Text
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader
from bot.sop.audience import Standing
from bot.sop.record import run_of
from bot.sop.sops import Sops
from bot.sop.tasks import Task
from bot.sop.template import Step, spoken
from bot.sop.turn import Rows, Turn
from bot.store.members import Group, Member

NOBODY = Standing(group=0, opted_out=False, tagged=True)


@dataclass(frozen=True, slots=True)
class Skip:
    """Not sent to this target; ``detail`` says more than the catalogued reason."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Postpone:
    """Quiet hours: due again at this UTC ms."""

    due: int


Verdict = Skip | Postpone | Delivery | Task


@dataclass(frozen=True, slots=True)
class Target:
    """Who a row is about: a group, or a member and the group it is met in."""

    number: int
    who: str
    zone: ZoneInfo
    member: Member | None
    group: Group | None
    standing: Standing


class Judge:
    """Judges in chunks, reading what it needs of all targets at once."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._means = sops.means

    async def judge(self, turn: Turn, occurrence: str, rows: Rows) -> list[Verdict]:
        """A verdict for each target, in order."""
        step = turn.version.step(occurrence.split("/", 2)[1])
        if step is None:
            return [Skip("step removed")] * len(rows)
        targets = await self._targets(turn, [target for target, _ in rows])
        return await asyncio.gather(
            *(
                self._one(turn, step, occurrence, target, due)
                for target, (_, due) in zip(targets, rows, strict=True)
            )
        )

    # who

    async def _targets(self, turn: Turn, names: Sequence[str]) -> list[Target]:
        numbers = [int(name.partition(":")[0]) for name in names]
        if turn.template.to == "group":
            return [
                Target(n, f"g{n}", turn.zone_of(None), None, turn.groups.get(n), NOBODY)
                for n in numbers
            ]
        members = {m.number: m for m in await self._means.members.some(numbers)}
        audience = turn.version.audience
        elsewhere = [*turn.groups] if self._needs_groups(turn) else []
        standing = await self._sops.roster.standing(names, audience, elsewhere)
        found = []
        for number, now in zip(numbers, standing, strict=True):
            member = members.get(number)
            own = member.attributes.get("timezone") if member else None
            group = turn.groups.get(now.group)
            found.append(Target(number, f"m{number}", turn.zone_of(own), member, group, now))
        return found

    def _needs_groups(self, turn: Turn) -> bool:
        """Whether it matters in which other group a member is."""
        gateways = {group.conversation.gateway for group in turn.groups.values()}
        direct = all(self._means.capabilities(gateway).send_direct for gateway in gateways)
        return not direct or turn.version.audience.kind in ("all-groups", "groups")

    # what

    async def _one(
        self, turn: Turn, step: Step, occurrence: str, target: Target, due: int
    ) -> Verdict:
        if (reason := _gone(turn, target)) is not None:
            return Skip(reason)
        opening = self._sops.windows.opening(turn.now, target.zone)
        if opening.due > turn.now:
            return Postpone(opening.due)
        reader = Reader(
            f"sop/{turn.sop.id}/{step.id}",
            target.group.number if target.group else 0,
            target.number if target.member else 0,
        )
        to, can = self._way(target)
        if to is None:
            return Skip("cannot be reached")
        variables = variables_of(turn.version.parameters, self._means.workspace, to, target)
        try:
            if not await self._wanted(step, variables, reader):
                return Skip("condition")
            text = spoken(step.text, turn.version.language)
            # In a group anybody may click: a link there is nobody's own.
            audience = reader if to.group is None else replace(reader, member=0)
            message = await self._means.writer.write(text, variables, audience)
        except TemplateFailed as error:
            return Skip("text failed", str(error))
        if target.member is not None and to.group is not None:
            message = _called(message, target.member, to.gateway)
        run = f"{turn.sop.id}/{run_of(turn.sop, occurrence)}"
        if can.staff_confirm:
            return _task(turn, run, target, to, message, due)
        return Delivery(
            to=to,
            message=message,
            priority="broadcast",
            due=due,
            until=opening.until,
            expires=turn.now + step.late,
            source=turn.sop.source,
            member=target.number if target.member else None,
            cap=self._sops.windows.cap(target.who, turn.now, target.zone),
            result=Result(run=run, target=target.number),
        )

    async def _wanted(self, step: Step, variables: dict[str, Any], reader: Reader) -> bool:
        hold = self._sops.conditions.hold
        if step.condition is not None and not await hold(step.condition, variables, reader):
            return False
        return step.unless is None or not await hold(step.unless, variables, reader)

    def _way(self, target: Target) -> tuple[Conversation | None, Capabilities]:
        """Where to write: directly where the gateway can, else in the group, calling the member."""
        group, capabilities = target.group, self._means.capabilities
        if target.member is None and group is not None:
            can = capabilities(group.conversation.gateway)
            return (group.conversation if can.send_group else None), can
        accounts = dict(target.member.accounts) if target.member else {}
        own = group.conversation.gateway if group else ""
        for gateway in sorted(accounts, key=lambda name: name != own):
            can = capabilities(gateway)
            if can.send_direct:
                return Conversation(gateway=gateway, account=accounts[gateway]), can
        can = capabilities(own) if own else Capabilities()
        reachable = group is not None and own in accounts and can.send_group
        return (group.conversation if group and reachable else None), can


def variables_of(
    parameters: dict[str, Any], workspace: Any, to: Conversation, target: Target
) -> dict[str, Any]:
    """What a step's text can name."""
    found: dict[str, Any] = {**workspace, **parameters, "gateway": to.gateway, "group": None}
    if group := target.group:
        ident = str(group.conversation.group)
        found["group"] = {"name": group.name or ident, "id": ident}
    if member := target.member:
        account = member.accounts.get(to.gateway, "")
        found["member"] = {"name": member.name or account, "account": account}
    return found


def _gone(turn: Turn, target: Target) -> str | None:
    """Why nobody is there to be written to, or None."""
    if turn.template.to == "group":
        return None if target.group else "group gone"
    kind = turn.version.audience.kind
    everywhere = kind in ("everyone", "tag") and turn.template.anchor != "joined"
    if target.member is None or not (everywhere or target.group):
        return "left"
    if not target.standing.tagged:
        return "not in the audience"
    return "opted out" if target.standing.opted_out else None


def _called(message: Message, member: Member, gateway: str) -> Message:
    mention = Mention(account=member.accounts[gateway], name=member.name)
    return Message(segments=(mention, Text(text=" "), *message.segments))


def _task(
    turn: Turn, run: str, target: Target, to: Conversation, message: Message, due: int
) -> Task:
    return Task(
        id=f"{run}/{target.number}",
        sop=turn.sop.id,
        run=run,
        target=target.number,
        to=to,
        text=message.summary,
        due=due,
        member=target.number if target.member else None,
    )
