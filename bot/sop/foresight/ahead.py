"""Ahead: when whose steps of one SOP come, in rows of many at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.clock import millis
from bot.sop.engine.moments import Moments, anchored, dated
from bot.sop.engine.turn import Flight
from bot.sop.foresight.bunches import Bunches, When
from bot.sop.foresight.outlook import Outlook
from bot.sop.foresight.places import Places
from bot.sop.foresight.rows import Row, Source, both, just, without
from bot.sop.foresight.sources import Sources
from bot.sop.record import run_of
from bot.sop.templates.anchor import AttributeAnchor
from bot.sop.templates.step import Step
from bot.sop.times.schedule import DAY, DAY_MS, day_of, wall
from bot.sop.times.timing import due, moments, personal_moment, reach, shift
from bot.store.bits import Bits

PAGE = 10_000
"""Members whose date it is, read at once."""


class Ahead:
    """Finds rows as the feeder would put them down till ``until`` (UTC ms)."""

    def __init__(self, outlook: Outlook, until: int) -> None:
        self._look = outlook
        self._turn = outlook.turn
        self._until = until
        self._sops = outlook.sops
        self._store = outlook.sops.means.store
        self._keys = self._store.keys
        self._fed: dict[str, Bits] = {}
        self._sources = Sources(outlook)
        self._bunches = Bunches(outlook, until)
        self._places = Places(outlook.sops.windows)

    async def rows(self, told: Callable[[int], None]) -> AsyncIterator[Row]:
        """Every row that does not follow from another; ``told`` hears how many were read."""
        if not self._look.fresh:
            async for row in self._open():
                yield row
        turn = self._turn
        for flight in turn.flights:
            steps = [step for step in flight.template.step if step.follows is None]
            if flight.version.always:
                found = self._moments(flight, steps, told)
            elif isinstance(flight.template.anchor, AttributeAnchor):
                found = self._dates(flight, steps, flight.template.anchor)
            elif flight.who is None:
                found = self._calendar(flight, steps)
            else:
                continue
            async for row in found:
                yield row

    def new(self, row: Row) -> Bits:
        """Who a row is about and was not put down before; from now on they are."""
        who = row.who()
        if self._look.only is not None:
            who &= self._look.only
        if row.flight.who is not None:
            who &= row.flight.who
        elif self._look.personal:
            who -= Bits.union(f.who for f in self._turn.flights if f.who is not None)
        if row.once:
            fed = self._fed.get(row.occurrence, Bits())
            who, self._fed[row.occurrence] = who - fed, fed | who
        return who

    def following(
        self, row: Row, who: Bits, ways: Iterable[str], *, certain: bool = True
    ) -> Iterator[Row]:
        """The rows of the steps that follow for who was done with a row's step, in these ways."""
        sop, ident, name = row.occurrence.split("/", 2)
        wanted = {f"{ident}/{way}" if way else ident for way in ways}
        for step in row.flight.template.step if who else ():
            if step.follows in wanted:
                parts = [(row.zone, who)] if row.zone else self._look.zones(who)
                for zone, those in parts:
                    moment = due(step, row.due, zone, self._turn.pauses)
                    yield Row(
                        due=moment,
                        flight=row.flight,
                        step=step,
                        occurrence=f"{sop}/{step.id}/{name}",
                        who=just(those),
                        zone=zone,
                        seed=step.id if step.until else "",
                        once=True,
                        certain=row.certain and certain,
                    )

    async def places(self, row: Row, who: Bits) -> AsyncIterator[Row]:
        """The same targets where they have their places in the step's window."""
        assert row.step is not None
        zone = row.zone or self._turn.zone
        parts = await self._places.of(row.step, row.seed, row.due, zone, who)
        for moment, those in parts:
            yield replace(row, due=moment, who=just(those), seed="", once=False)

    # what was put down already

    async def _open(self) -> AsyncIterator[Row]:
        turn, keys, facts = self._turn, self._keys, self._sops.roster.algebra
        progress = await self._store.table("HGETALL", keys.sop_open(turn.sop.id))
        for occurrence, state in progress.items():
            ident = occurrence.split("/", 2)[1]
            self._fed[occurrence] = await facts.fact(keys.sop_fed(occurrence))
            put_down = await self._sources.read([Moments(keys.sop_due(occurrence))], whole=True)
            after = []
            if state == "following":
                after = await self._sources.read([Moments(keys.sop_follow(occurrence))], whole=True)
            for flight in turn.flights:
                step = flight.template.find(ident)
                row = Row(0, flight, step, occurrence, Bits)
                if step is not None and step.action == "wait":
                    result = f"{turn.sop.id}/{run_of(flight.version.number, occurrence)}"
                    waiting = await facts.fact(keys.sop_result(result, "waiting"))
                    async for one in self._bunches.of(row, put_down, lambda _: _same):
                        one = replace(one, who=just(one.who()))
                        yield replace(one, who=both(one.who, waiting), waiting=True, certain=False)
                        yield replace(one, who=without(one.who, waiting))
                else:
                    async for one in self._bunches.of(row, put_down, lambda _: _same):
                        yield one
                if step is not None and after:
                    row = replace(row, once=True, seed=step.id if step.until else "")
                    async for one in self._bunches.of(row, after, self._when(step)):
                        yield one
                if step is not None and state == "feeding" and flight.who is None:
                    moment = millis(datetime.fromisoformat(occurrence.split("/", 2)[2]))
                    yield await self._called(flight, step, occurrence, moment)

    # moments each target has by itself

    async def _moments(
        self, flight: Flight, steps: Sequence[Step], told: Callable[[int], None]
    ) -> AsyncIterator[Row]:
        turn = self._turn
        spans = {step.id: self._span(flight, step) for step in steps}
        sources: list[Source] = []
        sets = anchored(self._keys, turn.sop, flight.template, [*turn.groups])
        for after, until in _joined(spans.values()):
            sources += await self._sources.read(sets, after, until, told)
        for step in steps:
            occurrence, after = turn.always(step), spans[step.id][0]
            if occurrence not in self._fed:
                await self._load(occurrence)
            seed = step.id if step.until else ""
            row = Row(0, flight, step, occurrence, Bits, seed=seed, once=True)
            async for one in self._bunches.of(
                row, sources, self._when(step), after, self._least(step)
            ):
                yield one

    def _span(self, flight: Flight, step: Step) -> tuple[int, int]:
        """Between which moments the anchors lie that matter."""
        turn = self._turn
        after = int(turn.cursors.get(flight.cursor(step), 0))
        if not turn.pauses and not turn.restarted and not turn.catch_up(step):
            known = self._least(step) - int(shift(step).total_seconds() * 1000) - 3 * DAY_MS
            after = max(after, known)
        return after, min(turn.now, reach(step, self._until))

    def _when(self, step: Step) -> Callable[[ZoneInfo], When]:
        """When a step comes for an anchor, in a zone."""
        turn = self._turn
        pauses, restarted, catch = turn.pauses, turn.restarted, turn.catch_up(step)
        return lambda zone: lambda ms: max(due(step, max(ms, restarted), zone, pauses), catch)

    def _least(self, step: Step) -> int:
        """Nobody gets a step for a time before this."""
        turn = self._turn
        if self._look.fresh:
            return turn.now
        missed = turn.missed(step)
        if step.action == "wait":
            return turn.since(step)
        return max(turn.since(step), turn.now - step.late if missed is None else missed)

    # a date each member has

    async def _dates(
        self, flight: Flight, steps: Sequence[Step], anchor: AttributeAnchor
    ) -> AsyncIterator[Row]:
        turn, everyone = self._turn, await self._turn.crowd.audience(self._turn.version.audience)
        for step in steps:
            first = day_of(self._least(step), turn.zone) - 2 * DAY - shift(step)
            last = day_of(self._until, turn.zone) + 2 * DAY - shift(step)
            for day in (first + DAY * n for n in range((last - first).days + 1)):
                name = str(day.year) if anchor.yearly else day.isoformat()
                occurrence = turn.sop.occurrence(step.id, name)
                pages = dated(self._store, anchor, day, PAGE)
                theirs = Bits.of([number async for page in pages for number in page]) & everyone
                if not theirs:
                    continue
                if occurrence not in self._fed:
                    await self._load(occurrence)
                seed = f"{step.id}{day}" if step.until else ""
                row = Row(0, flight, step, occurrence, Bits, seed=seed, once=True)
                async for one in self._dated_rows(row, step, anchor, day, theirs):
                    if self._least(step) <= one.due <= self._until:
                        yield one

    async def _dated_rows(
        self, row: Row, step: Step, anchor: AttributeAnchor, day: date, who: Bits
    ) -> AsyncIterator[Row]:
        catch, told = self._turn.catch_up(step), dict[str, list[int]]()
        if isinstance(step.at, str):
            parts = [("", who)]
        else:
            asked = f"attribute:{anchor.attribute}"
            for number in who:
                value = await self._store.text("HGET", self._keys.member(number), asked)
                told.setdefault(value or "", []).append(number)
            parts = [(value, Bits.of(numbers)) for value, numbers in told.items()]
        for value, theirs in parts:
            for zone, those in self._look.zones(theirs):
                moment = max(catch, personal_moment(step, anchor, day, value, zone))
                yield replace(row, due=moment, who=just(those), zone=zone)

    # calendars

    async def _calendar(self, flight: Flight, steps: Sequence[Step]) -> AsyncIterator[Row]:
        turn = self._turn
        for step in steps:
            after = int(turn.cursors.get(flight.cursor(step), turn.now))
            if (missed := turn.missed(step)) is not None:
                after = max(after, missed if step.missed != "ask" else turn.now)
            values = turn.version.parameters
            for moment in moments(turn.template, step, values, turn.zone, after, self._until):
                occurrence = turn.sop.occurrence(step.id, wall(moment, turn.zone))
                yield await self._called(flight, step, occurrence, moment)

    async def _called(self, flight: Flight, step: Step, occurrence: str, moment: int) -> Row:
        """A calendar's occurrence, for the audience as it is."""
        turn = self._turn
        if self._look.personal:
            who = await turn.crowd.audience(turn.version.audience)
            who = who & self._look.met if turn.named else who
        else:
            who = Bits.of(turn.groups)
        seed = occurrence if step.until else ""
        return Row(moment, flight, step, occurrence, just(who), seed=seed, once=True)

    # reading

    async def _load(self, occurrence: str) -> None:
        key = self._keys.sop_fed(occurrence)
        self._fed[occurrence] = (
            Bits() if self._look.fresh else await self._sops.roster.algebra.fact(key)
        )


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch made one."""
    found: list[tuple[int, int]] = []
    for after, until in sorted(span for span in spans if span[0] < span[1]):
        if found and after <= found[-1][1]:
            found[-1] = found[-1][0], max(until, found[-1][1])
        else:
            found.append((after, until))
    return found


def _same(ms: int) -> int:
    return ms
