"""Proposals: what somebody wants to start or change, until another operator says yes or no."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from bot.audience.audience import Audience
from bot.model.base import Frozen
from bot.sop.faults import WrongState
from bot.sop.naming import called
from bot.sop.record import Sop, Version
from bot.sop.sops import Also, Sops
from bot.sop.templates.template import Template, Value
from bot.sop.templates.words import spoken
from bot.store.audit import Change, audit
from bot.store.effects import Effects

State = Literal["waiting", "approved", "rejected", "withdrawn"]
KEPT = 300
"""Decided proposals kept."""


class NoSuchProposal(LookupError):
    """There is no proposal of that id."""


class OwnProposal(Exception):
    """Nobody approves what they proposed themselves."""


class Proposal(Frozen):
    """A start or an edit, whole, as it was proposed; times are UTC ms.

    ``name`` is what a new SOP is to be called, or the SOP to edit; ``source`` the library's name
    of a template to start; ``base`` the version an edit was made on. ``decided`` is by whom,
    ``why`` what they said, ``sop`` what it became.
    """

    id: str
    kind: Literal["start", "edit"]
    template: Template
    audience: Audience
    parameters: dict[str, Value]
    by: str
    at: int
    source: str = ""
    name: str = ""
    language: str | None = None
    base: int = 0
    stay: bool = False
    catch_up: tuple[str, ...] = ()
    note: str = ""
    state: State = "waiting"
    decided: str = ""
    decided_at: int = 0
    why: str = ""
    sop: str = ""

    def title(self, language: str) -> str:
        """The template's title, to read."""
        return spoken(self.template.title, language)


class Proposals:
    """Keeps proposals; each is decided once, in the same step as what it does."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._store = sops.means.store
        self._keys = sops.means.store.keys

    @property
    def required(self) -> bool:
        """Whether also managers need another operator's yes to start or change something."""
        return self._sops.means.settings.approval

    # reading

    async def all(self) -> list[Proposal]:
        """Every proposal, those waiting first, then the newest."""
        kept = await self._store.table("HGETALL", self._keys.sop_proposals())
        found = map(Proposal.model_validate_json, kept.values())
        return sorted(found, key=lambda one: (one.state != "waiting", -int(one.id)))

    async def waiting(self) -> list[Proposal]:
        """Those nobody decided yet, the newest first."""
        return [one for one in await self.all() if one.state == "waiting"]

    async def get(self, ident: str) -> Proposal:
        """One proposal; raises NoSuchProposal."""
        return (await self._read(ident))[0]

    async def draft(self, proposal: Proposal) -> Version:
        """The version it would make now; raises Problems, NoSuchSop."""
        if proposal.kind == "edit":
            sop = await self._sops.get(proposal.name)
            return await self._sops.revised(
                sop, proposal.by, proposal.template, proposal.audience, proposal.parameters
            )
        return await self._sops.drafts.version(
            1,
            proposal.template,
            proposal.audience,
            proposal.parameters,
            proposal.by,
            proposal.language,
            self._store.clock.now(),
        )

    # proposing

    async def start(
        self,
        template: str | Template,
        audience: str | Audience,
        by: str,
        parameters: Mapping[str, object] | None = None,
        *,
        name: str = "",
        language: str | None = None,
        note: str = "",
    ) -> Proposal:
        """Propose a start; raises Problems, the same as starting it would."""
        source = template if isinstance(template, str) else ""
        found = await self._sops.shelf.get(template) if isinstance(template, str) else template
        called(name, source)
        # What is left empty, such as "today", counts from the day it is approved.
        given = {key: value for key, value in (parameters or {}).items() if value not in ("", None)}
        proposal = Proposal(
            id=await self._next(),
            kind="start",
            template=found,
            audience=_audience(audience),
            parameters={key: _plain(value) for key, value in given.items()},
            by=by,
            at=self._store.clock.now(),
            source=source,
            name=name,
            language=language,
            note=note,
        )
        await self.draft(proposal)
        return await self._keep(proposal)

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
        note: str = "",
    ) -> Proposal:
        """Propose an edit, as Sops.edit takes it; raises Problems, NoSuchSop."""
        sop = await self._sops.get(ident)
        new = await self._sops.revised(sop, by, template, audience, parameters)
        proposal = Proposal(
            id=await self._next(),
            kind="edit",
            template=new.template,
            audience=new.audience,
            parameters=new.parameters,
            by=by,
            at=self._store.clock.now(),
            source=sop.identity.template,
            name=ident,
            language=new.language,
            base=sop.version,
            stay=stay,
            catch_up=tuple(catch_up),
            note=note,
        )
        return await self._keep(proposal)

    # deciding

    async def approve(self, ident: str, by: str, why: str = "") -> Sop:
        """Do it, once however often and by however many it is approved.

        Raises OwnProposal, NoSuchProposal, Problems for what became wrong meanwhile, and
        WrongState when it was decided, or the SOP changed, since it was proposed.
        """
        proposal, body = await self._undecided(ident)
        if by == proposal.by:
            raise OwnProposal(f"{by} proposed it; somebody else has to approve it")

        def decide(effects: Effects, sop: Sop) -> None:
            self._decide(effects, proposal, body, self._decided(proposal, "approved", by, why, sop))

        if proposal.kind == "edit":
            return await self._edit(proposal, by, decide)
        return await self._sops.start(
            proposal.template,
            proposal.audience,
            by,
            proposal.parameters,
            name=proposal.name,
            language=proposal.language,
            source=proposal.source,
            also=decide,
        )

    async def reject(self, ident: str, by: str, why: str = "") -> Proposal:
        """Say no; raises NoSuchProposal, WrongState."""
        return await self._close(ident, "rejected", by, why)

    async def withdraw(self, ident: str, by: str) -> Proposal:
        """Take one's own back; raises NoSuchProposal, WrongState."""
        if (await self.get(ident)).by != by:
            raise WrongState("only who proposed it can withdraw it")
        return await self._close(ident, "withdrawn", by, "")

    # inside

    async def _edit(self, proposal: Proposal, by: str, also: Also) -> Sop:
        sop = await self._sops.get(proposal.name)
        if sop.version != proposal.base:
            raise WrongState(f'"{sop.id}" was changed since this was proposed; propose it again')
        return await self._sops.edit(
            proposal.name,
            by,
            template=proposal.template,
            audience=proposal.audience,
            parameters=proposal.parameters,
            stay=proposal.stay,
            catch_up=proposal.catch_up,
            also=also,
        )

    async def _close(self, ident: str, state: State, by: str, why: str) -> Proposal:
        proposal, body = await self._undecided(ident)
        decided = self._decided(proposal, state, by, why)
        effects = Effects(self._keys)
        self._decide(effects, proposal, body, decided)
        if not await self._store.apply(effects):
            raise WrongState("somebody else decided it just now")
        return decided

    def _decided(
        self, proposal: Proposal, state: State, by: str, why: str, sop: Sop | None = None
    ) -> Proposal:
        now = self._store.clock.now()
        done = {"state": state, "decided": by, "decided_at": now, "why": why}
        return proposal.model_copy(update={**done, "sop": sop.id if sop else ""})

    def _decide(self, effects: Effects, old: Proposal, body: str, new: Proposal) -> None:
        key = self._keys.sop_proposals()
        effects.guard(body, "HGET", key, old.id)
        effects.do("HSET", key, old.id, new.model_dump_json(by_alias=True))
        self._note(effects, new, new.state, new.decided, old.state)

    def _note(
        self, effects: Effects, proposal: Proposal, what: str, by: str, before: str = ""
    ) -> None:
        after = {"state": proposal.state, "why": proposal.why, "sop": proposal.sop}
        if not before:
            after = {
                "state": proposal.state,
                "note": proposal.note,
                "audience": str(proposal.audience),
            }
        change = Change(
            at=self._store.clock.now(),
            who=by,
            what=f"proposal.{what}",
            on=f"proposal {proposal.id}: {proposal.kind} {proposal.name or proposal.source}",
            before={"state": before} if before else {},
            after={key: value for key, value in after.items() if value},
        )
        audit(effects, change)

    async def _keep(self, proposal: Proposal) -> Proposal:
        key, effects = self._keys.sop_proposals(), Effects(self._keys)
        effects.do("HSET", key, proposal.id, proposal.model_dump_json(by_alias=True))
        old = [one.id for one in await self.all() if one.state != "waiting"][KEPT:]
        if old:
            effects.do("HDEL", key, *old)
        self._note(effects, proposal, "made", proposal.by)
        await self._store.apply(effects)
        return proposal

    async def _next(self) -> str:
        return str(int(await self._store.call("INCR", self._keys.fence())))

    async def _undecided(self, ident: str) -> tuple[Proposal, str]:
        proposal, body = await self._read(ident)
        if proposal.state != "waiting":
            raise WrongState(f"it was {proposal.state} by {proposal.decided} already")
        return proposal, body

    async def _read(self, ident: str) -> tuple[Proposal, str]:
        """A proposal, and how it is written, which a guard compares."""
        body = await self._store.text("HGET", self._keys.sop_proposals(), ident)
        if body is None:
            raise NoSuchProposal(f"there is no proposal {ident}")
        return Proposal.model_validate_json(body), body


def _plain(value: object) -> Value:
    return value if isinstance(value, int | float) else str(value)


def _audience(given: str | Audience) -> Audience:
    return Audience.parse(given) if isinstance(given, str) else given
