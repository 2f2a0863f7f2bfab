"""The SOP room: SOPs started, edited, paused, resumed and stopped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from bot.audience.audience import Audience
from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems, nearest
from bot.model.phrase import Phrase
from bot.sop.changes.draft import Drafts
from bot.sop.clocks import Clocks
from bot.sop.deeds import noted, told
from bot.sop.engine.cursors import Cursors
from bot.sop.engine.recall import Recall
from bot.sop.engine.roster import Roster
from bot.sop.engine.turn import Turn
from bot.sop.engine.turns import Turns
from bot.sop.faults import Locked, NoSuchSop, WrongState, faster
from bot.sop.means import Means
from bot.sop.naming import called, wrong_name
from bot.sop.outcomes.results import Results
from bot.sop.outcomes.tasks import Tasks
from bot.sop.record import Identity, Sop, State, Version, differing
from bot.sop.templates.shelf import Shelf
from bot.sop.templates.template import Template
from bot.sop.times.window import Windows
from bot.sop.versions import Versions
from bot.store.audit import Change, audit
from bot.store.effects import Effects

NAMES = 100
"""SOPs that may share a name before another one must be given."""

Also = Callable[[Effects, Sop], None]
"""Adds what is done in the same step as a start or an edit, or makes neither happen."""


class Sops:
    """All SOPs of the workspace. Whoever waits to hear of them reads; the planner makes them go."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.library = means.library
        self.shelf = Shelf(means.store, means.library)
        self.roster = Roster(means.store, means.members, means.facts, means.algebra)
        self.versions = Versions(means.store)
        self.recall = Recall(means.store)
        self.tasks = Tasks(means.store)
        self.results = Results(means.store, means.facts)
        clocks = Clocks(means.store, means.members, self.versions, means.timezone)
        self.windows = Windows(means.delivery, means.store.clock, clocks.of)
        self.drafts = Drafts(self.roster, means.timezone, means.language)
        self.turns = Turns(means.store, self.roster, self.versions, means.timezone)
        self._cursors = Cursors(means.store, means.timezone)
        self._store = means.store
        self._keys = means.store.keys

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
            message = Phrase('there is no SOP "{name}"', name=ident)
            raise NoSuchSop(Problem(Place("name"), "", message, hint).said)
        return Sop.of(kept, state)

    async def version(self, sop: Sop) -> Version:
        """What a SOP does in its current version."""
        return await self.versions.get(sop.id, sop.version)

    async def turn(self, sop: Sop, now: int) -> Turn:
        """What one look of the planner needs to know of it; raises Changed."""
        return await self.turns.turn(sop, now)

    # changing

    async def start(
        self,
        template: str | Template,
        audience: str | Audience,
        by: str,
        parameters: Mapping[str, object] | None = None,
        *,
        name: str = "",
        language: str | None = None,
        source: str = "",
        also: Also | None = None,
    ) -> Sop:
        """Start a template. Raises Problems: everything wrong with what was given.

        ``name`` is what the SOP is called, else as its template; a number is added when taken.
        ``source`` is the library's name of a template that is given whole. Raises WrongState when
        a guard of ``also`` fails.
        """
        now = self._store.clock.now()
        source = source or (template if isinstance(template, str) else name)
        ident = called(name, source)
        found = template if isinstance(template, Template) else await self.shelf.get(template)
        version = await self.drafts.version(1, found, audience, parameters or {}, by, language, now)
        number = int(await self._store.call("INCR", self._keys.fence()))
        for attempt in range(1, NAMES):
            identity = Identity(
                id=ident + (f"-{attempt}" if attempt > 1 else ""),
                number=number,
                template=source,
                title=found.title,
                started=now,
                by=by,
            )
            sop = Sop(identity=identity, state="running", version=1)
            if await self._begin(sop, version, also):
                self.means.bell.ring("planner")
                return sop
        raise wrong_name(Phrase('too many SOPs are called "{name}"', name=ident))

    async def edit(
        self,
        ident: str,
        by: str,
        *,
        template: Template | None = None,
        audience: str | Audience | None = None,
        parameters: Mapping[str, object] | None = None,
        stay: bool = False,
        catch_up: Collection[str] = (),
        locked: bool = True,
        also: Also | None = None,
    ) -> Sop:
        """Make a new version of a running or paused SOP; what is not given stays.

        With ``stay`` members who got any step of it go on with the version they are on; else all
        that was not sent follows the new one. A new step is for those whose time for it is still
        to come, and, when ``catch_up`` names it, at once for those who are past it. What was
        waiting for a step that is gone is skipped, with that reason. ``locked``: not while a step
        is about to be due. Raises Problems, NoSuchSop or WrongState.
        """
        sop = await self.get(ident)
        old, now = await self.version(sop), self._store.clock.now()
        self._demand(sop, "edited", ("running", "paused"))
        version = await self.revised(sop, by, template, audience, parameters)
        if locked and (soon := self._cursors.next(old, now, self.means.settings.lock)):
            raise Locked(ident, soon)
        always = await self._cursors.always(sop)
        if stay and old.always:
            await self._cursors.stay(sop, old, always)
            version = version.model_copy(update={"stayed": (*old.stayed, old.number)})
        changed = sop.model_copy(update={"version": version.number})
        effects = Effects(self._keys)
        effects.guard(sop.token, "HGET", self._keys.sop_state(), sop.id)
        effects.do("HSET", self._keys.sop_state(), sop.id, changed.token)
        self.versions.keep(effects, changed, version)
        self._cursors.begin(effects, changed, version, old, always)
        self._cursors.catch_up(effects, changed, version, catch_up, now)
        await self._fix(effects, sop, version, old)
        title, turned = sop.title(self.language), f"{sop.token} → {changed.token}"
        noted(effects, sop, "sop.edited", by, now, turned, title)
        before, after = differing(old, version)
        change = Change(at=now, who=by, what="sop.edited", on=sop.source)
        audit(effects, change.model_copy(update={"before": before, "after": after}))
        if also is not None:
            also(effects, changed)
        if not await self._store.apply(effects):
            raise faster(ident)
        await self.recall.back(sop.id)
        return changed

    async def revised(
        self,
        sop: Sop,
        by: str,
        template: Template | None = None,
        audience: str | Audience | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> Version:
        """The version an edit would make, for previews; raises Problems."""
        old = await self.version(sop)
        if template is not None and template.anchor != old.template.anchor:
            message = msgid("expected the anchor it has: with another one, start another SOP")
            raise Problems([Problem(Place("template"), "anchor", message)])
        return await self.drafts.version(
            sop.version + 1,
            template or old.template,
            audience or old.audience,
            old.parameters if parameters is None else parameters,
            by,
            old.language,
            self._store.clock.now(),
        )

    async def pause(self, ident: str, by: str, *, reason: str = "") -> Sop:
        """Send nothing more of it, also of what is in the outbox; raises NoSuchSop, WrongState."""
        sop = await self._switched(ident, "paused", by, reason)
        await self.recall.back(sop.id)
        return sop

    async def resume(self, ident: str, by: str) -> Sop:
        """Go on with what remains, as the template and each step's missed policy say."""
        sop = await self._switched(ident, "running", by)
        self.means.bell.ring("planner")
        return sop

    async def stop(self, ident: str, by: str) -> Sop:
        """End it for good; what was planned and not sent is skipped as stopped."""
        sop = await self._switched(ident, "stopping", by)
        await self.clear(sop)
        return await self.get(ident)

    async def switch(
        self, effects: Effects, ident: str, to: State, by: str, reason: str = ""
    ) -> Sop:
        """Pause, resume or stop as one effect among others, for handlers.

        The planner takes back what is in the outbox within its second.
        """
        sop, now = await self.get(ident), self._store.clock.now()
        allowed: dict[State, tuple[State, ...]] = {
            "paused": ("running",),
            "running": ("paused",),
            "stopping": ("running", "paused"),
        }
        self._demand(sop, to, allowed.get(to, ()))
        changed = sop.model_copy(update={"state": to})
        effects.guard(sop.token, "HGET", self._keys.sop_state(), sop.id)
        effects.do("HSET", self._keys.sop_state(), sop.id, changed.token)
        if to == "paused":
            effects.do("HSET", self._keys.sop_cursor(sop.id), "paused", now)
        elif to == "running":
            await self._cursors.resume(effects, sop, await self.version(sop), now)
        why = f": {reason}" if reason else ""
        self._told(effects, sop, f"sop.{to}", by, f"{sop.token} → {changed.token}{why}")
        return changed

    async def clear(self, sop: Sop) -> None:
        """End what a stopping SOP had planned; what is at the gateway now is waited for."""
        await self.tasks.drop(sop)
        await self.recall.clear(sop)

    # inside

    async def _switched(self, ident: str, to: State, by: str, reason: str = "") -> Sop:
        effects = Effects(self._keys)
        changed = await self.switch(effects, ident, to, by, reason)
        if not await self._store.apply(effects) and await self.get(ident) != changed:
            raise faster(ident)
        return changed

    def _demand(self, sop: Sop, what: str, states: tuple[State, ...]) -> None:
        if sop.state not in states:
            message = msgid('"{name}" is {state} and cannot become {what}')
            raise WrongState(Phrase(message, name=sop.id, state=sop.state, what=what))

    async def _begin(self, sop: Sop, version: Version, also: Also | None) -> bool:
        """Write a new SOP; False when its name is taken. Raises WrongState."""
        keys, body = self._keys, sop.identity.model_dump_json()
        effects = Effects(keys)
        effects.guard(0, "HEXISTS", keys.sop_all(), sop.id)
        effects.do("HSET", keys.sop_all(), sop.id, body)
        effects.do("HSET", keys.sop_state(), sop.id, sop.token)
        effects.do("HSET", keys.sop_cursor(sop.id), "mark", version.since)
        await self._fix(effects, sop, version)
        self.versions.keep(effects, sop, version)
        self._cursors.begin(effects, sop, version)
        self._told(effects, sop, "sop.started", version.by, str(version.audience))
        if also is not None:
            also(effects, sop)
        if await self._store.apply(effects):
            return True
        if not await self._store.call("HEXISTS", keys.sop_all(), sop.id):
            raise faster(sop.id)
        return False

    async def _fix(
        self, effects: Effects, sop: Sop, version: Version, old: Version | None = None
    ) -> None:
        """Write down who an audience that is asked only once is, where it is a new one."""
        fixed = version.template.audience == "fixed" and version.template.to == "member"
        if fixed and (old is None or old.audience != version.audience):
            who = await self.roster.algebra.members(version.audience)
            effects.do("SET", self._keys.sop_audience(sop.id), who.bitmap())

    def _told(self, effects: Effects, sop: Sop, what: str, by: str, change: str) -> None:
        now, title = self._store.clock.now(), sop.title(self.language)
        told(effects, sop, what, by, now, change, title)
