"""The feeder: finds who is due for which step, and puts them down once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from bot.clock import millis
from bot.delivery.journal import Entry, record
from bot.sop.engine.moments import Moments, anchored, between, dated
from bot.sop.engine.turn import Changed, Flight, Rows, Turn
from bot.sop.record import run_of
from bot.sop.sops import Sops
from bot.sop.templates.anchor import AttributeAnchor
from bot.sop.templates.step import Step
from bot.sop.times.schedule import DAY, MOST, day_of, wall
from bot.sop.times.timing import (
    due,
    in_window,
    occurrences,
    personal_moment,
    reach,
    shift,
)
from bot.store.effects import Effects

OVERLAP = 120_000
"""Ms in which what is being handled may still be written down with an earlier time."""
MINUTE = 60_000
WEEK = 7 * 86_400_000
PAGE = 500
LONGEST = 400
"""Days a yearly date is looked back for."""


class Feeder:
    """Moves cursors along anchors; every target enters an occurrence's due list once.

    The fact of who was ever fed makes that so; cursors only spare looking again, and move after
    what they passed was fed.
    """

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._store = sops.means.store
        self._keys = sops.means.store.keys

    async def feed(self, turn: Turn) -> None:
        """Put down who became due for any step; raises Changed."""
        for flight in turn.flights:
            always = flight.version.always
            sets = anchored(self._keys, turn.sop, flight.template, [*turn.groups]) if always else []
            for step in flight.template.step:
                if step.follows is not None:
                    continue  # fed when the step before is done
                if always:
                    await self._moments(turn, flight, step, sets)
                elif isinstance(flight.template.anchor, AttributeAnchor):
                    await self._dates(turn, flight, step, flight.template.anchor)
                elif flight.who is None:
                    await self._calendar(turn, step)

    # moments each target has by itself

    async def _moments(
        self, turn: Turn, flight: Flight, step: Step, sets: Sequence[Moments]
    ) -> None:
        at, top = int(turn.cursors.get(flight.cursor(step), 0)), reach(step, turn.now)
        if top <= at or (turn.restarted and top < turn.restarted):
            return
        settled = min(top, turn.now - OVERLAP)
        async for page in between(self._store, sets, at, top):
            found = [row for row in page if self._theirs(turn, flight, row[0])]
            rows = await self._due(turn, step, found)
            early = [
                anchor
                for (_, anchor), (_, when) in zip(found, rows, strict=True)
                if when > turn.now
            ]
            if turn.template.resume == "running" and early:
                settled = min(settled, min(early) - 1)  # another pause may move them
                rows = [row for row in rows if row[1] <= turn.now]
            # Those who are in several groups count from the one they joined first.
            await self._put(turn, step, turn.always(step), sorted(rows, key=lambda row: row[1]))
        if settled - at >= MINUTE:
            await self._move(turn, flight.cursor(step), settled)

    def _theirs(self, turn: Turn, flight: Flight, target: str) -> bool:
        if turn.template.to == "group":
            return int(target) in turn.groups
        return turn.flight(int(target.partition(":")[0])) is flight

    async def _due(self, turn: Turn, step: Step, found: Rows) -> Rows:
        """When each comes, from its moment."""
        own = await self._zones(turn, step, [name for name, _ in found])
        rows = []
        for (name, moment), zone in zip(found, own, strict=True):
            anchor, where = max(moment, turn.restarted), turn.zone_of(zone)
            when = due(step, anchor, where, turn.pauses)
            number = int(name.partition(":")[0])
            rows.append((name, in_window(step, when, step.id, number, where)))
        return rows

    # after another step

    async def follow(self, turn: Turn, occurrence: str) -> None:
        """Put down whose step before was done long enough ago; raises Changed."""
        step = turn.version.step(occurrence.split("/", 2)[1])
        if step is None:
            return
        key = self._keys.sop_follow(occurrence)
        async for found in between(
            self._store, [Moments(key)], 0, reach(step, turn.now), whole=True
        ):
            rows = await self._due(turn, step, found)
            await self._feed(turn, occurrence, rows)
            if found:
                effects = self._guarded(turn)
                effects.do("ZREM", key, *(name for name, _ in found))
                if not await self._store.apply(effects):
                    raise Changed

    # a date each member has

    async def _dates(self, turn: Turn, flight: Flight, step: Step, anchor: AttributeAnchor) -> None:
        cursor = date.fromisoformat(turn.cursors[flight.cursor(step)])
        last = day_of(turn.now, turn.zone) + DAY - shift(step)
        first = max(cursor + DAY, last - DAY * LONGEST)
        for day in (first + DAY * n for n in range((last - first).days + 1)):
            name = str(day.year) if anchor.yearly else day.isoformat()
            occurrence = turn.sop.occurrence(step.id, name)
            async for members in dated(self._store, anchor, day):
                effects = self._guarded(turn)
                effects.do("HSETNX", self._keys.sop_open(turn.sop.id), occurrence, "always")
                if not await self._store.apply(effects):
                    raise Changed
                theirs = [n for n in members if self._theirs(turn, flight, f"{n}:0")]
                rows = await self._personal(turn, step, anchor, day, theirs)
                await self._put(turn, step, occurrence, rows)
        settled = last - 3 * DAY  # somebody may tell their birthday on the day itself
        if settled > cursor:
            await self._move(turn, flight.cursor(step), settled.isoformat())

    async def _personal(
        self, turn: Turn, step: Step, anchor: AttributeAnchor, day: date, members: list[int]
    ) -> Rows:
        everyone = await turn.crowd.audience(turn.version.audience)
        chosen = [number for number in members if number in everyone]
        field = f"attribute:{anchor.attribute}"
        asked = [self._store.ask("HGET", self._keys.member(n), field) for n in chosen]
        values = [(await one or b"").decode("utf-8", "replace") for one in asked]
        own = await self._zones(turn, step, [f"{n}:0" for n in chosen])
        rows = []
        for number, value, zone in zip(chosen, values, own, strict=True):
            where = turn.zone_of(zone)
            when = personal_moment(step, anchor, day, value, where)
            rows.append((f"{number}:0", in_window(step, when, f"{step.id}{day}", number, where)))
        return rows

    # calendars

    async def _calendar(self, turn: Turn, step: Step) -> None:
        cursor = int(turn.cursors[f"at {step.id}"])
        before = turn.missed(step) if step.missed != "ask" else turn.now - WEEK
        if before is not None and before > cursor and turn.missed(step) is not None:
            await self._miss(turn, step, cursor, before)
            cursor = before
        for moment in self._between(turn, step, cursor, turn.now):
            occurrence = turn.sop.occurrence(step.id, wall(moment, turn.zone))
            effects = self._moving(turn, f"at {step.id}", cursor, moment)
            effects.do("HSETNX", self._keys.sop_open(turn.sop.id), occurrence, "feeding")
            if not await self._store.apply(effects):
                break  # another node is at it
            cursor = moment

    def _between(self, turn: Turn, step: Step, after: int, until: int) -> list[int]:
        return occurrences(turn.template, step, turn.version.parameters, turn.zone, after, until)

    async def _miss(self, turn: Turn, step: Step, cursor: int, until: int) -> None:
        """Write down the occurrences nobody got, of the last week, and move the cursor past all."""
        after, some = max(cursor, until - WEEK), True
        while some:
            missed = self._between(turn, step, after, until)
            some = len(missed) == MOST
            after = missed[-1] if some else until
            effects = self._moving(turn, f"at {step.id}", cursor, after)
            for moment in missed:
                occurrence = turn.sop.occurrence(step.id, wall(moment, turn.zone))
                run = run_of(turn.version.number, occurrence)
                effects.do("SADD", self._keys.sop_missed(turn.sop.id), run)
                effects.do("ZADD", self._keys.sop_runs(turn.sop.id), "NX", moment, run)
            if missed:
                record(effects, _missing(turn, step, missed))
            if not await self._store.apply(effects):
                raise Changed
            cursor = after

    async def expand(self, turn: Turn, occurrence: str) -> None:
        """Put the audience, as it is now, down for a calendar's occurrence; raises Changed."""
        _, ident, name = occurrence.split("/", 2)
        step, at = turn.version.step(ident), millis(datetime.fromisoformat(name))
        if step is not None:
            async for targets in self._sops.roster.targets(turn):
                rows = [
                    (t, in_window(step, at, occurrence, int(t.partition(":")[0]), turn.zone))
                    for t in targets
                ]
                await self._feed(turn, occurrence, rows)
        effects = self._guarded(turn)
        effects.guard("feeding", "HGET", self._keys.sop_open(turn.sop.id), occurrence)
        effects.do("HSET", self._keys.sop_open(turn.sop.id), occurrence, "fed")
        await self._store.apply(effects)

    # writing

    async def _put(self, turn: Turn, step: Step, occurrence: str, rows: Rows) -> None:
        """Feed those whose time is the step's, and was not over before we heard of them."""
        since, late, catch = turn.since(step), turn.now - step.late, turn.catch_up(step)
        away = turn.missed(step) is not None or step.action == "wait"
        if catch:
            rows = [(name, max(when, catch)) for name, when in rows]
        await self._feed(
            turn, occurrence, [r for r in rows if r[1] >= since and (away or r[1] >= late)]
        )

    async def _feed(self, turn: Turn, occurrence: str, rows: Rows) -> None:
        keys = self._keys
        for i in range(0, len(rows), PAGE):
            part = rows[i : i + PAGE]
            fed = await self._store.run(
                "sop_feed",
                [
                    keys.sop_state(),
                    keys.sop_open(turn.sop.id),
                    keys.sop_due(occurrence),
                    keys.sop_fed(occurrence),
                ],
                [
                    *(self._store.prefix, turn.sop.id, turn.sop.token, occurrence),
                    *(word for row in part for word in row),
                ],
            )
            if fed < 0:
                raise Changed

    async def _zones(self, turn: Turn, step: Step, targets: list[str]) -> list[str | None]:
        """The members' own zones, where they matter."""
        own = turn.template.to == "member" and turn.template.timezone is None
        if (step.at is None and step.action != "message") or not own:
            return [None] * len(targets)
        numbers = [int(name.partition(":")[0]) for name in targets]
        led = await self._sops.means.members.survivors(numbers)
        asked = [
            self._store.ask("HGET", self._keys.member(led.get(n, n)), "attribute:timezone")
            for n in numbers
        ]
        return [None if zone is None else zone.decode() for zone in [await one for one in asked]]

    def _guarded(self, turn: Turn) -> Effects:
        effects = Effects(self._keys)
        effects.guard(turn.sop.token, "HGET", self._keys.sop_state(), turn.sop.id)
        return effects

    def _moving(self, turn: Turn, cursor: str, old: int | str, new: int | str) -> Effects:
        """Effects that move a cursor, if it still is where we read it."""
        effects, key = self._guarded(turn), self._keys.sop_cursor(turn.sop.id)
        effects.guard(old, "HGET", key, cursor)
        effects.do("HSET", key, cursor, new)
        return effects

    async def _move(self, turn: Turn, cursor: str, to: int | str) -> None:
        await self._store.apply(self._moving(turn, cursor, turn.cursors.get(cursor, ""), to))


def _missing(turn: Turn, step: Step, missed: list[int]) -> Entry:
    return Entry(
        at=turn.now,
        what="sop.missed",
        source=f"{turn.sop.source}, step {step.id}",
        reason="the bot was off or the SOP paused",
        text=f"{len(missed)} × {wall(missed[-1], turn.zone)}",
    )
