"""Everything in a workspace, to compare and to search."""

from __future__ import annotations

from typing import Any

from bot.store.bits import Bits
from bot.store.keys import catalogue
from bot.store.store import Store


async def dump(store: Store) -> dict[str, Any]:
    """Key → content; facts as their numbers, whichever encoding they have."""
    found: dict[str, Any] = {}
    cursor = b"0"
    while True:
        cursor, names = await store.call("SCAN", cursor, "MATCH", f"{store.prefix}*", "COUNT", 1000)
        for raw in names:
            name = raw.decode("utf-8", "surrogateescape").removeprefix(store.prefix)
            found[name] = await _content(store, raw, name)
        if cursor == b"0":
            return found


async def _content(store: Store, raw: bytes, name: str) -> Any:
    kind = await store.text("TYPE", raw)
    fact = any(key.kind == "fact" and key.matches(name) for key in catalogue())
    match kind:
        case "string":
            value = await store.call("GET", raw)
            return [*Bits.of_bitmap(value)] if fact else value
        case "hash":
            flat = await store.call("HGETALL", raw)
            return dict(zip(flat[::2], flat[1::2], strict=True))
        case "list":
            return await store.call("LRANGE", raw, 0, -1)
        case "set":
            members = await store.call("SMEMBERS", raw)
            return sorted(map(int, members)) if fact else sorted(members)
        case "zset":
            flat = await store.call("ZRANGE", raw, 0, -1, "WITHSCORES")
            return dict(zip(flat[::2], flat[1::2], strict=True))
        case "stream":
            return await store.call("XRANGE", raw, "-", "+")
    raise AssertionError(f"{name} is a {kind}")
