"""The judge: what becomes of one target at its time, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from bot.audience.audience import Audience
from bot.sop.engine.actor import Actor
from bot.sop.engine.turn import PROMPT, Rows, Turn
from bot.sop.engine.verdict import Case, Postpone, Skip, Target, Verdict
from bot.sop.sops import Sops
from bot.sop.templates.step import Step
from bot.sop.times.timing import share_of


class Judge:
    """Judges in chunks, reading what it needs of all targets at once."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._means = sops.means
        self._actor = Actor(sops)
        # The same for everybody of one zone in one look.
        self._opening = lru_cache(maxsize=64)(sops.windows.opening)

    async def judge(self, turn: Turn, occurrence: str, rows: Rows) -> list[tuple[Case, Verdict]]:
        """A verdict for each target, in order."""
        ident = occurrence.split("/", 2)[1]
        targets = await self._targets(turn, [target for target, _ in rows])
        cases = []
        for target, (_, due) in zip(targets, rows, strict=True):
            flight = turn.flight(target.number) if target.who[0] == "m" else turn.flights[-1]
            step = flight.template.find(ident)
            cases.append(Case(target, flight, step, occurrence, due))
        verdicts = await asyncio.gather(*(self._one(turn, case) for case in cases))
        return list(zip(cases, verdicts, strict=True))

    # who

    async def _targets(self, turn: Turn, names: Sequence[str]) -> list[Target]:
        numbers = [int(name.partition(":")[0]) for name in names]
        if turn.template.to == "group":
            zone = turn.zone_of(None)
            return [Target(n, str(n), f"g{n}", zone, None, turn.groups.get(n)) for n in numbers]
        elsewhere = [*turn.groups] if self._needs_groups(turn) else []
        some, standing = await asyncio.gather(
            self._means.members.some(numbers), self._sops.roster.standing(names, elsewhere)
        )
        members = {member.number: member for member in some}
        found = []
        for name, number, place in zip(names, numbers, standing, strict=True):
            member, group = members.get(number), turn.groups.get(place)
            own = member.attributes.get("timezone") if member else None
            found.append(Target(number, name, f"m{number}", turn.zone_of(own), member, group))
        return found

    def _needs_groups(self, turn: Turn) -> bool:
        """Whether it matters in which other group a member is."""
        direct = all(self._means.capabilities(gateway).send_direct for gateway in turn.gateways)
        return turn.named or not direct

    # what

    async def _one(self, turn: Turn, case: Case) -> Verdict:
        step, target = case.step, case.target
        if step is None:
            return Skip("step removed")
        if (reason := await self._gone(turn, target)) is not None:
            return Skip(reason)
        if (unmet := await self._unmet(turn, step, target)) is not None:
            return Skip("condition", unmet)
        if step.action in PROMPT:
            return await self._actor.act(turn, case)
        guards = case.flight.template.guards
        zone = turn.zone_of(None) if step.action == "moment" else target.zone
        opening = self._opening(turn.now, zone, guards.blackout)
        if opening.due > turn.now and not (
            opening.why == "quiet hours" and await self._actor.may_welcome(turn, case)
        ):
            dropped = guards.quiet == "drop" and opening.why == "quiet hours"
            return Skip(opening.why) if dropped else Postpone(opening.due, opening.why)
        seed = f"{turn.sop.identity.number}/holdout"
        if step.holdout and share_of(seed, target.number) * 100 < step.holdout:
            return Skip("hold-out", way="hold-out")
        return await self._actor.write(turn, case, opening)

    async def _gone(self, turn: Turn, target: Target) -> str | None:
        """Why nobody is there to be written to, or None."""
        if turn.template.to == "group":
            return None if target.group else "group gone"
        must_meet = turn.named or not target.name.endswith(":0")
        if target.member is None or (must_meet and target.group is None):
            return "left"
        crowd, number = turn.crowd, target.number
        if number not in await crowd.audience(turn.version.audience):
            return "not in the audience"
        if number in await crowd.quit():
            return "quit"
        stop = turn.template.guards.stop_when
        if stop is not None and number in await crowd.of(stop):
            return "stop condition"
        return "opted out" if number in await crowd.opted_out(turn.template.topic) else None

    async def _unmet(self, turn: Turn, step: Step, target: Target) -> str | None:
        """The condition that is not met, or None."""
        if step.condition and not await self._holds(turn, step.condition, target):
            return str(step.condition)
        if step.unless and await self._holds(turn, step.unless, target):
            return f"not ({step.unless})"
        return None

    async def _holds(self, turn: Turn, audience: Audience, target: Target) -> bool:
        if turn.template.to == "group":
            return target.number in await turn.crowd.groups(audience)
        return target.number in await turn.crowd.of(audience)
