"""Traces: every key, and every element of one, that means a subject, as the key catalogue says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.store.keys import Key, catalogue, form
from bot.store.store import Store
from bot.store.subject import Meaning

PAGE = 500
"""Keys, and elements of one key, looked at together."""
SCAN = {"set": "SSCAN", "zset": "ZSCAN", "hash": "HSCAN"}

OfHit = Callable[[bytes], tuple[int, int, int]]
"""The link, group and member of a hit as it is stored; 0 for none."""
Element = tuple[bytes, bytes | None]
"""An element with its score or value, b"" in a set or a list; of a stream an id with its entry.

None: it is not known whether it is there.
"""
Row = tuple[bytes, bytes]


def no_hit(hit: bytes) -> tuple[int, int, int]:
    """For who has no links: a hit is nobody's."""
    return 0, 0, 0


@dataclass(frozen=True, slots=True)
class Trace:
    """Some elements of a key that mean the subject; None: all of it, its name says so."""

    raw: bytes
    key: Key
    elements: tuple[Element, ...] | None = None


class Traces:
    """Finds what means a subject. Goes by cursors and small commands, so the bot can run meanwhile.

    A trace may come twice.
    """

    def __init__(self, store: Store, meaning: Meaning, of_hit: OfHit = no_hit) -> None:
        self._store = store
        self._meaning = meaning
        self._of_hit = of_hit
        self._families = [(key, key.pattern.partition("{")[0]) for key in catalogue()]
        self._kinds: dict[str, str] = {}

    async def names(self) -> AsyncIterator[list[bytes]]:
        """The names of every key there is."""
        cursor, pattern = b"0", f"{self._store.prefix}*"
        while True:
            cursor, names = await self._store.call("SCAN", cursor, "MATCH", pattern, "COUNT", PAGE)
            yield names
            if cursor == b"0":
                return

    async def deliveries(self) -> AsyncIterator[tuple[str, bytes]]:
        """The deliveries under way that mean the subject, each with its id.

        From then on the meaning knows them: to be gone through before keys are.
        """
        async for rows in self._scan(self._store.keys.outbox_body().encode(), "HSCAN"):
            for ident, body in rows:
                if self._meaning.text(text_of(body)):
                    self._meaning.deliveries.add(text_of(ident))
                    yield text_of(ident), body

    async def of(self, raw: bytes) -> AsyncIterator[Trace]:
        """What of one key means the subject."""
        name = text_of(raw).removeprefix(self._store.prefix)
        for key, beginning in self._families:
            if not name.startswith(beginning):
                continue
            found = form(key.pattern).fullmatch(name)
            if found is None:
                continue
            if self._means(found.groupdict(), {}):
                yield Trace(raw, key)
                return
            async for elements in self._within(raw, key, found.groupdict()):
                if elements:
                    yield Trace(raw, key, tuple(elements))

    # one key

    async def _within(
        self, raw: bytes, key: Key, parts: Mapping[str, str]
    ) -> AsyncIterator[Sequence[Element]]:
        element, _, value = key.element.partition(" → ")
        if element == "{target}" and key.kind == "fact":
            element = await self._target(parts)
        words = form(element).groupindex
        exact = None
        if len(words) == 1 and not value:
            exact = self._meaning.all_of(next(iter(words)), parts.get("gateway", ""))
        if exact is not None:
            yield [(one.encode("utf-8", "surrogateescape"), None) for one in exact]
        elif key.kind == "stream":
            async for rows in self._stream(raw):
                yield [row for row in rows if self._entry(element, row[1])]
        elif key.kind == "list":
            word = element.strip("{}")
            pages = self._list(raw)  # to the end first: what is taken out moves the others
            yield [
                (row, b"")
                async for rows in pages
                for row in rows
                if self._means({word: text_of(row)}, parts)
            ]
        elif key.kind in SCAN:
            async for rows in self._scan(raw, SCAN[key.kind]):
                yield [row for row in rows if await self._row(key.element, row, parts)]

    async def _row(self, shape: str, row: Row, parts: Mapping[str, str]) -> bool:
        left, _, right = shape.partition(" → ")
        found, value = form(left).fullmatch(text_of(row[0])), text_of(row[1])
        words = dict[str, str]()
        if found:
            words = {**found.groupdict(), **dict.fromkeys(form(right).groupindex, value)}
        if target := words.pop("target", ""):
            words[(await self._target({**parts, **words})).strip("{}")] = target.partition(":")[0]
        return self._means(words, parts)

    def _entry(self, element: str, value: bytes) -> bool:
        if element == "{hit}":
            words = zip(("link", "group", "member"), self._of_hit(value), strict=True)
            return any(self._meaning.part(word, str(number)) for word, number in words)
        return element == "{text}" and self._meaning.text(text_of(value))

    # reading

    async def _stream(self, raw: bytes) -> AsyncIterator[list[Row]]:
        start = "-"
        while True:
            rows = await self._store.call("XRANGE", raw, start, "+", "COUNT", PAGE)
            yield [(ident, value) for ident, fields in rows for value in fields[1::2]]
            if len(rows) < PAGE:
                return
            start = f"({text_of(rows[-1][0])}"

    async def _list(self, raw: bytes) -> AsyncIterator[list[bytes]]:
        start = 0
        while rows := await self._store.call("LRANGE", raw, start, start + PAGE - 1):
            yield rows
            start += len(rows)

    async def _scan(self, raw: bytes, scan: str) -> AsyncIterator[list[Row]]:
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


def text_of(value: Any) -> str:
    """Stored bytes as text, from which the same bytes can be made again."""
    return bytes(value).decode("utf-8", "surrogateescape")
