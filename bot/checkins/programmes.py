"""The programmes: those of the configuration and those made in the console, kept and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Annotated, Any

import structlog
from pydantic import Field, TypeAdapter, ValidationError

from bot.checkins.faults import faults
from bot.checkins.made import Made, Version, What, differing, kept
from bot.checkins.programme import Programme, programmes_of
from bot.checkins.vocabulary import Vocabulary
from bot.located import KeyPath, Located, Problem, Problems, nearest, validate
from bot.model.phrase import Phrase
from bot.settings.checkins import CheckInSettings
from bot.settings.kinds import Name
from bot.store.audit import Change, audit
from bot.store.drawer import Drawer
from bot.store.effects import Effects
from bot.store.store import Store

log = structlog.get_logger(__name__)

MOST = 200
"""Programmes kept in the store."""
VERSIONS = 100
"""Versions kept of each."""
TAKEN = Phrase("is in the configuration file: change it there")
PATHS = frozenset({"new", "approvals", "check"})
"""Names that are other pages' addresses."""
_NAME = TypeAdapter[str](Annotated[Name, Field(max_length=40)])


class Stale(Exception):
    """Somebody else changed the programme meanwhile."""


class Programmes:
    """Keeps programmes; those of the configuration are read-only and win over others of their
    name.

    ``all`` is what was read last: those of the configuration first, what has ended last. A change
    is seen by every node within a second.
    """

    def __init__(
        self,
        settings: Mapping[str, CheckInSettings],
        zone: str,
        store: Store,
        functions: frozenset[str] = frozenset(),
        gateways: Collection[str] = (),
    ) -> None:
        """``zone`` is the workspace's; ``functions`` are what texts can call; ``gateways`` those
        groups can be at (none: any)."""
        self.configured = programmes_of(settings, zone)
        self.all = self.configured
        self.vocabulary = Vocabulary(self.all)
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with programmes that are kept and left out."""
        self.zone = zone
        self._store = store
        self._functions = functions
        self._gateways = gateways
        self._drawer = Drawer(store, store.keys.checkin_made(), store.keys.checkin_changes())
        self._made: dict[str, Made] = {}

    async def fresh(self) -> None:
        """See to it that what is known is at most a second old; raises StoreError."""
        if await self._drawer.fresh():
            self._know()

    def made(self, name: str) -> Made | None:
        """One that was made in the console."""
        return self._made.get(name)

    async def versions(self, name: str) -> list[Version]:
        """What a programme has been, the newest first."""
        rows = await self._store.table("HGETALL", self._store.keys.checkin_versions(name))
        found = map(Version.model_validate_json, rows.values())
        return sorted(found, key=lambda one: -one.number)

    def read(self, name: str, data: Mapping[str, Any], new: bool = False) -> CheckInSettings:
        """Check a programme without keeping it; raises Problems, each at its key."""
        located = Located("programme", data)
        found = [located.problem(*fault) for fault in self._names(name, new)]
        try:
            settings = validate(CheckInSettings, located)
        except Problems as problems:
            raise Problems([*found, *problems.problems]) from None
        wrong = [*faults(settings, self._functions), *self._places(settings)]
        found += [located.problem(*fault) for fault in wrong]
        if found:
            raise Problems(found)
        return settings

    async def save(
        self, name: str, data: Mapping[str, Any], by: str, seen: int | None = None
    ) -> Programme:
        """Keep a programme, a new one (``seen`` None) or the next version of the one seen.

        Raises Problems, and Stale when it is not the version that was seen any more.
        """
        await self._refresh()
        settings = self.read(name, data, new=seen is None)
        old = self._made.get(name)
        if seen is not None and (old is None or old.version != seen):
            raise Stale
        if old and old.settings == settings:
            return old.programme(name, self.zone)
        if old is None and len(self._made) >= MOST:
            message = Phrase("there are {n} programmes already", n=MOST)
            raise Problems([Located("programme").problem((), message)])
        after = replace(old, settings=settings) if old else Made(settings, version=0)
        return await self._keep(name, old, after, by, "changed" if old else "made")

    async def rest(self, name: str, by: str, *, ended: bool = False) -> bool:
        """Pause or end a programme from today on; False when it is so. Raises Stale."""
        await self._refresh()
        old = self._made.get(name)
        pause = old.rests if old else None
        if old is None or (pause and pause.ended == ended):
            return False
        today = old.programme(name, self.zone).day(self._store.clock.now())
        after = old.resting(today, ended=ended)
        await self._keep(name, old, after, by, "ended" if ended else "paused")
        return True

    async def resume(self, name: str, by: str) -> bool:
        """Let it go on; False when it is not at rest. Raises Stale."""
        await self._refresh()
        old = self._made.get(name)
        if old is None or old.rests is None:
            return False
        today = old.programme(name, self.zone).day(self._store.clock.now())
        await self._keep(name, old, old.going_on(today), by, "resumed")
        return True

    # inside

    async def _keep(
        self, name: str, old: Made | None, after: Made, by: str, what: What
    ) -> Programme:
        made = replace(after, version=after.version + 1)
        keys, now = self._store.keys, self._store.clock.now()
        settings = kept(made.settings)
        changed = differing(kept(old.settings) if old else {}, settings)
        version = Version(number=made.version, at=now, by=by, what=what, settings=settings)
        effects = Effects(keys)
        body = version.model_dump_json()
        effects.do("HSET", keys.checkin_versions(name), version.number, body)
        effects.do("HDEL", keys.checkin_versions(name), version.number - VERSIONS)
        change = Change(
            at=now,
            who=by,
            what=f"checkin.programme_{what}",
            on=name,
            before={key: one for key, (one, _) in changed.items() if one is not None},
            after={key: one for key, (_, one) in changed.items() if one is not None},
        )
        audit(effects, change)
        if not await self._drawer.put(name, made.row, effects):
            await self._refresh()
            raise Stale
        await self._refresh()
        return made.programme(name, self.zone)

    async def _refresh(self) -> None:
        if await self._drawer.read():
            self._know()

    def _know(self) -> None:
        """Make programmes of the rows; one that cannot be read is left out and told."""
        taken = {one.name for one in self.configured}
        made: dict[str, Made] = {}
        problems: list[Problem] = []
        for name, row in self._drawer.rows.items():
            try:
                if name in taken:
                    raise Problems([Located(f"programme {name}").problem((), TAKEN)])
                made[name] = Made.parse(name, row)
            except Problems as error:
                problems += error.problems
                log.warning("checkin.left_out", programme=name, reason=str(error))
        found = [one.programme(name, self.zone) for name, one in made.items()]
        found.sort(key=lambda one: one.rests == "ended")
        self._made, self.problems = made, tuple(problems)
        self.all = (*self.configured, *found)
        self.vocabulary = Vocabulary(self.all)

    def _names(self, name: str, new: bool) -> list[tuple[KeyPath, str]]:
        """What is wrong with a name; the key is "name", which is none of the settings'."""
        try:
            _NAME.validate_python(name)
        except ValidationError:
            return [(("name",), Phrase("expected a name of lower-case letters, digits, - and _"))]
        if name in PATHS:
            return [(("name",), Phrase("is a page of the console: choose another name"))]
        if any(one.name == name for one in self.configured):
            return [(("name",), TAKEN)]
        if new and name in self._made:
            return [(("name",), Phrase("another programme has this name"))]
        return []

    def _places(self, settings: CheckInSettings) -> list[tuple[KeyPath, str, str]]:
        """Groups at gateways there are not."""
        named = {
            "groups": () if settings.groups == "all" else settings.groups,
            "reminder_groups": settings.reminder_groups,
        }
        return [
            (
                (key, place),
                Phrase('unknown gateway "{name}"', name=group.gateway),
                nearest(group.gateway, self._gateways),
            )
            for key, groups in named.items()
            for place, group in enumerate(groups)
            if self._gateways and group.gateway not in self._gateways
        ]
