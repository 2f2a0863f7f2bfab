"""The dossier: one member with all that is kept of them, to look at, change and hand over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.clock import utc
from bot.delivery.journal import Entry, record
from bot.members.attributes import Attributes, WrongAttribute
from bot.model.phrase import Phrase
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.keys import Key, catalogue, form
from bot.store.members import Group, Member, Members
from bot.store.store import Store, as_text

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
        audit(effects, Change(at=now, who=by, what=what, on=on, before=before, after={**changed}))
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

    # handing over

    async def everything(self, number: int) -> dict[str, Any] | None:
        """All that is kept of a member, to be handed to them; None when there is nobody.

        Every key of the catalogue that is named by the member, and every fact, list and table
        the member's number stands in. Goes through all keys, by cursor.
        """
        member = await self._members.member(number)
        if member is None:
            return None
        numbers = {number, *await self._members.former(number)}
        kept = dict[str, Any]()
        cursor = b"0"
        while True:
            cursor, names = await self._store.call(
                "SCAN", cursor, "MATCH", f"{self._store.prefix}*", "COUNT", 500
            )
            asked = [self._kept(raw, numbers) for raw in names]
            for name, content in await asyncio.gather(*asked):
                if content:
                    kept[name] = content
            if cursor == b"0":
                break
        return {
            "member": member.model_dump(),
            "numbers": sorted(numbers),
            "since": utc(member.since).isoformat(),
            "kept": dict(sorted(kept.items())),
        }

    async def _kept(self, raw: bytes, numbers: set[int]) -> tuple[str, Any]:
        name = raw.decode("utf-8", "replace").removeprefix(self._store.prefix)
        for key in _ABOUT:
            found = key[1].fullmatch(name)
            if found is None:
                continue
            if "member" in found.groupdict():
                mine = int(found["member"]) in numbers
                return name, await self._content(raw) if mine else None
            if key[0].element == "{member}":
                return name, await self._element(raw, key[0], numbers)
        return name, None

    async def _element(self, raw: bytes, key: Key, numbers: set[int]) -> Any:
        """What a fact, sorted set or hash has under one of the numbers."""
        found = list[Any]()
        for number in sorted(numbers):
            value: Any = None
            match key.kind:
                case "fact":
                    value = await self._facts.has(raw.decode("utf-8", "surrogateescape"), number)
                case "zset":
                    value = await self._store.text("ZSCORE", raw, number)
                case "hash":
                    value = await self._store.text("HGET", raw, number)
                case "set":
                    value = bool(await self._store.call("SISMEMBER", raw, number))
            if value:
                found.append(value)
        return found[0] if len(found) == 1 else found

    async def _content(self, raw: bytes) -> Any:
        match await self._store.text("TYPE", raw):
            case "hash":
                return await self._store.table("HGETALL", raw)
            case "list":
                return await self._store.texts("LRANGE", raw, 0, -1)
            case "zset":
                return await self._store.table("ZRANGE", raw, 0, -1, "WITHSCORES")
            case "set":
                return await self._store.texts("SMEMBERS", raw)
            case "stream":
                rows = await self._store.call("XRANGE", raw, "-", "+")
                return [as_text(fields[1]) for _, fields in rows]
            case "string":
                value: bytes = await self._store.call("GET", raw)
                return value.decode("ascii") if value.isalnum() else value.hex()
        return None


class Conflict(Exception):
    """Somebody else changed the same meanwhile."""


_ABOUT = [
    (key, form(key.pattern))
    for key in catalogue()
    if "{member}" in key.pattern or key.element == "{member}"
]
"""The families in which a member's number says whom something is about."""
