"""Enrolling: a member put into a SOP by hand."""

from __future__ import annotations

from bot.delivery.journal import Entry, record
from bot.model.phrase import Phrase
from bot.sop.faults import NoSuchSop, WrongState
from bot.sop.sops import Sops
from bot.sop.templates.anchor import ENROLLED
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.members import Member


class Enrolment:
    """Enters members into SOPs whose steps count from being entered."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._store = sops.means.store

    async def enrol(self, ident: str, member: Member, by: str) -> bool:
        """Let the steps count from now for a member; False when they were in it already.

        Raises NoSuchSop, and WrongState when it ended or counts from something else.
        """
        sop, now = await self._sops.get(ident), self._store.clock.now()
        if (await self._sops.version(sop)).template.anchor != ENROLLED:
            raise WrongState(f'"{ident}" takes nobody by hand: its anchor is not "{ENROLLED}"')
        if sop.state not in ("running", "paused"):
            raise WrongState(f'"{ident}" is {sop.state}')
        keys, effects = self._store.keys, Effects(self._store.keys)
        moments = keys.moment(f"{ENROLLED}:{ident}")
        effects.guard(sop.token, "HGET", keys.sop_state(), ident)
        effects.guard("", "ZSCORE", moments, member.number)
        effects.do("ZADD", moments, "NX", now, member.number)
        source = f"{sop.source}, by {by}"
        text = sop.title(self._sops.language)
        record(
            effects,
            Entry(at=now, what="sop.enrolled", member=member.number, source=source, text=text),
        )
        after = {"member": member.number}
        audit(effects, Change(at=now, who=by, what="sop.enrolled", on=sop.source, after=after))
        if await self._store.apply(effects):
            self._sops.means.bell.ring("planner")
            return True
        if await self._store.call("ZSCORE", moments, member.number) is not None:
            return False
        raise WrongState(f'"{ident}" was changed by somebody else just now')

    async def also(self, effects: Effects, ident: str, member: int) -> str:
        """Let the steps count from now for a member, as one effect among others.

        Why that cannot be, or ''; who is in it already stays as they are.
        """
        try:
            sop = await self._sops.get(ident)
        except NoSuchSop as error:
            return Phrase.of(error)
        if sop.state not in ("running", "paused"):
            return Phrase('"{name}" is {state}', name=ident, state=sop.state)
        if (await self._sops.version(sop)).template.anchor != ENROLLED:
            return Phrase('"{name}" takes nobody: its anchor is not "enrolled"', name=ident)
        now, moments = self._store.clock.now(), effects.keys.moment(f"{ENROLLED}:{ident}")
        if await self._store.call("ZSCORE", moments, member) is None:
            effects.do("ZADD", moments, "NX", now, member)
            text = sop.title(self._sops.language)
            entry = Entry(at=now, what="sop.enrolled", member=member, source=sop.source, text=text)
            record(effects, entry)
        return ""
