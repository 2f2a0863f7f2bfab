"""Staff: whose hits are the staff's own."""

from __future__ import annotations

from collections.abc import Iterable

from bot.links.hits import AGENT, Hit
from bot.links.visitors import DAY, Visitors
from bot.store.store import Store

REREAD = 5_000
"""Milliseconds between two looks at what may have changed elsewhere."""


class Staff:
    """Members who have a role in chat, and the browsers operators used the console with that day.

    Browsers are known by the hash their hits have too, so no address is kept; they are forgotten
    after ``kept`` days, with the hits. With ``counted``, nothing is the staff's own.
    """

    def __init__(
        self, store: Store, visitors: Visitors, kept: int = 90, counted: bool = False
    ) -> None:
        self._store = store
        self._visitors = visitors
        self._kept = kept
        self._counted = counted
        self._members: frozenset[int] = frozenset()
        self._browsers: dict[int, set[str]] = {}
        self._read_at = -REREAD

    def owns(self, hit: Hit, member: int) -> bool:
        """Whether a hit by this member (0: unknown) is the staff's own.

        Of days before yesterday it is known after ``recall``.
        """
        if self._counted:
            return False
        return member in self._members or hit.visitor in self._browsers.get(hit.at // DAY, ())

    async def seen(self, address: str, agent: str) -> None:
        """An operator used the console from this address with this browser; raises StoreError."""
        now = self._store.clock.now()
        day, visitor = now // DAY, self._visitors.hash(now, address, agent[:AGENT])
        known = self._browsers.setdefault(day, set())
        if visitor in known:
            return
        key = self._store.keys.link_staff(day)
        await self._store.call("SADD", key, visitor)
        await self._store.call("EXPIRE", key, min(self._kept + 2, 400) * DAY // 1000)
        known.add(visitor)

    async def refresh(self) -> None:
        """Read who is staff, to be called every second or so; raises StoreError."""
        now = self._store.clock.now()
        if 0 <= now - self._read_at < REREAD:
            return
        self._members = frozenset(await self._with_roles())
        today = now // DAY
        await self._read((today - 1, today))
        self._read_at = now

    async def recall(self, days: Iterable[int]) -> None:
        """Read the browsers of these days too (since 1970, UTC), to judge their hits again."""
        await self._read([day for day in days if day not in self._browsers])

    async def _with_roles(self) -> set[int]:
        """The numbers of the members whose accounts have a role."""
        accounts: dict[str, list[str]] = {}
        for name in await self._store.table("HGETALL", self._store.keys.roles()):
            gateway, _, account = name.partition("/")
            accounts.setdefault(gateway, []).append(account)
        members: set[int] = set()
        for gateway, idents in accounts.items():
            key = self._store.keys.member_accounts(gateway)
            members |= {int(n) for n in await self._store.call("HMGET", key, *idents) if n}
        return members

    async def _read(self, days: Iterable[int]) -> None:
        for day in days:
            found = await self._store.call("SMEMBERS", self._store.keys.link_staff(day))
            self._browsers[day] = {one.decode() for one in found}
