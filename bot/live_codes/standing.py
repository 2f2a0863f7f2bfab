"""Standing: how a live code stands at its platform, and the book it is written in."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

from pydantic import BeforeValidator, Field, PlainSerializer

from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.delivery import Retry
from bot.model.live_code import LiveCode
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.store import Store

LEASE = 120_000
"""Ms a node that ended keeps others from a code; longer than the two calls of one step."""
TRIES, WAIT = 50, 0.1
"""How often somebody who changes a code looks whether it is free, and the seconds between."""
BUSY = msgid("Somebody else is changing this code at this moment.")


def _written(said: object) -> object:
    """A phrase with its values as JSON; anything else as it is."""
    if not isinstance(said, Phrase):
        return said
    return {"text": said.text, "values": {k: _written(v) for k, v in said.values.items()}}


def _read(said: Any) -> Any:
    if not isinstance(said, dict):
        return said
    return Phrase(said["text"], **{k: _read(v) for k, v in said["values"].items()})


KeptPhrase = Annotated[Phrase, BeforeValidator(_read), PlainSerializer(_written)]


class Standing(Frozen):
    """What is known of a code at its platform; times are UTC ms, 0 for never.

    ``making``: since when it may have been made there although nobody knows its id. ``told`` is
    what the platform was told last, as ``digest`` gives it, '' when that is not known; ``staff``
    are who it leads to by that. ``lost``: the platform has it no more. ``idle`` staff cannot
    receive; ``full`` and ``gone`` are groups. ``again``: not to be asked before. ``unwell`` is
    what operators were told to be wrong.
    """

    platform_id: str = ""
    image: str = ""
    making: int = 0
    told: str = ""
    staff: tuple[str, ...] = ()
    lost: bool = False
    idle: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    full: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    checked: int = 0
    again: int = 0
    problem: KeptPhrase = Phrase("")
    unwell: tuple[str, ...] = Field(default=())


def digest(code: LiveCode, staff: Sequence[str]) -> str:
    """The same for all that a platform need not be told apart."""
    own = {"title": "", "shifts": (), "spare": (), "daily_cap": None, "ended": False}
    said = code.model_copy(update={**own, "staff": tuple(sorted(staff))})
    return hashlib.sha256(said.model_dump_json().encode()).hexdigest()[:16]


class Book:
    """Reads and writes codes and how they stand; who writes holds the code's lease."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def codes(self) -> dict[str, LiveCode]:
        """Every code, by id."""
        rows = await self._store.table("HGETALL", self._keys.live_codes())
        return {ident: LiveCode.model_validate_json(body) for ident, body in rows.items()}

    async def standings(self) -> dict[str, Standing]:
        """How all of them stand, by id."""
        rows = await self._store.table("HGETALL", self._keys.live_standing())
        return {ident: Standing.model_validate_json(body) for ident, body in rows.items()}

    async def code(self, ident: str) -> LiveCode | None:
        """One code."""
        body = await self._store.text("HGET", self._keys.live_codes(), ident)
        return LiveCode.model_validate_json(body) if body else None

    async def standing(self, ident: str) -> Standing:
        """How one stands, also one that was never kept."""
        body = await self._store.text("HGET", self._keys.live_standing(), ident)
        return Standing.model_validate_json(body) if body else Standing()

    def put(self, effects: Effects, code: LiveCode) -> None:
        """Keep a code."""
        effects.do("HSET", self._keys.live_codes(), code.id, code.model_dump_json())

    def stand(self, effects: Effects, code: LiveCode, standing: Standing) -> None:
        """Keep how a code stands, and that it leads to its groups."""
        key = self._keys.live_standing()
        if standing == Standing():
            effects.do("HDEL", key, code.id)
        else:
            effects.do("HSET", key, code.id, standing.model_dump_json())
        if groups := {*code.groups, *standing.groups}:
            effects.do("SADD", self._keys.live_groups(code.gateway), *sorted(groups))

    async def note(self, code: LiveCode, standing: Standing) -> None:
        """Keep at once how a code stands."""
        effects = Effects(self._keys)
        self.stand(effects, code, standing)
        await self._store.apply(effects)

    @asynccontextmanager
    async def held(self, ident: str, *, patient: bool = True) -> AsyncIterator[None]:
        """Be the only one who changes a code; raises Retry while somebody else does."""
        key, who = self._keys.live_busy(ident), uuid4().hex
        for tried in range(TRIES):
            if await self._store.run("hold", [key], [who, LEASE]):
                break
            if not patient or tried == TRIES - 1:
                raise Retry(Phrase(BUSY))
            await asyncio.sleep(WAIT)
        try:
            yield
        finally:
            effects = Effects(self._keys)
            effects.guard(who, "GET", key)
            effects.do("DEL", key)
            await self._store.apply(effects)
