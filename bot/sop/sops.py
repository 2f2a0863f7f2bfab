"""The SOP room: SOPs started, edited, paused, resumed and stopped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bot.delivery.journal import Entry, record
from bot.located import Place, Problem, Problems, nearest
from bot.model.delivery import Delivery
from bot.sop.audience import Audience, Roster
from bot.sop.condition import Conditions
from bot.sop.draft import Drafts
from bot.sop.means import Means
from bot.sop.recall import Recall
from bot.sop.record import JOINED, Identity, Sop, State, Version, zone_or_none
from bot.sop.results import Results
from bot.sop.schedule import DAY, day_of, shift
from bot.sop.tasks import Tasks
from bot.sop.template import AttributeAnchor, Step, Template
from bot.sop.window import Windows
from bot.store.effects import Effects

_NAME = re.compile(r"[a-z0-9_-]+")
RESERVED = frozenset({"templates", "start", "upcoming"})
"""Names an SOP cannot have: the console's pages beside it do."""
NAMES = 100
"""SOPs that may share a name before another one must be given."""


class NoSuchSop(LookupError):
    """There is no SOP of that name; the message names the nearest."""


class WrongState(Exception):
    """A SOP cannot do that in its state, or somebody else changed it at the same moment."""


class Sops:
    """All SOPs of the workspace. Whoever waits to hear of them reads; the planner makes them go."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.library = means.library
        self.roster = Roster(means.store, means.members, means.facts)
        self.recall = Recall(means.store)
        self.tasks = Tasks(means.store)
        self.results = Results(means.store, means.facts)
        self.conditions = Conditions(
            means.templates, {**means.conditions, "has_tag": self._has_tag}
        )
        self.windows = Windows(means.delivery, means.store.clock, self.zone_of)
        self._drafts = Drafts(self.roster, means.timezone, means.language)
        self._store = means.store
        self._keys = means.store.keys
        self._versions: dict[tuple[str, int], Version] = {}

    @property
    def language(self) -> str:
        """The workspace's language."""
        return self.means.language

    # reading

    async def all(self) -> list[Sop]:
        """Every SOP, the last started first."""
        kept = await self._store.table("HGETALL", self._keys.sop_all())
        states = await self._store.table("HGETALL", self._keys.sop_state())
        found = [Sop.of(body, states[ident]) for ident, body in kept.items() if ident in states]
        return sorted(found, key=lambda sop: (-sop.identity.started, sop.id))

    async def get(self, ident: str) -> Sop:
        """One SOP; raises NoSuchSop."""
        kept = await self._store.text("HGET", self._keys.sop_all(), ident)
        state = await self._store.text("HGET", self._keys.sop_state(), ident)
        if kept is None or state is None:
            hint = nearest(ident, [sop.id for sop in await self.all()])
            raise NoSuchSop(f'there is no SOP "{ident}"' + (f"; {hint}" if hint else ""))
        return Sop.of(kept, state)

    async def version(self, sop: Sop) -> Version:
        """What a SOP does in its current version."""
        return await self._version(sop.id, sop.version)

    async def versions(self, ident: str) -> list[Version]:
        """Every version of a SOP, the newest first."""
        found = await self._store.table("HGETALL", self._keys.sop_versions(ident))
        return sorted(
            map(Version.model_validate_json, found.values()), key=lambda v: v.number, reverse=True
        )

    async def zone_of(self, delivery: Delivery) -> ZoneInfo:
        """The zone of whom a delivery goes to: its SOP's, else the member's, else ours."""
        own, member = None, delivery.member
        if member is not None:
            own = await self._store.text("HGET", self._keys.member(member), "attribute:timezone")
        if delivery.result is not None:
            ident, number, _ = delivery.result.run.split("/", 2)
            return (await self._version(ident, int(number))).zone(own, self.means.timezone)
        return zone_or_none(own) or ZoneInfo(self.means.timezone)

    # changing

    async def start(
        self,
        template: str,
        audience: str | Audience,
        by: str,
        parameters: Mapping[str, object] | None = None,
        *,
        name: str = "",
        language: str | None = None,
    ) -> Sop:
        """Start a template. Raises Problems: everything wrong with what was given.

        ``name`` is what the SOP is called, else as its template; a number is added when taken.
        """
        now = self._store.clock.now()
        if name and not _NAME.fullmatch(name):
            message = "expected a name of lower-case letters, digits, - and _"
            raise Problems([Problem(Place("name"), "", message)])
        if (name or template) in RESERVED:
            message = f'"{name or template}" is the name of a page; choose another'
            raise Problems([Problem(Place("name"), "", message)])
        found = self.library.get(template)
        version = await self._drafts.version(
            1, found, audience, parameters or {}, by, language, now
        )
        number = int(await self._store.call("INCR", self._keys.fence()))
        for attempt in range(1, NAMES):
            ident = (name or template) + (f"-{attempt}" if attempt > 1 else "")
            identity = Identity(
                id=ident, number=number, template=template, title=found.title, started=now, by=by
            )
            sop = Sop(identity=identity, state="running", version=1)
            if await self._begin(sop, version):
                self.means.bell.ring("planner")
                return sop
        raise Problems(
            [Problem(Place("name"), "", f'too many SOPs are called "{name or template}"')]
        )

    async def edit(
        self,
        ident: str,
        by: str,
        *,
        template: Template | None = None,
        audience: str | Audience | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> Sop:
        """Make a new version of a running or paused SOP: all that was not sent follows it.

        What is not given stays. A new step is for those whose time for it is still to come; what
        was waiting for a step that is gone is skipped, with that reason. Raises Problems,
        NoSuchSop or WrongState.
        """
        sop = await self.get(ident)
        old, now = await self.version(sop), self._store.clock.now()
        self._demand(sop, "edited", ("running", "paused"))
        if template is not None and template.anchor != old.template.anchor:
            message = "expected the anchor it has: with another one, start another SOP"
            raise Problems([Problem(Place("template"), "anchor", message)])
        version = await self._drafts.version(
            sop.version + 1,
            template or old.template,
            audience or old.audience,
            old.parameters if parameters is None else parameters,
            by,
            old.language,
            now,
        )
        changed = sop.model_copy(update={"version": version.number})
        effects = Effects(self._keys)
        effects.guard(sop.token, "HGET", self._keys.sop_state(), sop.id)
        effects.do("HSET", self._keys.sop_state(), sop.id, changed.token)
        self._keep(effects, changed, version)
        self._note(effects, sop, "sop.edited", by, f"{sop.token} → {changed.token}")
        if not await self._store.apply(effects):
            raise WrongState(f'"{ident}" was changed by somebody else just now')
        await self.recall.back(sop.id)
        return changed

    async def pause(self, ident: str, by: str) -> Sop:
        """Send nothing more of it, also of what is in the outbox; raises NoSuchSop, WrongState."""
        sop = await self._switched(ident, "paused", by)
        await self.recall.back(sop.id)
        return sop

    async def resume(self, ident: str, by: str) -> Sop:
        """Go on with what remains, as each step's missed policy says."""
        sop = await self._switched(ident, "running", by)
        self.means.bell.ring("planner")
        return sop

    async def stop(self, ident: str, by: str) -> Sop:
        """End it for good; what was planned and not sent is skipped as stopped."""
        sop = await self._switched(ident, "stopping", by)
        await self.clear(sop)
        return await self.get(ident)

    async def switch(self, effects: Effects, ident: str, to: State, by: str) -> Sop:
        """Pause, resume or stop as one effect among others, for handlers.

        The planner takes back what is in the outbox within its second.
        """
        sop = await self.get(ident)
        allowed: dict[State, tuple[State, ...]] = {
            "paused": ("running",),
            "running": ("paused",),
            "stopping": ("running", "paused"),
        }
        self._demand(sop, to, allowed.get(to, ()))
        changed = sop.model_copy(update={"state": to})
        effects.guard(sop.token, "HGET", self._keys.sop_state(), sop.id)
        effects.do("HSET", self._keys.sop_state(), sop.id, changed.token)
        self._note(effects, sop, f"sop.{to}", by, f"{sop.token} → {changed.token}")
        return changed

    async def clear(self, sop: Sop) -> None:
        """End what a stopping SOP had planned; what is at the gateway now is waited for."""
        await self.tasks.drop(sop)
        await self.recall.clear(sop)

    # inside

    async def _version(self, ident: str, number: int) -> Version:
        known = self._versions.get((ident, number))
        if known is None:
            body = await self._store.call("HGET", self._keys.sop_versions(ident), number)
            known = self._versions[ident, number] = Version.model_validate_json(body)
        return known

    async def _switched(self, ident: str, to: State, by: str) -> Sop:
        effects = Effects(self._keys)
        changed = await self.switch(effects, ident, to, by)
        if not await self._store.apply(effects) and await self.get(ident) != changed:
            raise WrongState(f'"{ident}" was changed by somebody else just now')
        return changed

    def _demand(self, sop: Sop, what: str, states: tuple[State, ...]) -> None:
        if sop.state not in states:
            raise WrongState(f'"{sop.id}" is {sop.state} and cannot become {what}')

    async def _begin(self, sop: Sop, version: Version) -> bool:
        """Write a new SOP; False when its name is taken."""
        keys, body = self._keys, sop.identity.model_dump_json()
        effects = Effects(keys)
        effects.guard(0, "HEXISTS", keys.sop_all(), sop.id)
        effects.do("HSET", keys.sop_all(), sop.id, body)
        effects.do("HSET", keys.sop_state(), sop.id, sop.token)
        effects.do("HSET", keys.sop_cursor(sop.id), "mark", version.since)
        self._keep(effects, sop, version)
        self._note(effects, sop, "sop.started", version.by, str(version.audience))
        if await self._store.apply(effects):
            return True
        # The line may have sent it twice, and the first one made it.
        return await self._store.text("HGET", keys.sop_all(), sop.id) == body

    def _keep(self, effects: Effects, sop: Sop, version: Version) -> None:
        """Write a version, and where planning begins for each step that is new."""
        keys, cursors = self._keys, self._keys.sop_cursor(sop.id)
        body = version.model_dump_json(by_alias=True)
        effects.do("HSET", keys.sop_versions(sop.id), version.number, body)
        for step in version.settled.step:
            effects.do("HSETNX", cursors, f"since {step.id}", version.since)
            effects.do("HSETNX", cursors, f"at {step.id}", self._first(sop, version, step))
            if version.template.anchor == JOINED:
                occurrence = sop.occurrence(step.id, JOINED)
                effects.do("HSETNX", keys.sop_open(sop.id), occurrence, "always")

    def _first(self, sop: Sop, version: Version, step: Step) -> int | str:
        """Where planning of a step begins: an anchor, a moment, or the day before a date."""
        if version.template.anchor == JOINED:
            return sop.identity.started
        if isinstance(version.template.anchor, AttributeAnchor):
            zone = version.zone(None, self.means.timezone)
            return (day_of(version.since, zone) - shift(step) - 2 * DAY).isoformat()
        return version.since

    def _note(self, effects: Effects, sop: Sop, what: str, by: str, reason: str) -> None:
        entry = Entry(
            at=self._store.clock.now(),
            what=what,
            source=f"{sop.source}, by {by}",
            reason=reason,
            text=sop.title(self.means.language),
        )
        record(effects, entry)
        body = entry.model_dump_json(exclude_defaults=True)
        effects.do("XADD", self._keys.audit(), "*", "entry", body)

    async def _has_tag(self, reader: Any, name: str) -> bool:
        return await self.means.facts.has(self._keys.tag(name), reader.member)
