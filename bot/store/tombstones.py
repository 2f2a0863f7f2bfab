"""Tombstones: which accounts were erased, so that no list of a platform brings them back."""

from __future__ import annotations

import hmac
from base64 import b32encode
from collections.abc import Sequence
from hashlib import sha256
from secrets import token_hex

from bot.store.effects import Effects
from bot.store.store import Store

CHUNK = 500
"""Accounts asked for in one command."""


class Tombstones:
    """Keeps a keyed hash of every erased account and when it was erased, and nothing else.

    Whoever does something themselves is somebody new, whatever stands here.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def bury(self, effects: Effects, gateway: str, account: str) -> None:
        """Remember an account that ``effects`` erases."""
        [name] = await self._names(gateway, [account])
        effects.do("ZADD", effects.keys.member_erased(gateway), self._store.clock.now(), name)

    async def erased(self, gateway: str, accounts: Sequence[str]) -> dict[str, int]:
        """Which of these accounts were erased, and when (UTC ms)."""
        key, found = self._store.keys.member_erased(gateway), dict[str, int]()
        for i in range(0, len(accounts), CHUNK):
            some = accounts[i : i + CHUNK]
            names = await self._names(gateway, some)
            times = await self._store.call("ZMSCORE", key, *names)
            found |= {a: int(float(t)) for a, t in zip(some, times, strict=True) if t is not None}
        return found

    async def _names(self, gateway: str, accounts: Sequence[str]) -> list[str]:
        secrets = self._store.keys.secrets()
        await self._store.call("HSETNX", secrets, "erased", token_hex(32))
        key = bytes.fromhex(await self._store.text("HGET", secrets, "erased") or "")
        return [
            b32encode(hmac.digest(key, f"{gateway}/{account}".encode(), sha256)[:15]).decode()
            for account in accounts
        ]
