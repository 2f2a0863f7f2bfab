"""Applications: giving a tag to many and taking it back, a batch at a time, on any node."""

from __future__ import annotations

import asyncio
from bisect import bisect_right

from bot.i18n.mark import msgid
from bot.located import Problems
from bot.store.bits import Bits
from bot.store.effects import Effects
from bot.store.facts import Facts, read
from bot.store.store import Store
from bot.tags.application import Application, Progress, State
from bot.tags.registry import Registry
from bot.tags.tag import name_faults, problem

AT_ONCE = 200
"""Members of one step: some milliseconds for the server."""
IN_A_LOOK = 50
"""Steps of one look; others get their turn in between."""
KEPT = 50
"""Applications that are remembered, and can be undone."""


class Applications:
    """Applies tags. Who it is about is fixed at the beginning; each step moves a cursor.

    Undoing changes exactly those that it changed and whose tag nobody changed since: whatever
    gives or takes the tag, or another of its exclusive group, takes the member out of what can
    be undone, in the same step.
    """

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._keys = store.keys
        self._registry = registry
        self._facts = Facts(store)

    # reading

    async def all(self) -> list[Application]:
        """Those remembered, the newest first."""
        found = await self._store.table("HGETALL", self._keys.tags_applications())
        every = map(Application.model_validate_json, found.values())
        return sorted(every, key=lambda one: -int(one.id))

    async def get(self, ident: str) -> Application | None:
        """One of them, or None."""
        body = await self._store.text("HGET", self._keys.tags_applications(), ident)
        return Application.model_validate_json(body) if body else None

    async def progress(self, one: Application) -> Progress:
        """How far it is."""
        fields = await self._store.table("HGETALL", self._keys.tags_progress(one.id))
        can_be = await self._store.call("SISMEMBER", self._keys.tags_open(one.tag), one.id)
        still = await self._facts.count(self._keys.tags_changed(one.id)) if can_be else None
        return Progress(
            looked=int(fields.get("looked", 0)),
            total=int(fields.get("total", one.total)),
            changed=int(fields.get("changed", 0)),
            undone=int(fields.get("undone", 0)),
            open=still,
        )

    async def of(self, member: int) -> list[Application]:
        """Those that changed a member, and nobody did since."""
        every = await self.all()
        asked = (self._facts.has(self._keys.tags_changed(one.id), member) for one in every)
        there = await asyncio.gather(*asked)
        return [one for one, has in zip(every, there, strict=True) if has]

    # doing

    async def begin(
        self,
        tag: str,
        members: Bits,
        by: str,
        *,
        gives: bool = True,
        part: str = "",
        what: str = "",
        lasts: int | None = None,
    ) -> Application:
        """Begin to give a tag to these members, or to take it; ``tick`` does it. Raises Problems.

        ``lasts``: ms, 0 for ever, None as the tag says. The oldest application is forgotten
        when there are too many.
        """
        if wrong := name_faults("tag", tag):
            raise Problems(wrong)
        if not members:
            raise Problems([problem("part", msgid("nobody is in it"))])
        while True:
            version, every = await self._registry.version(), await self.all()
            ident = str(max((int(one.id) for one in every), default=0) + 1)
            rivals = tuple(await self._registry.rivals(tag)) if gives else ()
            one = Application(
                id=ident,
                tag=tag,
                gives=gives,
                part=part,
                what=what,
                by=by,
                at=self._store.clock.now(),
                total=members.count(),
                lasts=lasts,
                rivals=rivals,
            )
            effects = self._registry.changing(version)
            for old in [old for old in every[KEPT - 1 :] if old.state in ("done", "undone")]:
                self._forget(effects, old)
            effects.do("ZADD", self._keys.tag_names(), "NX", one.at, tag)
            effects.do("SET", self._keys.tags_todo(ident), members.bitmap())
            for name in (tag, *rivals):
                effects.do("SADD", self._keys.tags_open(name), ident)
            self._write(effects, one)
            self._registry.note(effects, by, "tag.applied", tag, part=part, what=what, gives=gives)
            if await self._store.apply(effects):
                return one

    async def undo(self, ident: str, by: str) -> Application:
        """Begin to take back what an application did; raises Problems."""
        while True:
            one = await self.get(ident)
            if one is None:
                raise Problems([problem("application", msgid("there is none of this number"))])
            if one.state != "done":
                raise Problems([problem("id", msgid("only what is done can be undone, and once"))])
            if not await self._store.call("SISMEMBER", self._keys.tags_open(one.tag), ident):
                raise Problems([problem("id", msgid("its tag was merged or renamed since"))])
            changed = await self._bits(self._keys.tags_changed(ident))
            after = one.model_copy(update={"state": "undoing"})
            effects = self._still(one)
            effects.do("SET", self._keys.tags_todo(ident), changed.bitmap())
            progress = {"cursor": 0, "looked": 0, "total": changed.count()}
            for field, value in progress.items():
                effects.do("HSET", self._keys.tags_progress(ident), field, value)
            self._write(effects, after)
            self._registry.note(effects, by, "tag.undone", one.tag, what=one.what, id=ident)
            if await self._store.apply(effects):
                return after

    async def tick(self) -> int:
        """Do a part of what is begun; how many members were looked at. On any number of nodes."""
        begun = [one for one in await self.all() if one.state in ("doing", "undoing")]
        return sum([await self._look(one) for one in reversed(begun)])

    async def finish(self, ident: str) -> Application:
        """Do all of one at once; raises Problems when there is none."""
        while (one := await self.get(ident)) and one.state in ("doing", "undoing"):
            await self._look(one)
        if one is None:
            raise Problems([problem("application", msgid("there is none of this number"))])
        return one

    # inside

    async def _look(self, one: Application) -> int:
        """Some steps; another node that is quicker goes on instead."""
        todo, everybody = await asyncio.gather(
            self._bits(self._keys.tags_todo(one.id)), self._bits(self._keys.members_all())
        )
        numbers, looked = [*(todo & everybody)], 0
        rivals = await self._registry.rivals(one.tag)
        if one.state == "doing" and one.gives and not {*rivals} <= {*one.rivals}:
            await self._rival(one, rivals)
            return 0
        for _ in range(IN_A_LOOK):
            cursor = await self._cursor(one)
            at = bisect_right(numbers, int(cursor or 0))
            batch = numbers[at : at + AT_ONCE]
            effects = self._still(one)
            effects.guard(cursor, "HGET", self._keys.tags_progress(one.id), "cursor")
            effects.guard("\n".join(rivals), "HGET", self._keys.tags_rivals(), one.tag)
            if not batch:
                self._end(effects, one)
                await self._store.apply(effects)
                return looked
            for number in batch:
                self._one(effects, one, number)
            effects.do("HSET", self._keys.tags_progress(one.id), "cursor", batch[-1])
            effects.do("HINCRBY", self._keys.tags_progress(one.id), "looked", len(batch))
            if not await self._store.apply(effects):
                return looked
            looked += len(batch)
        return looked

    def _one(self, effects: Effects, one: Application, number: int) -> None:
        now = self._store.clock.now()
        if one.state == "undoing":
            sign, rivals = "+" if one.gives else "-", "\n".join(one.rivals)
            source = f"undoing application {one.id}"
            effects.tag_undo(one.id, one.tag, number, now, sign, source, rivals)
        elif one.gives:
            effects.tag(one.tag, number, now, "sop", application=one.id, lasts=one.lasts)
        else:
            effects.untag(one.tag, number, now, application=one.id)

    async def _rival(self, one: Application, rivals: list[str]) -> None:
        """Its group was changed meanwhile: what it takes from now on can be undone too."""
        every = tuple(dict.fromkeys((*one.rivals, *rivals)))
        effects = self._still(one)
        self._write(effects, one.model_copy(update={"rivals": every}))
        for name in every:
            effects.do("SADD", self._keys.tags_open(name), one.id)
        await self._store.apply(effects)

    def _end(self, effects: Effects, one: Application) -> None:
        state: State = "done" if one.state == "doing" else "undone"
        self._write(effects, one.model_copy(update={"state": state}))
        effects.do("DEL", self._keys.tags_todo(one.id))
        if state == "undone":
            self._close(effects, one)

    def _close(self, effects: Effects, one: Application) -> None:
        """It cannot be undone any more."""
        keys = self._keys
        for name in (one.tag, *one.rivals):
            effects.do("SREM", keys.tags_open(name), one.id)
            effects.do("DEL", keys.tags_ended(one.id, name))
            effects.do("DEL", keys.tags_took(one.id, name))
        effects.do("DEL", keys.tags_changed(one.id))

    def _forget(self, effects: Effects, one: Application) -> None:
        self._close(effects, one)
        effects.do("DEL", self._keys.tags_progress(one.id))
        effects.do("HDEL", self._keys.tags_applications(), one.id)

    def _write(self, effects: Effects, one: Application) -> None:
        effects.do("HSET", self._keys.tags_applications(), one.id, one.model_dump_json())

    def _still(self, one: Application) -> Effects:
        """Effects that only happen while the application is as it was read."""
        effects = Effects(self._keys)
        body = one.model_dump_json()
        effects.guard(body, "HGET", self._keys.tags_applications(), one.id)
        return effects

    async def _cursor(self, one: Application) -> str:
        return await self._store.text("HGET", self._keys.tags_progress(one.id), "cursor") or ""

    async def _bits(self, key: str) -> Bits:
        return (await read(self._store, [key]))[key]
