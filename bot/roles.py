"""Roles in chat: which accounts may command the bot."""

from __future__ import annotations

from bot.store.store import Store

ROLES = ("viewer", "manager", "admin")


class ChatRoles:
    """The operator role of accounts, read again every few seconds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._roles: dict[str, str] = {}

    def of(self, gateway: str, account: str) -> str | None:
        """The role of an account, or None."""
        return self._roles.get(f"{gateway}/{account}")

    def all(self) -> dict[str, str]:
        """Every account with a role, as "gateway/account"."""
        return dict(sorted(self._roles.items()))

    async def refresh(self) -> None:
        """Read the roles as they are now."""
        self._roles = await self._store.table("HGETALL", self._store.keys.roles())

    async def give(self, gateway: str, account: str, role: str | None) -> None:
        """Give an account a role, or take it away; raises ValueError for an unknown role."""
        name = f"{gateway}/{account}"
        if role is None:
            await self._store.call("HDEL", self._store.keys.roles(), name)
        elif role in ROLES:
            await self._store.call("HSET", self._store.keys.roles(), name, role)
        else:
            raise ValueError(f"unknown role {role!r}: expected one of {', '.join(ROLES)}")
        await self.refresh()
