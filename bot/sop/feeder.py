"""The feeder: finds who is due for which step, and puts them down once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from itertools import count

from bot.clock import millis
from bot.delivery.journal import Entry, record
from bot.sop.record import JOINED, run_of
from bot.sop.schedule import (
    DAY,
    MOST,
    day_of,
    due,
    instant,
    month_days,
    occurrences,
    reach,
    shift,
    wall,
)
from bot.sop.sops import Sops
from bot.sop.template import AttributeAnchor, Step
from bot.sop.turn import Changed, Rows, Turn
from bot.store.effects import Effects

OVERLAP = 120_000
"""Ms in which a joining that is being handled may still be written down with an earlier time."""
MINUTE = 60_000
WEEK = 7 * 86_400_000
PAGE = 500
GROUPS = 256
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

    async def feed(self, turn: Turn, step: Step) -> None:
        """Put down who became due for a step; raises Changed."""
        anchor = turn.template.anchor
        if anchor == JOINED:
            await self._joined(turn, step)
        elif isinstance(anchor, AttributeAnchor):
            await self._anniversaries(turn, step, anchor.attribute)
        else:
            await self._calendar(turn, step)

    # joined a group

    async def _joined(self, turn: Turn, step: Step) -> None:
        at, top = int(turn.cursors[f"at {step.id}"]), reach(step, turn.now)
        if top <= at:
            return
        occurrence, groups = turn.sop.occurrence(step.id, JOINED), [*turn.groups]
        for i in range(0, len(groups), GROUPS):
            async for found in self._joiners(groups[i : i + GROUPS], at, top):
                own = await self._zones(turn, step, [member for _, member, _ in found])
                rows = [
                    (f"{member}:{group}", due(step, joined, turn.zone_of(zone)))
                    for (group, member, joined), zone in zip(found, own, strict=True)
                ]
                # Those who are in several groups count from the one they joined first.
                await self._put(turn, step, occurrence, sorted(rows, key=lambda row: row[1]))
        settled = min(top, turn.now - OVERLAP)
        if settled - at >= MINUTE:
            await self._move(turn, step, settled)

    async def _joiners(
        self, groups: Sequence[int], after: int, until: int
    ) -> AsyncIterator[list[tuple[int, int, int]]]:
        """(group, member, joined ms) in pages; somebody may come twice."""
        limit = PAGE
        while groups:
            flat = await self._store.run(
                "sop_joined",
                [self._keys.fence()],
                [self._store.prefix, after, until, limit, *groups],
            )
            found = [
                (int(flat[i]), int(flat[i + 1]), int(float(flat[i + 2])))
                for i in range(0, len(flat), 3)
            ]
            yield found
            last = {group: joined for group, _, joined in found}
            sizes = {group: sum(1 for g, _, _ in found if g == group) for group in last}
            groups = [group for group in groups if sizes.get(group, 0) == limit]
            if groups:
                # From just before the last of the page: others may have joined in the same ms.
                following = min(last[group] for group in groups) - 1
                limit, after = (limit, following) if following > after else (limit * 2, after)

    # a date every year

    async def _anniversaries(self, turn: Turn, step: Step, attribute: str) -> None:
        cursor = date.fromisoformat(turn.cursors[f"at {step.id}"])
        last = day_of(turn.now, turn.zone) + DAY - shift(step)
        first = max(cursor + DAY, last - DAY * LONGEST)
        for day in (first + DAY * n for n in range((last - first).days + 1)):
            occurrence = turn.sop.occurrence(step.id, str(day.year))
            for month_day in month_days(day):
                async for members in self._dated(attribute, month_day):
                    effects = self._guarded(turn)
                    effects.do("HSETNX", self._keys.sop_open(turn.sop.id), occurrence, "always")
                    if not await self._store.apply(effects):
                        raise Changed
                    rows = await self._anniversary_rows(turn, step, day, members)
                    await self._put(turn, step, occurrence, rows)
        settled = last - 3 * DAY  # somebody may tell their birthday on the day itself
        if settled > cursor:
            await self._move(turn, step, settled.isoformat())

    async def _dated(self, attribute: str, month_day: int) -> AsyncIterator[list[int]]:
        for start in count(0, PAGE):
            found = await self._store.texts(
                "ZRANGEBYSCORE",
                *(self._keys.member_dates(attribute), month_day, month_day),
                *("LIMIT", start, PAGE),
            )
            if found:
                yield [int(number) for number in found]
            if len(found) < PAGE:
                return

    async def _anniversary_rows(
        self, turn: Turn, step: Step, day: date, members: list[int]
    ) -> list[tuple[str, int]]:
        audience, at = turn.version.audience, str(step.at)
        everywhere = audience.kind in ("everyone", "tag")
        standing = await self._sops.roster.standing(
            [f"{n}:0" for n in members], audience, [] if everywhere else [*turn.groups]
        )
        own = await self._zones(turn, step, members)
        return [
            (f"{number}:{at_now.group}", instant(day + shift(step), at, turn.zone_of(zone)))
            for number, at_now, zone in zip(members, standing, own, strict=True)
            if at_now.tagged and (everywhere or at_now.group)
        ]

    # calendars

    async def _calendar(self, turn: Turn, step: Step) -> None:
        cursor = int(turn.cursors[f"at {step.id}"])
        if (before := turn.missed(step)) is not None and before > cursor:
            await self._miss(turn, step, cursor, before)
            cursor = before
        for moment in self._between(turn, step, cursor, turn.now):
            occurrence = turn.sop.occurrence(step.id, wall(moment, turn.zone))
            effects = self._moving(turn, step, cursor, moment)
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
            effects = self._moving(turn, step, cursor, after)
            for moment in missed:
                run = run_of(turn.sop, turn.sop.occurrence(step.id, wall(moment, turn.zone)))
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
        audience, to = turn.version.audience, turn.template.to
        if step is not None:
            async for targets in self._sops.roster.targets(audience, to, turn.groups):
                await self._feed(turn, occurrence, [(target, at) for target in targets])
        effects = self._guarded(turn)
        effects.guard("feeding", "HGET", self._keys.sop_open(turn.sop.id), occurrence)
        effects.do("HSET", self._keys.sop_open(turn.sop.id), occurrence, "fed")
        await self._store.apply(effects)

    # writing

    async def _put(self, turn: Turn, step: Step, occurrence: str, rows: Rows) -> None:
        """Feed those whose time is the step's, and was not over before we heard of them."""
        since, late = turn.since(step), turn.now - step.late
        away = turn.missed(step) is not None
        await self._feed(
            turn, occurrence, [r for r in rows if r[1] >= since and (away or r[1] >= late)]
        )

    async def _feed(self, turn: Turn, occurrence: str, rows: Rows) -> None:
        if not rows:
            return
        keys = self._keys
        fed = await self._store.run(
            "sop_feed",
            [
                keys.sop_state(),
                keys.sop_open(turn.sop.id),
                keys.sop_due(occurrence),
                keys.sop_fed(occurrence),
            ],
            [turn.sop.id, turn.sop.token, occurrence, *(word for row in rows for word in row)],
        )
        if fed < 0:
            raise Changed

    async def _zones(self, turn: Turn, step: Step, members: list[int]) -> list[str | None]:
        """The members' own zones, where they matter."""
        if step.at is None or turn.template.timezone is not None:
            return [None] * len(members)
        asked = [
            self._store.ask("HGET", self._keys.member(number), "attribute:timezone")
            for number in members
        ]
        return [None if zone is None else zone.decode() for zone in [await one for one in asked]]

    def _guarded(self, turn: Turn) -> Effects:
        effects = Effects(self._keys)
        effects.guard(turn.sop.token, "HGET", self._keys.sop_state(), turn.sop.id)
        return effects

    def _moving(self, turn: Turn, step: Step, old: int | str, new: int | str) -> Effects:
        """Effects that move a step's cursor, if it still is where we read it."""
        effects, key = self._guarded(turn), self._keys.sop_cursor(turn.sop.id)
        effects.guard(old, "HGET", key, f"at {step.id}")
        effects.do("HSET", key, f"at {step.id}", new)
        return effects

    async def _move(self, turn: Turn, step: Step, to: int | str) -> None:
        await self._store.apply(self._moving(turn, step, turn.cursors[f"at {step.id}"], to))


def _missing(turn: Turn, step: Step, missed: list[int]) -> Entry:
    return Entry(
        at=turn.now,
        what="sop.missed",
        source=f"{turn.sop.source}, step {step.id}",
        reason="the bot was off or the SOP paused",
        text=f"{len(missed)} × {wall(missed[-1], turn.zone)}",
    )
