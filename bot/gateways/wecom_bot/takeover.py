"""Takeovers: another program is connected as our bot, so we stay away till somebody acts.

Coming back would evict the other program, which would come back as well, for ever.
"""

from __future__ import annotations

from bot.clock import Clock
from bot.store.effects import Effects
from bot.store.store import Store


class Takeover:
    """Remembers for all nodes that the bot was lost; a node started after that connects again.

    The store knows which node has the gateway. If that is another one by now, it is this one that
    evicted us, and there is nothing to tell.
    """

    def __init__(self, gateway: str, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._key = store.keys.wecom_bot_lost(gateway)
        self._lease = store.keys.gateway_owner(gateway)
        self._started = clock.now()
        self._owner = ""
        self._lost = False

    async def lost(self) -> bool:
        """Whether the bot was lost since this node was started; raises StoreError."""
        at = await self._store.text("GET", self._key)
        return self._lost or (at is not None and int(at) >= self._started)

    async def connected(self) -> None:
        """We have the bot; raises StoreError."""
        self._owner = await self._store.text("GET", self._lease) or ""
        await self.settled()

    async def settled(self) -> None:
        """The bot may be connected again; raises StoreError."""
        await self._store.call("DEL", self._key)
        self._lost = False

    async def evicted(self) -> None:
        """Another program has it; raises StoreError, and this node knows all the same."""
        self._lost = True
        effects = Effects(self._store.keys)
        effects.guard(self._owner, "GET", self._lease)
        effects.do("SET", self._key, self._clock.now())
        await self._store.apply(effects)
