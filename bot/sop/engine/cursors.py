"""Cursors: where planning of each step begins, and what a pause or a new version does to that."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta

from bot.sop.record import ALWAYS, Sop, Version
from bot.sop.templates.anchor import AttributeAnchor, TagAnchor
from bot.sop.templates.step import Step
from bot.sop.times.schedule import DAY, day_of, wall
from bot.sop.times.timing import occurrences, shift
from bot.store.effects import Effects
from bot.store.store import Store


class Cursors:
    """Writes the fields of ``sop:cursor``: ``mark`` (looked at till then), ``at`` a step (planned
    till there), ``since`` (it is part of the SOP), ``catch`` (those past it get it then),
    ``paused`` and ``pauses``, ``generation`` and ``restarted`` (begun anew). Times are UTC ms.
    """

    def __init__(self, store: Store, timezone: str) -> None:
        self._store = store
        self._keys = store.keys
        self._timezone = timezone

    def begin(
        self,
        effects: Effects,
        sop: Sop,
        version: Version,
        old: Version | None = None,
        always: str = ALWAYS,
    ) -> None:
        """Where planning begins for each step that is new; again where its time changed.

        ``always`` names the occurrence of steps that come for each target by itself.
        """
        cursors = self._keys.sop_cursor(sop.id)
        for step in version.settled.step:
            before = old.step(step.id) if old else None
            moved = (
                before is not None
                and _timing(before) != _timing(step)
                and version.template.personal
            )
            effects.do("HSETNX", cursors, f"since {step.id}", version.since)
            how = "HSET" if moved or version.stayed != (old.stayed if old else ()) else "HSETNX"
            how = how if version.template.personal else "HSETNX"
            effects.do(how, cursors, f"at {step.id}", self._first(sop, version, step))
            if version.always:
                occurrence = sop.occurrence(step.id, always)
                effects.do("HSETNX", self._keys.sop_open(sop.id), occurrence, _state(step))
        if isinstance(version.template.anchor, TagAnchor):
            effects.do("SADD", self._keys.moment_tags(), version.template.anchor.tag)

    def catch_up(
        self, effects: Effects, sop: Sop, version: Version, steps: Collection[str], now: int
    ) -> None:
        """Let those who are past these steps get them now."""
        cursors = self._keys.sop_cursor(sop.id)
        for step in version.settled.step:
            if step.id in steps and version.template.personal:
                effects.do("HSET", cursors, f"since {step.id}", sop.identity.started)
                effects.do("HSET", cursors, f"catch {step.id}", now)
                effects.do("HSET", cursors, f"at {step.id}", self._first(sop, version, step))

    async def always(self, sop: Sop) -> str:
        """The occurrence of steps that come for each target by itself; another when begun anew."""
        generation = await self._store.text("HGET", self._keys.sop_cursor(sop.id), "generation")
        return f"{ALWAYS}.{generation}" if generation else ALWAYS

    async def stay(self, sop: Sop, old: Version, always: str) -> None:
        """Write down who got any step so far: they stay on the old version."""
        key = self._keys.sop_on(sop.id, old.number)
        await self._store.call("DEL", key)
        names = [self._keys.sop_fed(sop.occurrence(s.id, always)) for s in old.settled.step]
        await self._store.run("fact_union", [key], names)
        for step in old.settled.step:
            cursors = self._keys.sop_cursor(sop.id)
            at = await self._store.text("HGET", cursors, f"at {step.id}")
            if at is not None:
                await self._store.call("HSETNX", cursors, f"at {step.id}@{old.number}", at)

    async def resume(self, effects: Effects, sop: Sop, version: Version, now: int) -> None:
        """What a pause that ends now means for those it is about."""
        key = self._keys.sop_cursor(sop.id)
        cursors = await self._store.table("HGETALL", key)
        paused = int(cursors.get("paused", now))
        pauses = [*json.loads(cursors.get("pauses", "[]")), [paused, now]]
        effects.do("HSET", key, "pauses", json.dumps(pauses))
        effects.do("HDEL", key, "paused")
        if version.template.resume != "restart" or not version.always:
            return
        generation = int(cursors.get("generation") or 0) + 1
        effects.do("HSET", key, "generation", generation, "restarted", now)
        for step in version.settled.step:
            effects.do("HSET", key, f"at {step.id}", 0)
            name = f"{ALWAYS}.{generation}"
            effects.do(
                "HSETNX", self._keys.sop_open(sop.id), sop.occurrence(step.id, name), _state(step)
            )

    def next(self, version: Version, now: int, within: float) -> str | None:
        """The wall time of a calendar's step that is due within so many seconds, or None."""
        zone = version.zone(None, self._timezone)
        until = now + int(within * 1000)
        for step in version.settled.step:
            found = occurrences(version.settled, step, version.parameters, zone, now, until)
            if found:
                return wall(found[0], zone)
        return None

    def _first(self, sop: Sop, version: Version, step: Step) -> int | str:
        """Where planning of a step begins: an anchor, a moment, or the day before a date."""
        if version.always:
            return sop.identity.started
        if isinstance(version.template.anchor, AttributeAnchor):
            zone = version.zone(None, self._timezone)
            return (day_of(version.since, zone) - shift(step) - 2 * DAY).isoformat()
        return version.since


def _state(step: Step) -> str:
    """How an occurrence that is always open gets its targets."""
    return "following" if step.follows else "always"


def _timing(step: Step) -> tuple[timedelta, object, object]:
    return shift(step), step.at, step.follows
