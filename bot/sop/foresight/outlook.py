"""The outlook: how everybody stands towards one SOP now, in bits, as the judge would ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from bot.audience.audience import Audience
from bot.audience.expression import terms
from bot.sop.engine.turn import Turn
from bot.sop.sops import Sops
from bot.sop.templates.step import Step
from bot.sop.times.timing import share_of
from bot.store.bits import Bits
from bot.store.facts import read

CHUNK = 20_000
"""Shares reckoned before others have their turn."""

Zones = Sequence[tuple[ZoneInfo, Bits]]
"""Members' own zones, and whose they are."""


class Outlook:
    """What is so of a SOP's targets; one is made for each dry run.

    ``fresh``: it is not started yet, so nothing of it is due by now. ``only``: nobody else is
    looked at.
    """

    def __init__(
        self, sops: Sops, turn: Turn, zones: Zones, *, fresh: bool = False, only: Bits | None = None
    ) -> None:
        self.sops = sops
        self.turn = turn
        self.fresh = fresh
        self.only = only
        self.personal = turn.template.to == "member"
        self.met = Bits()
        """Who is in any of the groups it looks at."""
        self.present: dict[int, Bits] = {}
        """Who is in each of these groups."""
        self.via: dict[str, Bits] = {}
        """Whom each gateway reaches."""
        self.quit = Bits()
        self._zones = zones if self.personal and turn.template.timezone is None else ()
        self._alive = Bits()
        self._held: dict[int, tuple[Bits, Bits]] = {}
        self._ways: dict[str, tuple[Bits, dict[str, Bits]]] = {}

    async def open(self, gateways: Sequence[str]) -> None:
        """Read it; ``gateways`` are all there are. Raises Problems when somebody cannot be told."""
        await self._ask()
        turn, keys = self.turn, self.sops.means.store.keys
        if not self.personal:
            for number, group in turn.groups.items():
                name = group.conversation.gateway
                if self.sops.means.capabilities(name).send_group:
                    self.via[name] = self.via.get(name, Bits()) | Bits.of([number])
            return
        known = {name: keys.gateway_members(name) for name in gateways}
        places = {number: keys.group_present(number) for number in turn.groups}
        found = await read(
            self.sops.means.store, [keys.members_all(), *known.values(), *places.values()]
        )
        self._alive = found[keys.members_all()]
        self.present = {number: found[key] for number, key in places.items()}
        self.met = Bits.union(self.present.values())
        self.quit = await turn.crowd.quit()
        self._reach({name: found[key] for name, key in known.items()})

    async def _ask(self) -> None:
        """Every expression once: what cannot be told is found before anybody is judged."""
        turn = self.turn
        if self.personal:
            await turn.crowd.audience(turn.version.audience)
            if turn.template.guards.stop_when:
                await turn.crowd.of(turn.template.guards.stop_when)
        for flight in turn.flights:
            for step in flight.template.step:
                for asked in (step.condition, step.unless):
                    if asked is not None:
                        await self.fitting(asked)

    def _reach(self, accounts: Mapping[str, Bits]) -> None:
        """Who is written to by which gateway: directly, first where they are met, else there."""
        can, met, left = self.sops.means.capabilities, dict[str, Bits](), self._alive
        for number, group in self.turn.groups.items():
            name = group.conversation.gateway
            first = self.present[number] - Bits.union(met.values())
            met[name] = met.get(name, Bits()) | first
        direct = [name for name in accounts if can(name).send_direct]
        grouped = [name for name in accounts if can(name).send_group]
        tries = [(name, accounts[name] & met.get(name, Bits())) for name in direct]
        tries += [(name, accounts[name]) for name in direct]
        tries += [(name, accounts[name] & met.get(name, Bits())) for name in grouped]
        for name, those in tries:
            self.via[name] = self.via.get(name, Bits()) | (those & left)
            left -= those

    # questions

    @property
    def elsewhere(self) -> bool:
        """Whether being in another of its groups is as good as being in one's own."""
        can = self.sops.means.capabilities
        names = {group.conversation.gateway for group in self.turn.groups.values()}
        return self.turn.named or not all(can(name).send_direct for name in names)

    async def gone(self, who: Bits, *, away: bool) -> list[tuple[str, Bits]]:
        """Who of these is not to be written to at all, by the first reason; ``away``: all left."""
        turn, crowd = self.turn, self.turn.crowd
        if not self.personal:
            return [("group gone", who - Bits.of(turn.groups))]
        there = Bits() if away else self._alive & self.met if turn.named else self._alive
        reasons = [
            ("left", who - there),
            ("not in the audience", who - await crowd.audience(turn.version.audience)),
            ("quit", who & self.quit),
            ("opted out", who & await crowd.opted_out(turn.template.topic)),
        ]
        if stop := turn.template.guards.stop_when:
            reasons.insert(3, ("stop condition", who & await crowd.of(stop)))
        return reasons

    async def unmet(self, step: Step, who: Bits) -> Bits:
        """For whom of these the step's conditions do not hold."""
        found = Bits()
        if step.condition:
            found |= who - await self.fitting(step.condition)
        if step.unless:
            found |= who & await self.fitting(step.unless)
        return found

    async def fitting(self, audience: Audience) -> Bits:
        """Whom a condition holds for: members, or groups where it is for groups."""
        crowd = self.turn.crowd
        return await (crowd.of(audience) if self.personal else crowd.groups(audience))

    async def held(self, step: Step, who: Bits) -> Bits:
        """Who of these is held out of a step, to compare."""
        known, held = self._held.get(step.holdout, (Bits(), Bits()))
        if new := who - known:
            seed = f"{self.turn.sop.identity.number}/holdout"
            found = [
                number async for number, place in _shares(seed, new) if place * 100 < step.holdout
            ]
            known, held = known | new, held | Bits.of(found)
            self._held[step.holdout] = known, held
        return who & held

    async def variants(self, step: Step, who: Bits) -> dict[str, Bits]:
        """Who of these gets which variant."""
        known, ways = self._ways.get(step.id, (Bits(), {}))
        if new := who - known:
            found: dict[str, list[int]] = {one.name: [] for one in step.variant}
            whole = sum(one.share for one in step.variant)
            async for number, place in _shares(f"{self.turn.sop.identity.number}/{step.id}", new):
                place *= whole
                for one in step.variant:
                    place -= one.share
                    if place < 0:
                        break
                found[one.name].append(number)
            ways = {name: ways.get(name, Bits()) | Bits.of(those) for name, those in found.items()}
            self._ways[step.id] = known | new, ways
        return {name: who & those for name, those in ways.items()}

    def zones(self, who: Bits) -> Iterator[tuple[ZoneInfo, Bits]]:
        """These by the zone whose clocks count for them."""
        for zone, theirs in self._zones:
            if those := who & theirs:
                yield zone, those
                who -= those
        if who:
            yield self.turn.zone_of(None), who

    def zone_table(self) -> dict[int, ZoneInfo]:
        """The zone of every member who has their own."""
        return {number: zone for zone, who in self._zones for number in who}


def told_later(step: Step) -> bool:
    """Whether a step's conditions ask what other steps did, which is not so yet."""
    asked = [one.expression for one in (step.condition, step.unless) if one is not None]
    return any(term.kind == "step" for one in asked for term in terms(one))


async def _shares(seed: str, who: Bits) -> AsyncIterator[tuple[int, float]]:
    """Everybody's place between 0 and 1."""
    for count, number in enumerate(who):
        if count % CHUNK == CHUNK - 1:
            await asyncio.sleep(0)
        yield number, share_of(seed, number)
