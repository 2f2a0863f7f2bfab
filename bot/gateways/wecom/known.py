"""Known: what we have of a gateway's staff, contacts and groups, to be compared with its lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Group, Members
from bot.store.store import Store, as_text
from bot.store.tombstones import Tombstones

CHUNK = 500
"""Accounts asked for in one command."""


class Kept(Frozen):
    """What a group was when we last looked: its member version and the one before; its name.

    WeCom's versions have no order, so a roster is known to be old only by ``before``. ``at`` is
    when the version became another one, UTC ms.
    """

    version: str = ""
    before: str = ""
    at: int = 0
    name: str = ""

    def followed_by(self, version: str, now: int) -> Kept:
        """The group with a version that may be another one."""
        if version == self.version:
            return self
        return Kept(version=version, before=self.version, at=now, name=self.name)


class Known:
    """Reads what the dispatcher made of the events so far; all of one gateway."""

    def __init__(self, store: Store, gateway: str) -> None:
        self._store = store
        self._keys = store.keys
        self._facts = Facts(store)
        self._gateway = gateway

    # people

    async def numbers(self, accounts: Sequence[str]) -> dict[str, int]:
        """The member numbers of those accounts that have one."""
        key = self._keys.member_accounts(self._gateway)
        found: dict[str, int] = {}
        for i in range(0, len(accounts), CHUNK):
            some = accounts[i : i + CHUNK]
            answer = await self._store.call("HMGET", key, *some)
            found |= {a: int(n) for a, n in zip(some, answer, strict=True) if n is not None}
        return found

    async def account(self, number: int) -> str | None:
        """A member's account."""
        key = self._keys.member(number)
        return await self._store.text("HGET", key, f"account:{self._gateway}")

    async def contacts(self, staff: str) -> dict[int, int]:
        """Member number → ms since they are a contact; below 0: were one, till then."""
        key = self._keys.contacts(self._gateway, staff)
        found = await self._store.table("ZRANGE", key, 0, -1, "WITHSCORES")
        return {int(number): int(float(score)) for number, score in found.items()}

    async def contact_since(self, staff: str, number: int) -> int:
        """The same of one member; 0 when they never were."""
        key = self._keys.contacts(self._gateway, staff)
        return int(float(await self._store.text("ZSCORE", key, number) or 0))

    async def staff(self) -> set[str]:
        """The staff as last listed."""
        return set(await self._store.texts("SMEMBERS", self._keys.wecom_staff(self._gateway)))

    async def keep_staff(self, staff: Iterable[str]) -> None:
        """These are the staff now."""
        key, effects = self._keys.wecom_staff(self._gateway), Effects(self._keys)
        effects.do("DEL", key)
        for one in staff:
            effects.do("SADD", key, one)
        await self._store.apply(effects)

    async def owner(self, number: int) -> str:
        """Whose customer a member is for us, '' for nobody's."""
        return await self._store.text("HGET", self._keys.member(number), "attribute:owner") or ""

    async def give(self, number: int, before: str, staff: str) -> None:
        """They are the customer of another one, unless somebody said otherwise meanwhile."""
        effects = Effects(self._keys)
        effects.guard(before, "HGET", self._keys.member(number), "attribute:owner")
        effects.attribute(number, "owner", staff)
        await self._store.apply(effects)

    async def erased(self, accounts: Sequence[str]) -> dict[str, int]:
        """Which of these accounts were erased, and when (UTC ms)."""
        return await Tombstones(self._store).erased(self._gateway, accounts)

    async def was_erased(self, account: str) -> bool:
        """Whether somebody was erased and has done nothing since."""
        return bool(await self.erased([account])) and not await self.numbers([account])

    # groups

    async def group(self, chat: str) -> Group | None:
        """A group, if we have heard of it."""
        where = Conversation(gateway=self._gateway, group=chat).key
        number = await self._store.text("HGET", self._keys.group_ids(), where)
        return await Members(self._store).group(int(number)) if number else None

    async def present(self, group: int) -> set[int]:
        """The numbers of those in a group."""
        return set(await self._facts.numbers(self._keys.group_present(group)))

    async def entered(self, group: int) -> set[int]:
        """The numbers of those in a group of whom it is known by what channel they came."""
        return {
            int(n)
            for n in await self._store.texts("ZRANGE", self._keys.channel_entered(group), 0, -1)
        }

    async def led_to(self, chat: str) -> bool:
        """Whether a live code leads to a group."""
        key = self._keys.live_groups(self._gateway)
        return bool(await self._store.call("SISMEMBER", key, chat))

    async def joined(self, group: int, member: int) -> int:
        """When somebody joined, UTC ms; 0 when that is not known."""
        return int(
            float(await self._store.text("ZSCORE", self._keys.group_joined(group), member) or 0)
        )

    async def kept(self) -> dict[str, Kept]:
        """Every customer group we have looked at."""
        found = await self._store.table("HGETALL", self._keys.wecom_groups(self._gateway))
        return {chat: Kept.model_validate_json(text) for chat, text in found.items()}

    async def kept_of(self, chat: str) -> Kept | None:
        """What a group was when we last looked, if we ever did."""
        text = await self._store.text("HGET", self._keys.wecom_groups(self._gateway), chat)
        return Kept.model_validate_json(text) if text else None

    async def keep(self, chat: str, kept: Kept | None) -> None:
        """A group was looked at; None: it is gone."""
        key = self._keys.wecom_groups(self._gateway)
        if kept is None:
            await self._store.call("HDEL", key, chat)
        else:
            await self._store.call("HSET", key, chat, kept.model_dump_json())

    # tags

    async def corp_tags(self) -> dict[str, str]:
        """The company's tags as last listed: id → tag of ours."""
        return await self._store.table("HGETALL", self._keys.wecom_tags(self._gateway))

    async def pairs(self) -> dict[str, str]:
        """The pairs of the settings as last found: tag of ours → id and path of the company's."""
        return await self._store.table("HGETALL", self._keys.wecom_pairs(self._gateway))

    async def marking(self) -> set[tuple[int, str]]:
        """Members and tags of ours of which WeCom was told, and has perhaps not answered yet."""
        found = await self._store.texts("SMEMBERS", self._keys.wecom_marking(self._gateway))
        parts = (one.partition("/") for one in found)
        return {(int(number), tag) for number, _, tag in parts}

    # what is on its way

    async def pending(self, conversation: Conversation) -> bool:
        """Whether events wait to be handled, so that what is known is about to change."""
        return bool(await self._store.call("EXISTS", self._keys.inbox_queue(conversation.key)))

    async def serial(self) -> int:
        """A number never given before: two looks at one thing make two events."""
        return int(
            await self._store.call("HINCRBY", self._keys.wecom_sync(self._gateway), "serial", 1)
        )

    async def note(self, **fields: str | int) -> None:
        """Keep how the sync is doing."""
        words = [word for field in fields.items() for word in field]
        await self._store.call("HSET", self._keys.wecom_sync(self._gateway), *words)

    async def noted(self) -> dict[str, str]:
        """How the sync is doing."""
        return await self._store.table("HGETALL", self._keys.wecom_sync(self._gateway))

    async def notes(self, most: int) -> list[str]:
        """The first notes of callbacks, as kept; they stay until they are ``done``."""
        key = self._keys.wecom_notes(self._gateway)
        return [as_text(one) for one in await self._store.call("LRANGE", key, 0, most - 1)]

    async def done(self, notes: Iterable[str]) -> None:
        """These notes were seen to."""
        key, effects = self._keys.wecom_notes(self._gateway), Effects(self._keys)
        for note in notes:
            effects.do("LREM", key, 1, note)
        await self._store.apply(effects)
