"""Members and groups: accounts to dense numbers, names, and who is where."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from pydantic import Field

from bot.model.base import Frozen
from bot.model.conversation import Account, Conversation
from bot.model.initials import initials
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.store import Store

REMEMBERED = 200_000
PAGE = 500
"""Accounts looked at in one step."""


class Member(Frozen):
    """A person in the workspace; ``since`` is UTC ms; ``attributes`` are texts by name.

    ``accounts`` has the one at each gateway that is written to, ``also`` the others there.
    """

    number: int
    name: str = ""
    since: int = 0
    accounts: dict[str, str] = Field(default={})
    attributes: dict[str, str] = Field(default={})
    also: dict[str, tuple[str, ...]] = Field(default={})

    @property
    def every(self) -> list[tuple[str, str]]:
        """Every account, as (gateway, id)."""
        others = [(gateway, ident) for gateway, some in self.also.items() for ident in some]
        return [*self.accounts.items(), *others]


class Group(Frozen):
    """A group at a gateway; ``since`` is UTC ms, when we first heard of it.

    ``owner`` is the staff member it belongs to, if any.
    """

    number: int
    conversation: Conversation
    name: str = ""
    owner: str = ""
    since: int = 0
    gone: bool = False


class Members:
    """Gives every account and group its number once and reads them back."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts: OrderedDict[tuple[str, str], tuple[int, str]] = OrderedDict()
        self._groups: dict[str, tuple[int, str]] = {}
        self._listed: tuple[object, list[Group]] = (None, [])
        self._merges = ""
        self._led: tuple[str, dict[int, int]] = ("", {})

    async def number(self, gateway: str, account: Account, *, fresh: bool = False) -> int:
        """The member number of an account, made at first sight; its name is kept up to date.

        ``fresh``: whatever is remembered here.
        """
        known = None if fresh else self._accounts.get((gateway, account.id))
        if known and (not account.name or known[1] == account.name):
            return known[0]
        keys, store = self._store.keys, self._store
        number = int(
            await store.run(
                "identify",
                [
                    keys.member_accounts(gateway),
                    keys.member_seq(),
                    keys.members_all(),
                    keys.member_names(),
                    keys.gateway_members(gateway),
                ],
                [
                    store.prefix,
                    gateway,
                    account.id,
                    account.name,
                    account.name.casefold(),
                    store.clock.now(),
                    initials(account.name),
                ],
            )
        )
        self._accounts[gateway, account.id] = (number, account.name)
        if len(self._accounts) > REMEMBERED:
            self._accounts.popitem(last=False)
        return number

    async def group_number(
        self, conversation: Conversation, name: str = "", since: int | None = None
    ) -> int:
        """The number of a group, made at first sight; its name is kept up to date.

        ``since`` is UTC ms, when a group came to be that is new to us; None: now.
        """
        known = self._groups.get(conversation.key)
        if known and (not name or known[1] == name):
            return known[0]
        keys, store = self._store.keys, self._store
        number = int(
            await store.run(
                "identify_group",
                [keys.group_ids(), keys.group_seq(), keys.groups_version(), keys.group_awaited()],
                [store.prefix, conversation.key, name, since or store.clock.now()],
            )
        )
        self._groups[conversation.key] = (number, name)
        return number

    async def awaited_number(self, conversation: Conversation) -> tuple[int, bool]:
        """The number a group has, or will have when it is first seen; and whether it was seen.

        A group that is only named somewhere is not made by this.
        """
        if known := self._groups.get(conversation.key):
            return known[0], True
        keys = self._store.keys
        number, seen = await self._store.run(
            "await_group",
            [keys.group_ids(), keys.group_seq(), keys.group_awaited()],
            [conversation.key],
        )
        if seen:
            self._groups[conversation.key] = (int(number), "")
        return int(number), bool(seen)

    async def unseen(self, conversations: Iterable[Conversation]) -> list[Conversation]:
        """Those groups from which nothing came yet; none is made or given a number by this."""
        asked = [one for one in conversations if one.key not in self._groups]
        if not asked:
            return []
        ids = self._store.keys.group_ids()
        numbers = await self._store.call("HMGET", ids, *(one.key for one in asked))
        return [one for one, number in zip(asked, numbers, strict=True) if number is None]

    async def complete(self, gateways: Iterable[str]) -> int:
        """Note of older accounts which gateway they are at; how many were looked at.

        To be called at the start, before events come; does nothing where it was done.
        """
        return sum([await self._complete(gateway) for gateway in gateways])

    async def _complete(self, gateway: str) -> int:
        store, keys = self._store, self._store.keys
        fact, accounts = keys.gateway_members(gateway), keys.member_accounts(gateway)
        known = int(await store.call("HLEN", accounts))
        if not known or await Facts(store).count(fact) >= known:
            return 0
        cursor = b"0"
        while True:
            cursor, flat = await store.call("HSCAN", accounts, cursor, "COUNT", PAGE)
            effects = Effects(keys)
            for number in flat[1::2]:
                effects.fact(fact, int(number))
            await store.apply(effects)
            if cursor == b"0":
                return known

    async def follow(self) -> None:
        """Forget here whose accounts they were when members were merged or split elsewhere."""
        merges = await self._store.text("GET", self._store.keys.merge_version()) or ""
        if merges != self._merges:
            self._accounts.clear()
            self._merges = merges

    async def survivors(self, numbers: Iterable[int]) -> dict[int, int]:
        """Where numbers lead that were merged with another member; others are left out."""
        found: dict[int, int] = {}
        asked = {number: number for number in numbers if number}
        while asked:
            places = await self._store.call("HMGET", self._store.keys.merge_into(), *asked.values())
            led = zip(asked, places, strict=True)
            asked = {number: int(place) for number, place in led if place is not None}
            found |= asked
        return found

    async def led(self) -> dict[int, int]:
        """Where every number leads that was merged with another member."""
        merges = await self._store.text("GET", self._store.keys.merge_version()) or ""
        if merges != self._led[0]:
            flat = await self._store.table("HGETALL", self._store.keys.merge_into())
            into = {int(number): int(to) for number, to in flat.items()}
            for number in into:
                while into[number] in into:
                    into[number] = into[into[number]]
            self._led = merges, into
        return self._led[1]

    async def former(self, number: int) -> list[int]:
        """The numbers that lead to a member, those of merged ones too."""
        found, at = [number], 0
        while at < len(found):
            stack = self._store.keys.merge_stack(found[at])
            some = [int(one) for one in await self._store.texts("LRANGE", stack, 0, -1)]
            led = await self.survivors(some)
            found += [one for one in some if one in led and one not in found]
            at += 1
        return found[1:]

    def forget(self, number: int) -> None:
        """Drop what is remembered of a member, after an erasure."""
        for key in [k for k, v in self._accounts.items() if v[0] == number]:
            del self._accounts[key]

    def forget_group(self, number: int) -> None:
        """Drop what is remembered of a group, after an erasure."""
        for key in [k for k, v in self._groups.items() if v[0] == number]:
            del self._groups[key]

    async def member(self, number: int) -> Member | None:
        """One member, or None when there is none of that number."""
        found = await self._store.table("HGETALL", self._store.keys.member(number))
        return _member(number, found) if found else None

    async def some(self, numbers: Sequence[int]) -> list[Member]:
        """The members of these numbers, in order; unknown numbers are left out."""
        asked = [self._store.ask("HGETALL", self._store.keys.member(n)) for n in numbers]
        found: list[Member] = []
        for number, future in zip(numbers, asked, strict=True):
            flat = [_text(v) for v in await future]
            if flat:
                found.append(_member(number, dict(zip(flat[::2], flat[1::2], strict=True))))
        return found

    async def group(self, number: int) -> Group | None:
        """One group, or None."""
        found = await self._store.table("HGETALL", self._store.keys.group(number))
        return _group(number, found) if found else None

    async def groups(self) -> list[Group]:
        """Every group, by number; read anew when one changed since, as a counter tells."""
        keys = self._store.keys
        version = await self._store.call("MGET", keys.groups_version(), keys.group_seq())
        if version != self._listed[0]:
            self._listed = version, await self._read_groups(int(version[1] or 0))
        return [*self._listed[1]]

    async def _read_groups(self, last: int) -> list[Group]:
        asked = [self._store.ask("HGETALL", self._store.keys.group(n)) for n in range(1, last + 1)]
        found: list[Group] = []
        for number, future in enumerate(asked, 1):
            flat = [_text(v) for v in await future]
            if flat:
                found.append(_group(number, dict(zip(flat[::2], flat[1::2], strict=True))))
        return found

    async def account(self, number: int, gateway: str) -> str | None:
        """The member's account id at a gateway, or None."""
        return await self._store.text("HGET", self._store.keys.member(number), f"account:{gateway}")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _member(number: int, found: dict[str, str]) -> Member:
    return Member(
        number=number,
        name=found.get("name", ""),
        since=int(found.get("since", 0)),
        accounts=_under("account:", found),
        attributes=_under("attribute:", found),
        also={g: tuple(some.split("\n")) for g, some in _under("also:", found).items()},
    )


def _group(number: int, found: dict[str, str]) -> Group:
    return Group(
        number=number,
        conversation=Conversation.parse(found["conversation"]),
        name=found.get("name", ""),
        owner=found.get("owner", ""),
        since=int(found.get("since", 0)),
        gone=found.get("gone") == "1",
    )


def _under(prefix: str, found: dict[str, str]) -> dict[str, str]:
    return {k[len(prefix) :]: v for k, v in found.items() if k.startswith(prefix)}
