"""The sweep: goes once through all keys and takes out what a removal is about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.store.store import Store
from bot.store.subject import Meaning
from bot.store.traces import PAGE, OfHit, Trace, Traces, no_hit, text_of

BLOCK = 64
"""Members the search looks at together, as lib_search.lua has it."""
REMOVE = {"set": "SREM", "zset": "ZREM", "hash": "HDEL", "stream": "XDEL"}


class Sweep:
    """Removes a subject from a workspace: keys named by it, and elements that mean it.

    Sums stay as they are. Doing it again is harmless.
    """

    def __init__(self, store: Store, meaning: Meaning, of_hit: OfHit = no_hit) -> None:
        self._store = store
        self._meaning = meaning
        self._traces = Traces(store, meaning, of_hit)

    async def run(self) -> None:
        """Sweep; raises StoreError."""
        async for ident, body in self._traces.deliveries():
            delivery = json.loads(body)
            await self._take(ident, delivery["priority"], delivery["to"])
        letters, grams = self._store.keys.member_grams("").encode(), list[bytes]()
        async for names in self._traces.names():
            await asyncio.gather(*(self._key(name) for name in names))
            grams += [name for name in names if name.startswith(letters)]
        for start in range(0, len(grams), PAGE):  # last: the members must be gone
            await self._letters(grams[start : start + PAGE])

    async def _take(self, ident: str, priority: str, to: Mapping[str, str]) -> None:
        """Take a delivery out whole: one is spread over several keys."""
        keys = self._store.keys
        where = f"g/{to['group']}" if to.get("group") is not None else f"d/{to['account']}"
        conversation = f"{to['gateway']}/{where}"
        await self._store.run(
            "erase_delivery",
            [
                keys.outbox_body(),
                keys.outbox_owner(),
                keys.outbox_busy(),
                keys.outbox_sending(to["gateway"]),
            ],
            [self._store.prefix, ident, priority, conversation],
        )

    async def _letters(self, names: Iterable[bytes]) -> None:
        """Take out of the search what nobody beside the subject's numbers has any more."""
        beginning = self._store.keys.member_grams("").encode()
        grams = [name.removeprefix(beginning) for name in names]
        for block in {number // BLOCK for number in self._meaning.subject.members}:
            await self._store.run("member_forget", [], [self._store.prefix, block, *grams])

    async def _key(self, raw: bytes) -> None:
        async for trace in self._traces.of(raw):
            await self._remove(trace)

    async def _remove(self, trace: Trace) -> None:
        if trace.elements is None:
            await self._store.call("UNLINK", trace.raw)
            return
        kind, elements = trace.key.kind, list[Any](element for element, _ in trace.elements)
        if kind == "fact":
            await self._store.run("erase_fact", [text_of(trace.raw)], elements)
        elif kind == "list":
            for element in elements:
                await self._store.call("LREM", trace.raw, 0, element)
        else:
            await self._store.call(REMOVE[kind], trace.raw, *elements)
