"""Check-ins as handlers, console and other rooms use them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.checkins.corrections import Corrections
from bot.checkins.days import DAY
from bot.checkins.desk import CheckIn as CheckIn
from bot.checkins.desk import Desk, Wish
from bot.checkins.evidence import Evidence, EvidenceRoom, Shown
from bot.checkins.ledger import Entry
from bot.checkins.month import Month, month_of
from bot.checkins.points import Points
from bot.checkins.programme import Programme
from bot.checkins.programmes import Programmes
from bot.checkins.records import EVERYWHERE, Records
from bot.checkins.refusal import NotNow
from bot.checkins.stages import Stages
from bot.checkins.standing import Reckoning
from bot.checkins.standing import Standing as Standing
from bot.clock import Clock
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.routing.context import Context
from bot.settings.checkins import CheckInSettings
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A member whose streak ends unless they come today."""

    member: int
    streak: int


@dataclass(frozen=True, slots=True)
class Roster:
    """A group's day: who checked in, in order while that is kept, and who is there and has not."""

    done: tuple[int, ...]
    missing: tuple[int, ...]


class CheckIns:
    """Records check-ins and reads what follows from them.

    Groups are given by their number; without one, all groups are meant. Of a programme that
    counts by group, a group's records are its own; of others they are the same everywhere.
    """

    def __init__(
        self,
        settings: Mapping[str, CheckInSettings],
        zone: str,
        store: Store,
        members: Members,
        facts: Facts,
        clock: Clock,
        translate: Callable[[str], str] = lambda text: text,
        functions: frozenset[str] = frozenset(),
        gateways: Collection[str] = (),
        capabilities: Callable[[str], Capabilities] = lambda _: Capabilities(),
    ) -> None:
        """``functions``: what texts can call; ``gateways`` those groups can be at (none: any)."""
        self.book = Programmes(settings, zone, store, functions, gateways)
        self.records = Records(store, facts)
        self.stages = Stages(store, facts, self.records)
        self.evidence = EvidenceRoom(store)
        self._members = members
        self._clock = clock
        self._desk = Desk(self.book, self.records, self.evidence, self.stages, members)
        self.points = Points(store, self.records, clock)
        self._corrections = Corrections(
            *(store, self.records, self.evidence, members, clock, translate, capabilities)
        )

    @property
    def programmes(self) -> tuple[Programme, ...]:
        """All there are, at most a second old; what is paused or has ended is among them."""
        return self.book.all

    async def refresh(self) -> None:
        """See to it that the programmes are at most a second old; raises StoreError."""
        await self.book.fresh()

    # in chat

    def programme_for(self, text: str, group: Conversation | None = None) -> Programme | None:
        """The programme a text checks in to: in a group, or without one anywhere."""
        return self._desk.programme_for(text, group)

    def running_in(self, group: Conversation) -> list[Programme]:
        """The programmes members of a group can check in to there, if they are not paused."""
        return [p for p in self.programmes if p.runs_in(group) and p.rests != "ended"]

    async def wish(self, ctx: Context) -> Wish | None:
        """What a message asks for: a check-in word, with evidence if there is; or an answer."""
        return await self._desk.wish(ctx)

    async def still_wanted(self, ctx: Context) -> NotNow | None:
        """What to say to a message that was to be evidence and is not enough."""
        return await self._desk.still_wanted(ctx)

    async def check_in(
        self,
        ctx: Context,
        programme: Programme,
        group: int | None = None,
        shown: Shown | None = None,
    ) -> CheckIn | NotNow:
        """Check the member in, once a day; the record is committed together with the reply.

        ``group``: the one they chose in a direct chat. The day is that of the event in the
        member's zone, unless its time is in the future or older than a day.
        """
        return await self._desk.check_in(ctx, programme, group, shown)

    async def make_up(
        self, ctx: Context, programme: Programme, words: str = ""
    ) -> CheckIn | NotNow:
        """Make up for the day that ``words`` name ("昨天", 6-17), or the latest missed."""
        return await self._desk.make_up(ctx, programme, words)

    # for console, commands and other rooms

    def programme(self, name: str) -> Programme | None:
        """The programme of a name."""
        return next((p for p in self.programmes if p.name == name), None)

    def today(self, programme: Programme) -> date:
        """The programme's day now."""
        return programme.day(self._clock.now())

    async def standing(
        self, programme: Programme, member: int, group: int = EVERYWHERE
    ) -> Standing:
        """A member's streak, total and points."""
        return (await self._reckoning(programme, member, group)).standing

    async def standings(
        self, programme: Programme, members: Sequence[int], group: int = EVERYWHERE
    ) -> AsyncIterator[tuple[int, Standing]]:
        """The standings of many, read in batches; their days are in the zones of their records."""
        scope, now = programme.scope(group), self._clock.now()
        async for member, kept in self.records.many(programme.name, members, scope):
            yield member, Reckoning(programme, kept, now).standing

    async def calendar(
        self, programme: Programme, member: int, year: int, month: int
    ) -> list[date]:
        """The days of a month on which the member checked in."""
        days = await self.records.days(programme.name, member)
        return [day for day in days if (day.year, day.month) == (year, month)]

    async def month(
        self, programme: Programme, member: int, year: int, month: int, group: int = EVERYWHERE
    ) -> Month:
        """What became of each day of a month. Raises ValueError for a month there is not."""
        reckoning = await self._reckoning(programme, member, group)
        scope = programme.scope(group)
        shown = await self.evidence.month(programme.name, member, scope, year, month)
        return month_of(reckoning, shown, member, year, month)

    async def about_to_break(
        self, programme: Programme, group: int = EVERYWHERE, least: int = 3
    ) -> list[AtRisk]:
        """Whose streak of ``least`` or more ends with today unless they come, longest first.

        Looks at who came in the period before, whatever the number of members.
        """
        today, rules = self.today(programme), programme.rules
        period = rules.period(today)
        if not rules.runs_on(today) or (
            rules.weekly and rules.runs_on(today + DAY) and rules.period(today + DAY) == period
        ):
            return []
        before = rules.period(period - DAY)
        came = set[int]()
        for n in range((period - before).days):
            came |= {*await self.records.on(programme.name, before + DAY * n, group)}
        found, scope = [], programme.scope(group)
        async for member, kept in self.records.many(programme.name, sorted(came), scope):
            reckoning = Reckoning(programme, kept, self._clock.now())
            streak = reckoning.standing.streak
            if streak >= least and reckoning.is_open:
                found.append(AtRisk(member, streak))
        return sorted(found, key=lambda one: (-one.streak, one.member))

    # points

    async def ledger(
        self, programme: Programme | None, member: int, group: int = EVERYWHERE
    ) -> list[Entry]:
        """Every change of a member's points, the newest first; without a programme of all.

        Of a programme that counts by group, that of the ``group``; without one, of all groups.
        """
        found = list[Entry]()
        for one in self.programmes if programme is None else [programme]:
            for scope in await self._scopes(one, member, group):
                reckoning = await self._reckoning(one, member, scope)
                found += [e.model_copy(update={"group": scope}) for e in reckoning.ledger]
        return sorted(found, key=lambda e: (e.at, e.id or 0), reverse=True)

    # what staff decide

    async def pending(self, skip: int = 0, limit: int = 50) -> list[Evidence]:
        """What waits for approval, the oldest first."""
        return await self.evidence.pending(skip, limit)

    async def approve(self, key: str, by: str) -> bool:
        """Take a pending check-in (``Evidence.key``); False when it no longer waits."""
        evidence = await self.evidence.waiting(key)
        return evidence is not None and await self._corrections.approve(evidence, by)

    async def refuse(self, key: str, by: str, reason: str) -> bool:
        """Take a pending check-in away again, saying why; False when it no longer waits.

        Raises ValueError without a reason.
        """
        evidence = await self.evidence.waiting(key)
        programme = self.programme(evidence.programme) if evidence else None
        if evidence is None or programme is None:
            return False
        return await self._corrections.refuse(programme, evidence, by, reason)

    async def correct(
        self,
        programme: Programme,
        member: int,
        day: date,
        done: bool,
        by: str,
        reason: str,
        group: int = EVERYWHERE,
    ) -> bool:
        """Add or take away a day; False when it already was so. Audited.

        Raises ValueError without a reason, and for a day that is to come or not the programme's.
        """
        scope = programme.scope(group)
        return await self._corrections.correct(programme, member, day, done, by, reason, scope)

    async def excuse(
        self,
        programme: Programme,
        member: int,
        day: date,
        by: str,
        reason: str,
        group: int = EVERYWHERE,
    ) -> bool:
        """Let a member's streak hold over a day they miss; False when it does. Audited.

        Raises ValueError as ``correct`` does.
        """
        scope = programme.scope(group)
        return await self._corrections.excuse(programme, member, day, by, reason, scope)

    # who came

    async def counts(
        self, programme: Programme, first: date, last: date, group: int = EVERYWHERE
    ) -> dict[date, int]:
        """How many checked in on each day from ``first`` to ``last``; kept for 400 days."""
        days = [first + DAY * n for n in range((last - first).days + 1)]
        asked = (self.records.count(programme.name, day, group) for day in days)
        return dict(zip(days, await asyncio.gather(*asked), strict=True))

    async def roster(self, programme: Programme, group: int, day: date | None = None) -> Roster:
        """Who of a group checked in on a day (today), and who of those there now has not.

        A member who checked in through another group has checked in.
        """
        day = day or self.today(programme)
        order = await self.records.order(programme.name, day, group)
        here = await self.records.on(programme.name, day, group)
        done = {*await self.records.on(programme.name, day)}
        missing = [n for n in await self.records.present(group) if n not in done]
        known = {*order}
        return Roster((*order, *(n for n in here if n not in known)), tuple(missing))

    async def _reckoning(self, programme: Programme, member: int, group: int) -> Reckoning:
        kept = await self.records.read(programme.name, member, programme.scope(group))
        return Reckoning(programme, kept, self._clock.now())

    async def _scopes(self, programme: Programme, member: int, group: int) -> Sequence[int]:
        """Where a member's points of a programme are kept."""
        if programme.settings.count == "everywhere" or group:
            return [programme.scope(group)]
        groups = [g for g in await self._members.groups() if programme.runs_in(g.conversation)]
        return await self.records.scopes(programme.name, member, [g.number for g in groups])
