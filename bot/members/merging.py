"""Merging: two members turn out to be one person, and may turn out to be two again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

from pydantic import Field

from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.members.footprint import Footprint
from bot.members.merge_preview import Preview, Previews
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.handover import Item
from bot.store.members import Group, Member, Members
from bot.store.store import Store

TRIES = 5
"""Times a merge is begun anew because what it was decided on had changed."""
LATE = 60_000
"""Milliseconds after a merge in which what was under way may still come to the former number."""

SAME = msgid("These are one member already.")
NOBODY = msgid("There is no member {number}.")
NOT_MERGED = msgid("Member {number} is not merged with another one.")
LATER = msgid("Split member {number} first, who was merged later.")
CHANGING = msgid("They are changing all the time; try again.")
NO_VALUE = msgid("Attribute “{name}” can be “{ours}” or “{theirs}”.")


class CannotMerge(Exception):
    """Why members are not merged or split; its argument is a Phrase."""


class Merge(Frozen):
    """A merge that stands; ``at`` is UTC ms.

    ``attributes``: those of the survivor it changed, before and after.
    """

    survivor: int
    former: int
    at: int
    by: str
    why: str = ""
    attributes: dict[str, tuple[str, str]] = Field(default={})


class Merging:
    """Merges members and splits them again.

    A merge is one step on the server: accounts, attributes, tags, groups, contacts, check-ins,
    points and places in SOPs are the survivor's, and the former number leads to them. A split
    gives back the accounts and what they brought, as far as it is still there: what was done,
    taken or changed while they were one stays with the survivor.
    """

    def __init__(self, store: Store, members: Members, facts: Facts, footprint: Footprint) -> None:
        self._store = store
        self._keys = store.keys
        self._members = members
        self._facts = facts
        self._footprint = footprint
        self._previews = Previews(store, members, facts)

    # merging

    async def preview(self, one: int, other: int) -> Preview:
        """What a merge would make; changes nothing. Raises CannotMerge."""
        return await self._previews.of(*await self._both(one, other))

    async def merge(
        self, one: int, other: int, by: str, why: str = "", chosen: Mapping[str, str] = {}
    ) -> Merge:
        """Make one member of two, in one step. ``chosen``: values of attributes both have.

        Of an attribute that is not chosen the survivor's holds. Raises CannotMerge.
        """
        for _ in range(TRIES):
            survivor, member = await self._both(one, other)
            _check_chosen(survivor, member, chosen)
            changed = {
                name: (survivor.attributes.get(name, ""), value)
                for name, value in _final(survivor, member, chosen).items()
                if survivor.attributes.get(name, "") != value
            }
            merge = Merge(
                survivor=survivor.number,
                former=member.number,
                at=self._store.clock.now(),
                by=by,
                why=why,
                attributes=changed,
            )
            items = await self._footprint.items(member, survivor.number)
            effects = await self._effects(survivor, member, merge)
            did = await self._run_merge(merge, items, effects)
            if did == "ok":
                await self._members.follow()
                return merge
        raise CannotMerge(Phrase(CHANGING))

    async def gather(self) -> None:
        """Carry to the survivors what still came to numbers merged a moment ago.

        Nodes may have read who acts just before a merge. To be called every few seconds.
        """
        late, over = self._keys.merge_late(), self._store.clock.now() - LATE
        for number in await self._store.texts("ZRANGE", late, 0, -1):
            if merge := await self.record(int(number)):
                member = Member(number=merge.former, accounts=await self._brought(merge.former))
                items = await self._footprint.items(member, merge.survivor)
                await self._run_merge(merge, items, Effects(self._keys), late=True)
        await self._store.call("ZREMRANGEBYSCORE", late, "-inf", over)

    # splitting

    async def split(self, former: int, by: str, why: str = "") -> int:
        """Make two members of one again; the survivor's number. Raises CannotMerge.

        Of several merges the last one is split first.
        """
        for _ in range(TRIES):
            merge = await self.record(former)
            survivor = await self._members.member(merge.survivor) if merge else None
            if merge is None or survivor is None:
                raise CannotMerge(Phrase(NOT_MERGED, number=former))
            effects = await self._undo(survivor, merge, by, why)
            did = await self._store.run(
                "member_split",
                [self._keys.merge_into()],
                [
                    *(self._store.prefix, merge.survivor, former, await self._gateways()),
                    *effects.wire(),
                ],
            )
            if did == b"later":
                stack = self._keys.merge_stack(merge.survivor)
                last = await self._store.text("LINDEX", stack, -1)
                raise CannotMerge(Phrase(LATER, number=last))
            if did == b"ok":
                await self._members.follow()
                return merge.survivor
        raise CannotMerge(Phrase(CHANGING))

    # reading

    async def record(self, former: int) -> Merge | None:
        """The merge by which a number leads to another one, if it does."""
        body = await self._store.call("HGET", self._keys.merge_record(former), "about")
        return Merge.model_validate_json(body) if body else None

    async def of(self, survivor: int) -> list[Merge]:
        """The merges that made a member what they are, the oldest first; only the last can go."""
        stack = await self._store.texts("LRANGE", self._keys.merge_stack(survivor), 0, -1)
        found = await asyncio.gather(*(self.record(int(number)) for number in stack))
        return [merge for merge in found if merge]

    # steps

    async def _both(self, one: int, other: int) -> tuple[Member, Member]:
        """The survivor and the other one."""
        if one == other:
            raise CannotMerge(Phrase(SAME))
        found: list[Member] = []
        for number in sorted((one, other)):
            member = await self._members.member(number)
            if member is None:
                led = await self._members.survivors([number])
                said = SAME if led.get(number) in (one, other) else NOBODY
                raise CannotMerge(Phrase(said, number=number) if said is NOBODY else Phrase(said))
            found.append(member)
        return found[0], found[1]

    async def _run_merge(
        self, merge: Merge, items: Sequence[Item], effects: Effects, late: bool = False
    ) -> str:
        about = "" if late else merge.model_dump_json()
        carried = json.dumps(items, ensure_ascii=False)
        args = [self._store.prefix, merge.survivor, merge.former, about, carried]
        did = await self._store.run(
            "member_merge", [self._keys.merge_into()], [*args, *effects.wire()]
        )
        return str(did.decode())

    async def _effects(self, survivor: Member, member: Member, merge: Merge) -> Effects:
        """What holds of the two when they are merged, and what becomes of attributes."""
        effects = Effects(self._keys)
        for one in (survivor, member):
            _guard_attributes(effects, one, {*survivor.attributes, *member.attributes})
        for name in member.attributes:
            effects.attribute(member.number, name, "")
        for name, (_, value) in merge.attributes.items():
            effects.attribute(survivor.number, name, value)
        for group in await self._members.groups():
            await self._beside(effects, group, survivor, member)
        self._note(effects, merge, "member.merged")
        return effects

    async def _beside(
        self, effects: Effects, group: Group, survivor: Member, member: Member
    ) -> None:
        """Keep which accounts are in a group, where they have several: one may leave it alone."""
        gateway, field = group.conversation.gateway, f"beside:{group.number}"
        both = {one.number: [i for g, i in one.every if g == gateway] for one in (survivor, member)}
        if not all(both.values()):
            return
        present, there = self._keys.group_present(group.number), list[str]()
        for number, accounts in both.items():
            inside = await self._facts.has(present, number)
            known = await self._store.text("HGET", self._keys.member(number), field)
            effects.guard(int(inside), "fact?", present, number)
            effects.guard(known or "", "HGET", self._keys.member(number), field)
            if inside:
                there += known.split("\n") if known else accounts
        if there:
            effects.do("HSET", self._keys.member(survivor.number), field, "\n".join(there))

    async def _undo(self, survivor: Member, merge: Merge, by: str, why: str) -> Effects:
        """Attributes as they were, where nobody changed them since."""
        effects = Effects(self._keys)
        _guard_attributes(effects, survivor, {*survivor.attributes, *merge.attributes})
        for name, (before, after) in merge.attributes.items():
            if survivor.attributes.get(name, "") == after:
                effects.attribute(merge.survivor, name, before)
                if not before:
                    field = f"attribute:{name}"
                    effects.do("HDEL", self._keys.member(merge.survivor), field)
        kept = await self._store.table("HGETALL", self._keys.merge_record(merge.former))
        for name, value in kept.items():
            if name.startswith("member\nattribute:"):
                effects.attribute(merge.former, name.partition(":")[2], value)
        undone = merge.model_copy(
            update={"at": self._store.clock.now(), "by": by, "why": why, "attributes": {}}
        )
        self._note(effects, undone, "member.split")
        return effects

    def _note(self, effects: Effects, merge: Merge, what: str) -> None:
        record(
            effects,
            Entry(
                at=merge.at,
                what=what,
                member=merge.survivor,
                source=merge.by,
                reason=f"#{merge.former}",
                text=merge.why,
            ),
        )

    # reads

    async def _brought(self, former: int) -> dict[str, str]:
        kept = await self._store.table("HGETALL", self._keys.merge_record(former))
        found = "member\naccount:"
        return {k.removeprefix(found): v for k, v in kept.items() if k.startswith(found)}

    async def _gateways(self) -> str:
        groups = await self._members.groups()
        return json.dumps({str(g.number): g.conversation.gateway for g in groups})


def _guard_attributes(effects: Effects, member: Member, names: set[str]) -> None:
    """What was decided on must hold."""
    for name in sorted(names):
        key = effects.keys.member(member.number)
        effects.guard(member.attributes.get(name, ""), "HGET", key, f"attribute:{name}")


def _check_chosen(survivor: Member, member: Member, chosen: Mapping[str, str]) -> None:
    for name, value in chosen.items():
        ours, theirs = survivor.attributes.get(name, ""), member.attributes.get(name, "")
        if value not in (ours, theirs):
            raise CannotMerge(Phrase(NO_VALUE, name=name, ours=ours, theirs=theirs))


def _final(survivor: Member, member: Member, chosen: Mapping[str, str]) -> dict[str, str]:
    """The survivor's attributes afterwards."""
    ours = {name: value for name, value in survivor.attributes.items() if value}
    return {**member.attributes, **ours, **chosen}
