"""The dossier: what is known of one member, to look at and to change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.delivery.journal import Entry, record
from bot.members.attributes import Attributes, WrongAttribute
from bot.model.phrase import Phrase
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Group, Member, Members
from bot.store.store import Store

OPT_OUT = "opt-out"
"""The tag of who wants no broadcasts; with ":topic" behind it: none of that topic."""
LINKS = 500
"""Of the links clicked most, how many are looked through."""


class WrongValues(Exception):
    """Values that cannot be kept, by attribute; ``faults`` says why, as Phrases."""

    def __init__(self, faults: Mapping[str, Phrase]) -> None:
        super().__init__("; ".join(f"{name}: {say}" for name, say in faults.items()))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Clicked:
    """A link a member clicked."""

    link: int
    destination: str
    campaign: str


class Dossier:
    """Reads and changes what is known of one member; numbers that lead to them count with it."""

    def __init__(
        self, store: Store, members: Members, facts: Facts, attributes: Attributes
    ) -> None:
        self._store = store
        self._keys = store.keys
        self._members = members
        self._facts = facts
        self._attributes = attributes

    async def change(self, member: Member, values: Mapping[str, str], by: str) -> list[str]:
        """Set attributes, all or none; the names of those changed.

        Only where they are still as ``member`` has them. Raises WrongValues, and Conflict when
        somebody else changed one meanwhile.
        """
        changed, faults = dict[str, str](), dict[str, Phrase]()
        for name, value in values.items():
            if value == member.attributes.get(name, ""):
                continue
            try:
                read = self._attributes.read(name, value)
            except WrongAttribute as error:
                faults[name] = Phrase.of(error)
                continue
            if read != member.attributes.get(name, ""):
                changed[name] = read
        if faults:
            raise WrongValues(faults)
        if changed and not await self._store.apply(self._changes(member, changed, by)):
            raise Conflict
        return sorted(changed)

    def _changes(self, member: Member, changed: Mapping[str, str], by: str) -> Effects:
        effects, now, number = Effects(self._keys), self._store.clock.now(), member.number
        effects.guard(1, "EXISTS", self._keys.member(number))
        before = {name: member.attributes.get(name, "") for name in changed}
        for name, value in changed.items():
            field = f"attribute:{name}"
            effects.guard(before[name], "HGET", self._keys.member(number), field)
            effects.attribute(number, name, value)
            if not value:
                effects.do("HDEL", self._keys.member(number), field)
        names = ", ".join(changed)
        record(
            effects, Entry(at=now, what="attribute.changed", member=number, source=by, text=names)
        )
        what, on = "member.attributes", f"member {number}"
        who = by.removeprefix("operator ")
        audit(effects, Change(at=now, who=who, what=what, on=on, before=before, after={**changed}))
        return effects

    async def before(self, number: int) -> list[Group]:
        """The groups a member was in and is not now."""
        groups = await self._members.groups()
        keys, has = self._keys, self._facts.has
        ever = await asyncio.gather(*(has(keys.group_ever(g.number), number) for g in groups))
        now = await asyncio.gather(*(has(keys.group_present(g.number), number) for g in groups))
        return [g for g, was, there in zip(groups, ever, now, strict=True) if was and not there]

    def refused(self, tags: Sequence[str]) -> list[str]:
        """The topics somebody with these tags opted out of; '' for all broadcasts."""
        off = [tag for tag in tags if tag == OPT_OUT or tag.startswith(f"{OPT_OUT}:")]
        return [tag.removeprefix(OPT_OUT).removeprefix(":") for tag in off]

    async def clicked(self, number: int) -> list[Clicked]:
        """The links a member clicked, of those clicked most."""
        top = await self._store.texts("ZREVRANGE", self._keys.link_top(), 0, LINKS - 1)
        numbers = (number, *await self._members.former(number))
        found = []
        for link in top:
            fact = self._keys.link_clicked(link, "all")
            if any(await asyncio.gather(*(self._facts.has(fact, one) for one in numbers))):
                about = await self._store.table("HGETALL", self._keys.link(link))
                to, campaign = about.get("destination", ""), about.get("campaign", "")
                found.append(Clicked(int(link), to, campaign))
        return found

    async def sops(self, number: int) -> list[str]:
        """The SOPs whose open steps have come to a member."""
        found = []
        for sop in await self._store.texts("HKEYS", self._keys.sop_state()):
            steps = await self._store.texts("HKEYS", self._keys.sop_open(sop))
            facts = (self._facts.has(self._keys.sop_fed(one), number) for one in steps)
            if any(await asyncio.gather(*facts)) and await self._is_of_members(sop):
                found.append(sop)
        return found

    async def _is_of_members(self, sop: str) -> bool:
        state = await self._store.text("HGET", self._keys.sop_state(), sop) or ""
        version = state.partition("/")[2]
        body = await self._store.text("HGET", self._keys.sop_versions(sop), version)
        return bool(body) and json.loads(body or "")["template"]["to"] == "member"


class Conflict(Exception):
    """Somebody else changed the same meanwhile."""
