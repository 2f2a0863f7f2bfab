"""The dry run: who would get what when in the next days, and who would not and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count
from zoneinfo import ZoneInfo, available_timezones

from bot.located import Problems
from bot.sop.engine.crowd import Crowd
from bot.sop.engine.turn import Changed, Turn
from bot.sop.foresight.ahead import Ahead
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.foresight.jury import Jury, Told
from bot.sop.foresight.outlook import Outlook, Zones
from bot.sop.foresight.rows import Row
from bot.sop.foresight.tally import Tally
from bot.sop.record import ALWAYS, Identity, Sop, Version
from bot.sop.sops import Sops
from bot.sop.times.schedule import DAY, DAY_MS, day_of
from bot.store.bits import Bits
from bot.store.facts import read

DRAFT = ""
"""What rows of a draft name as their SOP."""
READ = 0.6
"""The share of the work that is done when everybody's moments are read."""
RUNS_KEPT = 8 * DAY_MS
"""How long ago somebody may have been written to for it to count against a cap."""

Progress = Callable[[float], None]
Queue = list[tuple[int, int, int, Row]]
"""Rows by when they are due, then by SOP, then as they were found."""


class Forecast:
    """Foresees what the planner would do if nothing changed meanwhile; writes and sends nothing.

    Everybody is judged by what is so now: audience, conditions, caps, quiet hours. What an earlier
    step does is known only where it stops a SOP. Not foreseen are a SOP's own rate, a gateway's
    speed, quotas of the staff member who sends, texts that fail, and who is invited where by a
    route. Raises Problems when an audience cannot be told.
    """

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._store = sops.means.store
        self._keys = sops.means.store.keys

    async def of(
        self,
        what: Sop | Version,
        days: int,
        *,
        now: int | None = None,
        progress: Progress | None = None,
        since_days: int = 0,
        version: Version | None = None,
    ) -> Sequence[Foreseen]:
        """The rows of a SOP, or of a version that is not started yet, in order of time.

        All running SOPs count against caps. With ``since_days`` a version is as if it had started
        so many days ago. ``version``: a SOP as if it was edited to this. ``progress`` is told the
        share that is done.
        """
        name = what.id if isinstance(what, Sop) else DRAFT
        rows = self.stream(
            what, days=days, now=now, progress=progress, since_days=since_days, version=version
        )
        return [row async for row in rows if row.sop == name]

    async def all(
        self, days: int, *, now: int | None = None, progress: Progress | None = None
    ) -> Sequence[Foreseen]:
        """The rows of all running SOPs, in order of time."""
        return [row async for row in self.stream(days=days, now=now, progress=progress)]

    async def member(
        self, number: int, days: int, *, draft: Version | None = None, now: int | None = None
    ) -> Sequence[Foreseen]:
        """The rows one member is in, of all running SOPs: what they get, or why not."""
        only = Bits.of([number])
        rows = self.stream(draft, days=days, now=now, only=only)
        return [row async for row in rows if row.to == "member" and row.why(number) is not None]

    async def stream(
        self,
        what: Sop | Version | None = None,
        *,
        days: int,
        now: int | None = None,
        progress: Progress | None = None,
        since_days: int = 0,
        version: Version | None = None,
        only: Bits | None = None,
    ) -> AsyncIterator[Foreseen]:
        """Row by row, of all running SOPs and of ``what`` besides; ``only``: of these members."""
        now = self._store.clock.now() if now is None else now
        until = now + days * DAY_MS
        told = _Share(progress)
        looks = await self._looks(what, now, since_days, version, only)
        tally = await self._tally(now, only)
        queue, serial, juries = Queue(), count(), list[Jury]()
        by_name = {look.turn.sop.id: look for look in looks}

        def quit_of(ident: str, who: Bits) -> None:
            if ident in by_name:
                by_name[ident].quit |= who

        told.expect(looks)
        for rank, look in enumerate(looks):
            ahead = Ahead(look, until)
            juries.append(Jury(look, ahead, tally, quit_of))
            async for row in ahead.rows(told.read):
                if row.due <= until:
                    heappush(queue, (max(now, row.due), rank, next(serial), row))
        while queue:
            due, pieces = queue[0][0], dict[tuple[object, ...], Foreseen]()
            while queue and queue[0][0] == due:
                _, rank, _, row = heappop(queue)
                row = replace(row, due=due)
                verdict = await juries[rank].judge(row)
                for one in verdict.later:
                    if one.due <= until:
                        heappush(queue, (max(due, one.due), rank, next(serial), one))
                _put(pieces, rank, looks[rank], row, verdict)
            told.reached((due - now) / max(1, until - now))
            for piece in pieces.values():
                yield piece
            await asyncio.sleep(0)
        told.reached(1.0)

    # what is looked at

    async def _looks(
        self,
        what: Sop | Version | None,
        now: int,
        since_days: int,
        version: Version | None,
        only: Bits | None,
    ) -> list[Outlook]:
        """Every running SOP and the one asked for, the last started first as the planner looks."""
        zones, gateways = await self._zones(), await self._gateways()
        found = list[Outlook]()
        if isinstance(what, Version):
            turn = await self._draft(what, now, since_days)
            found.append(Outlook(self._sops, turn, zones, fresh=True, only=only))
        asked = what.id if isinstance(what, Sop) else None
        for sop in await self._sops.all():
            if sop.state != "running" and sop.id != asked:
                continue
            try:
                turn = await self._sops.turn(sop, now)
            except Changed:
                continue
            if version is not None and sop.id == asked:
                turn = await self._edited(turn, version)
            found.append(Outlook(self._sops, turn, zones, only=only))
        ready = []
        for look in found:
            try:
                await look.open(gateways)
            except Problems:  # the planner cannot go on with it either
                if look.fresh or look.turn.sop.id == asked:
                    raise
                continue
            ready.append(look)
        return ready

    async def _draft(self, version: Version, now: int, since_days: int) -> Turn:
        started = now - since_days * DAY_MS
        identity = Identity(
            id=DRAFT, number=0, template="", title=version.template.title, started=started, by=""
        )
        cursors = {"mark": str(now)}
        for step in version.settled.step:
            cursors |= {f"at {step.id}": str(started), f"since {step.id}": str(started)}
        sop = Sop(identity=identity, state="running", version=version.number)
        return await self._turn(sop, version, now, cursors)

    async def _edited(self, turn: Turn, version: Version) -> Turn:
        started = {f"at {step.id}": str(turn.now) for step in version.settled.step}
        return await self._turn(turn.sop, version, turn.now, started | turn.cursors)

    async def _turn(self, sop: Sop, version: Version, now: int, cursors: dict[str, str]) -> Turn:
        crowd = Crowd(self._sops.means.algebra, sop.id)
        return await self._sops.turns.at(sop, version, now, cursors, crowd)

    async def _zones(self) -> Zones:
        names = sorted(available_timezones())
        keys = {name: self._keys.zone_members(name) for name in names}
        asked = [self._store.ask("EXISTS", key) for key in keys.values()]
        there = [name for name, one in zip(names, asked, strict=True) if await one]
        facts = await read(self._store, [keys[name] for name in there])
        return [(ZoneInfo(name), facts[keys[name]]) for name in there]

    async def _gateways(self) -> list[str]:
        groups = await self._sops.means.members.groups()
        known = await self._sops.means.algebra.known("gateway")
        return sorted({*known, *(group.conversation.gateway for group in groups)})

    async def _tally(self, now: int, only: Bits | None) -> Tally:
        """What counts so far; only who was written to these days has been counted."""
        zone = ZoneInfo(self._sops.means.timezone)
        tomorrow = (day_of(now, zone) + DAY).isoformat()
        if only is not None:
            return Tally(self._store, tomorrow)
        names = list[str]()
        for sop in await self._sops.all():
            runs = await self._store.table(
                "ZRANGE", self._keys.sop_runs(sop.id), 0, -1, "WITHSCORES"
            )
            for run, at in runs.items():
                each = run.split("/", 2)[2].startswith(ALWAYS) or run[-4:].isdecimal()
                if each or float(at) > now - RUNS_KEPT:
                    names.append(self._keys.sop_result(f"{sop.id}/{run}", "planned"))
        facts = await read(self._store, names)
        return Tally(self._store, tomorrow, Bits.union(facts.values()))


class _Share:
    """How much is done: first of the reading, then of the days."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress or (lambda _: None)
        self._expected = 1
        self._read = 0

    def expect(self, looks: Sequence[Outlook]) -> None:
        self._expected = max(1, sum(look.met.count() for look in looks))

    def read(self, number: int) -> None:
        self._read += number
        self._progress(READ * min(1.0, self._read / self._expected))

    def reached(self, share: float) -> None:
        self._progress(READ + (1 - READ) * min(1.0, share))


def _put(
    pieces: dict[tuple[object, ...], Foreseen], rank: int, look: Outlook, row: Row, told: Told
) -> None:
    """Add a verdict to what is told of the same step at the same moment."""
    nobody = not told.who and not told.skipped
    if nobody and (told.later or look.turn.template.personal):
        return
    step = row.step
    ident = row.occurrence.split("/", 2)[1]
    key = (rank, row.occurrence, row.deferred, told.certain)
    one = pieces.get(key) or Foreseen(
        sop=look.turn.sop.id,
        step=ident,
        action=step.action if step else "nothing",
        due=row.due,
        to=look.turn.template.to,
        who=Bits(),
        deferred=row.deferred,
        certain=told.certain,
    )
    skipped = dict(one.skipped)
    for reason, those in told.skipped.items():
        skipped[reason] = skipped.get(reason, Bits()) | those
    pieces[key] = replace(
        one, who=one.who | told.who, by_staff=one.by_staff | told.by_staff, skipped=skipped
    )
