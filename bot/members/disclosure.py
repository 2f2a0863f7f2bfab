"""Disclosure: all that is kept of a member, to be handed to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.clock import utc
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store, as_text
from bot.store.subject import Meaning, Subject
from bot.store.traces import Element, OfHit, Trace, Traces, no_hit, text_of


class Disclosure:
    """Gathers what an erasure would remove, by what the key catalogue says is where.

    Texts are the member's when they say the number or an account; a name may be a namesake's.
    """

    def __init__(self, store: Store, members: Members, of_hit: OfHit = no_hit) -> None:
        self._store = store
        self._members = members
        self._facts = Facts(store)
        self._of_hit = of_hit

    async def of(self, number: int) -> dict[str, Any] | None:
        """All that is kept of a member; None when there is nobody.

        Also of the numbers that lead to them. Goes through all keys, by cursor.
        """
        member = await self._members.member(number)
        if member is None:
            return None
        numbers = frozenset({number, *await self._members.former(number)})
        subject = Subject(members=numbers, accounts=frozenset(member.every))
        traces, kept = Traces(self._store, Meaning(subject), self._of_hit), dict[str, Any]()
        async for _ in traces.deliveries():
            pass  # now it is known which they are
        async for names in traces.names():
            asked = [self._kept(traces, raw) for raw in names]
            for raw, content in zip(names, await asyncio.gather(*asked), strict=True):
                if content:
                    kept[as_text(raw).removeprefix(self._store.prefix)] = content
        return {
            "member": member.model_dump(),
            "numbers": sorted(numbers),
            "since": utc(member.since).isoformat(),
            "kept": dict(sorted(kept.items())),
        }

    async def _kept(self, traces: Traces, raw: bytes) -> Any:
        """What of one key is about the member, in the shape of the key."""
        found: dict[str, str] = {}
        kind = ""
        async for trace in traces.of(raw):
            if trace.elements is None:
                return await self._content(raw)
            kind = trace.key.kind
            found |= {as_text(one): as_text(value) for one, value in await self._there(trace)}
        match kind:
            case "fact":
                return bool(found)
            case "stream":
                return [*found.values()]
            case "set" | "list":
                return [*found]
        return found

    async def _there(self, trace: Trace) -> list[tuple[bytes, bytes]]:
        """The elements of a trace with what they have, without those that are not there."""
        elements: Sequence[Element] = trace.elements or ()
        asked = [self._value(trace, *one) for one in elements]
        values = await asyncio.gather(*asked)
        return [
            (one, value)
            for (one, _), value in zip(elements, values, strict=True)
            if value is not None
        ]

    async def _value(self, trace: Trace, element: bytes, value: bytes | None) -> bytes | None:
        if value is not None:
            return value
        raw, call = trace.raw, self._store.call
        match trace.key.kind:
            case "fact":
                there = await self._facts.has(text_of(raw), int(element))
            case "set":
                there = bool(await call("SISMEMBER", raw, element))
            case "list":
                there = await call("LPOS", raw, element) is not None
            case kind:
                content: bytes | None = await call(
                    "ZSCORE" if kind == "zset" else "HGET", raw, element
                )
                return content
        return b"" if there else None

    async def _content(self, raw: bytes) -> Any:
        """A key of the member's own."""
        match await self._store.text("TYPE", raw):
            case "hash":
                return await self._store.table("HGETALL", raw)
            case "list":
                return await self._store.texts("LRANGE", raw, 0, -1)
            case "zset":
                return await self._store.table("ZRANGE", raw, 0, -1, "WITHSCORES")
            case "set":
                return await self._store.texts("SMEMBERS", raw)
            case "stream":
                rows = await self._store.call("XRANGE", raw, "-", "+")
                return [as_text(fields[1]) for _, fields in rows]
            case "string":
                value: bytes = await self._store.call("GET", raw)
                return _readable(value)
        return None


def _readable(value: bytes) -> str:
    """A text as it is, a bitmap in hexadecimal."""
    text = value.decode("utf-8", "replace")
    return text if text.isprintable() and "\ufffd" not in text else value.hex()
