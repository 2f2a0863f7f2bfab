"""Erasure: a member or a group is removed with all that is known of them; sums stay."""

from __future__ import annotations

import json
import unicodedata
from typing import Literal

from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.store.effects import Effects
from bot.store.members import Member, Members
from bot.store.store import Store
from bot.store.subject import Meaning, Subject
from bot.store.sweep import Sweep
from bot.store.tombstones import Tombstones
from bot.store.traces import OfHit, no_hit

HEARD = 6.0
"""Seconds after which every running node has forgotten whom we erase; ``follow`` is for that."""
ALIVE = 30_000
"""Milliseconds since its last heartbeat a node may still be running."""

Kind = Literal["member", "group"]


class Erasing(Frozen):
    """An erasure under way: what is swept is kept until nothing of it is left."""

    kind: Kind
    number: int
    by: str
    subject: Subject


class Erasure:
    """Erases members and groups; their numbers are never given again.

    First the person is taken from their number in one step: who comes back is somebody new. Then
    everything under the number, the accounts and the name is swept out. An erasure that was
    broken off goes on with ``resume``, or when it is asked for again.
    """

    def __init__(
        self,
        store: Store,
        members: Members,
        node: str = "",
        of_hit: OfHit = no_hit,
    ) -> None:
        """``node`` is the name of the process's own node, if it is one."""
        self._store = store
        self._members = members
        self._node = node
        self._of_hit = of_hit

    async def erase_member(self, number: int, by: str) -> bool:
        """Erase a member; False when there is none of that number.

        Returns when nothing of them is left, which in a large community takes minutes. Journal
        entries that say the member's name go too, also where they mean a namesake. Sums stay.
        """
        found = await self._members.member(number)
        if found is not None:
            await self._unlink_member(found, by)
        return await self._finish("member", number)

    async def erase_group(self, number: int, by: str) -> bool:
        """Erase a group and its conversation; its members stay. False when there is none."""
        group = await self._members.group(number)
        if group is not None:
            await self._unlink_group(number, group.conversation, by)
        return await self._finish("group", number)

    async def resume(self) -> int:
        """Finish erasures that were broken off; how many there were."""
        begun = await self._begun()
        for one in begun:
            await self._finish(one.kind, one.number)
        return len(begun)

    async def follow(self) -> None:
        """Forget here whom another process is erasing; to be called every 5 seconds."""
        for one in await self._begun():
            self._forget(one.kind, one.number)
        await self._members.follow()

    # steps

    async def _unlink_member(self, member: Member, by: str) -> None:
        keys, number = self._store.keys, member.number
        folded = await self._store.call("HGET", keys.member(number), "folded") or b""
        former = await self._members.former(number)
        subject = Subject(
            members=frozenset({number, *former}),
            accounts=frozenset(member.every),
            names=frozenset(_spellings(member.name)),
        )
        effects = self._begin(Erasing(kind="member", number=number, by=by, subject=subject))
        effects.guard(1, "EXISTS", keys.member(number))
        for gateway, ident in member.every:
            effects.do("HDEL", keys.member_accounts(gateway), ident)
            await Tombstones(self._store).bury(effects, gateway, ident)
        effects.do("ZREM", keys.member_names(), folded + b"\0" + str(number).encode())
        effects.fact(keys.members_all(), number, present=False)
        effects.do("DEL", keys.member(number))
        await self._store.apply(effects)

    async def _unlink_group(self, number: int, conversation: Conversation, by: str) -> None:
        keys = self._store.keys
        place = (conversation.gateway, conversation.group or "")
        subject = Subject(groups=frozenset({number}), places=frozenset({place}))
        effects = self._begin(Erasing(kind="group", number=number, by=by, subject=subject))
        effects.guard(1, "EXISTS", keys.group(number))
        effects.do("HDEL", keys.group_ids(), conversation.key)
        effects.do("DEL", keys.group(number))
        effects.do("INCR", keys.groups_version())
        await self._store.apply(effects)

    def _begin(self, erasing: Erasing) -> Effects:
        effects = Effects(self._store.keys)
        name = f"{erasing.kind}/{erasing.number}"
        effects.do("HSET", effects.keys.erasing(), name, erasing.model_dump_json())
        return effects

    async def _finish(self, kind: Kind, number: int) -> bool:
        keys, name = self._store.keys, f"{kind}/{number}"
        body = await self._store.call("HGET", keys.erasing(), name)
        if body is None:
            return False
        self._forget(kind, number)
        if await self._others():
            await self._store.clock.sleep(HEARD)
        erasing = Erasing.model_validate_json(body)
        await Sweep(self._store, Meaning(erasing.subject), self._of_hit).run()
        effects = Effects(keys)
        effects.guard(1, "HEXISTS", keys.erasing(), name)
        effects.do("HDEL", keys.erasing(), name)
        # A journal entry, as bot.delivery.journal reads it; the store cannot know that module.
        entry = {"at": self._store.clock.now(), "what": f"{kind}.erased", "source": erasing.by}
        effects.do("XADD", keys.journal(), "*", "entry", json.dumps(entry, ensure_ascii=False))
        await self._store.apply(effects)
        return True

    # others

    async def _begun(self) -> list[Erasing]:
        found = await self._store.table("HGETALL", self._store.keys.erasing())
        return [Erasing.model_validate_json(body) for body in found.values()]

    async def _others(self) -> bool:
        """Whether other nodes run that may remember whom we erase."""
        since = self._store.clock.now() - ALIVE
        nodes = await self._store.texts("ZRANGEBYSCORE", self._store.keys.nodes(), since, "+inf")
        return any(node != self._node for node in nodes)

    def _forget(self, kind: Kind, number: int) -> None:
        if kind == "member":
            self._members.forget(number)
        else:
            self._members.forget_group(number)


def _spellings(name: str) -> list[str]:
    """A name as it may stand in texts: as it is, and folded as phrases are kept."""
    return [name, unicodedata.normalize("NFKC", name).casefold()] if name.strip() else []
