"""The sweep: goes once through all keys and takes out what a removal is about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

from bot.store.keys import Key, catalogue, form
from bot.store.store import Store
from bot.store.subject import Meaning

PAGE = 500
"""Keys, and elements of one key, looked at together."""

BLOCK = 64
"""Members the search looks at together, as lib_search.lua has it."""

REMOVE = {"set": "SREM", "zset": "ZREM", "hash": "HDEL", "stream": "XDEL"}
SCAN = {"set": "SSCAN", "zset": "ZSCAN", "hash": "HSCAN"}

OfHit = Callable[[bytes], tuple[int, int, int]]
"""The link, group and member of a hit as it is stored; 0 for none."""


class Sweep:
    """Removes a subject from a workspace by what the key catalogue says is where.

    Keys named by the subject go, and so do elements that mean it; sums stay as they are. Goes by
    cursors and small commands, so the bot can run meanwhile; doing it again is harmless.
    """

    def __init__(
        self, store: Store, meaning: Meaning, of_hit: OfHit = lambda hit: (0, 0, 0)
    ) -> None:
        self._store = store
        self._meaning = meaning
        self._of_hit = of_hit
        self._families = [(key, key.pattern.partition("{")[0]) for key in catalogue()]
        self._kinds: dict[str, str] = {}

    async def run(self) -> None:
        """Sweep; raises StoreError."""
        await self._deliveries()
        letters, grams = self._store.keys.member_grams("").encode(), list[bytes]()
        async for names in self._names():
            await asyncio.gather(*(self._key(name) for name in names))
            grams += [name for name in names if name.startswith(letters)]
        for start in range(0, len(grams), PAGE):  # last: the members must be gone
            await self._letters(grams[start : start + PAGE])

    async def _names(self) -> AsyncIterator[list[bytes]]:
        cursor, pattern = b"0", f"{self._store.prefix}*"
        while True:
            cursor, names = await self._store.call("SCAN", cursor, "MATCH", pattern, "COUNT", PAGE)
            yield names
            if cursor == b"0":
                return

    async def _deliveries(self) -> None:
        """Take deliveries out whole: one is spread over several keys."""
        keys = self._store.keys
        async for rows in self._scan(keys.outbox_body().encode(), "HSCAN"):
            for ident, body in rows:
                if self._meaning.text(_text(body)):
                    delivery = json.loads(body)
                    await self._take(_text(ident), delivery["priority"], delivery["to"])

    async def _take(self, ident: str, priority: str, to: Mapping[str, str]) -> None:
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
        self._meaning.deliveries.add(ident)

    async def _letters(self, names: Iterable[bytes]) -> None:
        """Take out of the search what nobody beside the subject's numbers has any more."""
        beginning = self._store.keys.member_grams("").encode()
        grams = [name.removeprefix(beginning) for name in names]
        for block in {number // BLOCK for number in self._meaning.subject.members}:
            await self._store.run("member_forget", [], [self._store.prefix, block, *grams])

    # one key

    async def _key(self, raw: bytes) -> None:
        name = raw.decode("utf-8", "surrogateescape").removeprefix(self._store.prefix)
        for key, beginning in self._families:
            if not name.startswith(beginning):
                continue
            found = form(key.pattern).fullmatch(name)
            if found is None:
                continue
            if self._means(found.groupdict(), {}):
                await self._store.call("UNLINK", raw)
                return
            await self._within(raw, key, found.groupdict())

    async def _within(self, raw: bytes, key: Key, parts: Mapping[str, str]) -> None:
        """Take the elements out of one key that mean the subject."""
        element, _, value = key.element.partition(" → ")
        if element == "{target}" and key.kind == "fact":
            element = await self._target(parts)
        words = form(element).groupindex
        exact = None
        if len(words) == 1 and not value:
            exact = self._meaning.all_of(next(iter(words)), parts.get("gateway", ""))
        if exact is not None:
            if exact:
                await self._remove(raw, key.kind, exact)
        elif key.kind == "stream":
            await self._stream(raw, element)
        elif key.kind == "list":
            await self._list(raw, element, parts)
        elif key.kind in SCAN:
            await self._elements(raw, key, parts)

    async def _remove(self, raw: bytes, kind: str, elements: Iterable[Any]) -> None:
        if kind == "fact":
            await self._store.run("erase_fact", [_text(raw)], [*elements])
        elif kind == "list":
            for element in elements:
                await self._store.call("LREM", raw, 0, element)
        else:
            await self._store.call(REMOVE[kind], raw, *elements)

    async def _elements(self, raw: bytes, key: Key, parts: Mapping[str, str]) -> None:
        """Look at every element of a set, sorted set or hash."""
        async for rows in self._scan(raw, SCAN[key.kind]):
            meant = [
                element
                for element, value in rows
                if await self._row(key.element, _text(element), _text(value), parts)
            ]
            if meant:
                await self._remove(raw, key.kind, meant)

    async def _row(self, shape: str, element: str, value: str, parts: Mapping[str, str]) -> bool:
        left, _, right = shape.partition(" → ")
        found = form(left).fullmatch(element)
        words = (
            {**found.groupdict(), **dict.fromkeys(form(right).groupindex, value)} if found else {}
        )
        if target := words.pop("target", ""):
            words[(await self._target({**parts, **words})).strip("{}")] = target.partition(":")[0]
        return self._means(words, parts)

    async def _stream(self, raw: bytes, element: str) -> None:
        start = "-"
        while True:
            rows = await self._store.call("XRANGE", raw, start, "+", "COUNT", PAGE)
            meant = [ident for ident, fields in rows if self._entry(element, fields[1::2])]
            if meant:
                await self._remove(raw, "stream", meant)
            if len(rows) < PAGE:
                return
            start = f"({_text(rows[-1][0])}"

    def _entry(self, element: str, values: list[bytes]) -> bool:
        if element == "{hit}":
            words = zip(("link", "group", "member"), self._of_hit(values[0]), strict=True)
            return any(self._meaning.part(word, str(number)) for word, number in words)
        return element == "{text}" and any(self._meaning.text(_text(value)) for value in values)

    async def _list(self, raw: bytes, element: str, parts: Mapping[str, str]) -> None:
        start = 0
        while rows := await self._store.call("LRANGE", raw, start, start + PAGE - 1):
            meant = [row for row in rows if self._means({element.strip("{}"): _text(row)}, parts)]
            await self._remove(raw, "list", meant)
            start += len(rows) - len(meant)

    async def _scan(self, raw: bytes, scan: str) -> AsyncIterator[list[tuple[bytes, bytes]]]:
        cursor = b"0"
        while True:
            cursor, flat = await self._store.call(scan, raw, cursor, "COUNT", PAGE)
            yield (
                [(e, b"") for e in flat]
                if scan == "SSCAN"
                else list(zip(flat[::2], flat[1::2], strict=True))
            )
            if cursor == b"0":
                return

    # meaning

    def _means(self, words: Mapping[str, str], around: Mapping[str, str]) -> bool:
        gateway = words.get("gateway") or around.get("gateway", "")
        return any(self._meaning.part(word, value, gateway) for word, value in words.items())

    async def _target(self, parts: Mapping[str, str]) -> str:
        """What a SOP's targets are: "{member}" or "{group}"; '' when that is not known."""
        sop, version, _ = f"{parts.get('run') or parts['occurrence']}//".split("/", 2)
        keys = self._store.keys
        if "run" not in parts:
            state = await self._store.text("HGET", keys.sop_state(), sop) or ""
            version = state.partition("/")[2]
        if f"{sop}/{version}" not in self._kinds:
            body = await self._store.text("HGET", keys.sop_versions(sop), version)
            to = json.loads(body)["template"]["to"] if body else ""
            self._kinds[f"{sop}/{version}"] = f"{{{to}}}" if to else ""
        return self._kinds[f"{sop}/{version}"]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
