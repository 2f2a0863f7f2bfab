"""An app's access token: fetched once for all nodes, renewed early, and not asked for in vain.

Facts from developer.work.weixin.qq.com/document/path/91039: a token belongs to an app, may end
early, and asking too often or with a wrong secret gets an address banned for an hour.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from random import Random
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from bot.clock import Clock
from bot.gateways.wecom.errors import (
    BUSY,
    HOLD,
    LONGEST_HOLD,
    NO_ANSWER,
    REFUSED,
    WeComError,
)
from bot.store.effects import Effects
from bot.store.line import StoreError
from bot.store.store import Store

EARLY = (0.85, 0.9)
"""The share of its time a token is used for: between these two, so that apps do not renew at once.
"""
LEASE = 10.0
"""Seconds a node has to fetch it before another may."""
BREATH = 1000
"""Milliseconds nothing is asked after no answer: those who wait shall not time out in turn."""
LOOK = 0.1
"""Seconds between looks whether the other node has it."""
LONGEST = 7200
"""Seconds anything about a token is kept."""


@dataclass(frozen=True, slots=True)
class Held:
    """A token with its times (UTC ms), or which refusal is held till ``ends``.

    ``renews``: from then on a new one is fetched while this one still holds.
    """

    token: str = ""
    renews: int = 0
    ends: int = 0
    errcode: int = 0
    errmsg: str = ""
    times: int = 0


Fetch = Callable[[], Awaitable[dict[str, Any]]]


class Tokens:
    """One app's token, shared through the ``store`` where there is one.

    ``fetch`` asks gettoken, and raises WeComError. A refused secret is held against it for a
    minute, then two, up to an hour: by every node, until the secret is another one.
    """

    def __init__(
        self,
        fetch: Fetch,
        corp_id: str,
        secret: SecretStr,
        clock: Clock,
        store: Store | None = None,
        random: Random | None = None,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._store = store
        self._random = random or Random()  # noqa: S311, only spreads renewals
        self._node = uuid4().hex
        self._digest = sha256(f"{corp_id}\0{secret.get_secret_value()}".encode()).hexdigest()[:32]
        self._lock = asyncio.Lock()
        self._held = Held()
        self._refusals = 0

    async def current(self) -> str:
        """The token, fetched by the first who needs it while the others wait; raises WeComError."""
        if self._fresh(self._held):
            return self._held.token
        async with self._lock:
            return await self._renewed()

    async def drop(self, token: str) -> None:
        """WeCom takes this token no more; nothing happens when there is another one already."""
        if self._held.token == token:
            self._held = Held()
        if store := self._shared():
            key = store.keys.wecom_token(self._digest)
            with suppress(StoreError):
                text = await store.text("GET", key)
                if text and _read(text).token == token:
                    effects = Effects(store.keys)
                    effects.guard(text, "GET", key)
                    effects.do("DEL", key)
                    await store.apply(effects)

    def forgive(self) -> None:
        """Ask again at once where this node alone was refused; a wrong secret stays wrong."""
        if not self._held.token and self._held.errcode not in REFUSED:
            self._held, self._refusals = Held(), 0

    async def _renewed(self) -> str:
        gives_up = self._clock.now() + int(LEASE * 1000)
        while not self._fresh(self._held):
            self._held = await self._look()
            if self._fresh(self._held):
                break
            if await self._lease():
                try:
                    await self._fetched()
                finally:
                    await self._release()
            elif self._usable(self._held):  # another node is at it, and this one still holds
                break
            elif self._clock.now() >= gives_up:
                raise WeComError(
                    NO_ANSWER, "no access token: another node has been fetching it for long"
                )
            else:
                await self._clock.sleep(LOOK)
        return self._held.token

    async def _fetched(self) -> None:
        before = self._held = await self._look()  # whoever had the lease may have been done
        if self._fresh(before):
            return
        try:
            answer = await self._fetch()
            token, life = str(answer["access_token"]), int(answer["expires_in"]) * 1000
        except (KeyError, TypeError, ValueError):
            error = WeComError(NO_ANSWER, "no access token in WeCom's answer")
        except WeComError as told:
            error = told
        else:
            now = self._clock.now()
            renews = now + max(10_000, int(life * self._random.uniform(*EARLY)))
            self._held, self._refusals = Held(token, renews, now + life), 0
            await self._share(self._held)
            return
        await self._refused(before, error)

    async def _refused(self, before: Held, error: WeComError) -> None:
        """Ask no more for a while, and meanwhile use the old token as long as it holds."""
        now, wait = self._clock.now(), BREATH
        times = max(before.times, self._refusals)
        if error.errcode not in (BUSY, NO_ANSWER):
            wait = min(LONGEST_HOLD, HOLD * 2**times)
            self._refusals = times + 1
        if self._usable(before):
            self._held = replace(before, renews=now + wait)
            return
        self._held = Held("", 0, now + wait, error.errcode, error.errmsg, times + 1)
        if error.errcode in REFUSED:  # other refusals are about this node's address
            await self._share(self._held)

    def _fresh(self, held: Held) -> bool:
        """Whether it can be used as it is; raises the refusal that is still held."""
        now = self._clock.now()
        if not held.token and now < held.ends:
            raise WeComError(held.errcode, held.errmsg, after=(held.ends - now) / 1000)
        return bool(held.token) and now < min(held.renews, held.ends)

    def _usable(self, held: Held) -> bool:
        return bool(held.token) and self._clock.now() < held.ends

    # between nodes

    def _shared(self) -> Store | None:
        """The store, while it is there; without it every node fetches for itself."""
        return self._store if self._store and self._store.available else None

    async def _look(self) -> Held:
        if not (store := self._shared()):
            return self._held
        try:
            found = await store.text("GET", store.keys.wecom_token(self._digest))
        except StoreError:
            return self._held
        return _read(found)

    async def _share(self, held: Held) -> None:
        if store := self._shared():
            # A refusal outlives its hold, so that the next one is longer.
            key = store.keys.wecom_token(self._digest)
            with suppress(StoreError):
                await store.call("SET", key, _written(held), "EX", LONGEST)

    async def _lease(self) -> bool:
        if not (store := self._shared()):
            return True
        try:
            key = store.keys.wecom_lease(self._digest)
            return bool(await store.run("hold", [key], [self._node, int(LEASE * 1000)]))
        except StoreError:
            return True

    async def _release(self) -> None:
        if store := self._shared():
            key = store.keys.wecom_lease(self._digest)
            effects = Effects(store.keys)
            effects.guard(self._node, "GET", key)
            effects.do("DEL", key)
            with suppress(StoreError):
                await store.apply(effects)


def _written(held: Held) -> str:
    return json.dumps(asdict(held), separators=(",", ":"))


def _read(text: str | None) -> Held:
    return Held(**json.loads(text)) if text else Held()
