"""An element in any family of keys, about one member or another."""

from __future__ import annotations

import re

from bot.store.keys import Key, catalogue, form
from bot.store.store import Store

NAME, ACCOUNT = "独孤求败", "acct-7311"
FIRST = 7_654_321
"""A number that nothing else in the store is."""
WORDS = {
    "member": (str(FIRST), "42"),
    "account": (ACCOUNT, "acct-2"),
    "conversation": (f"sandbox/d/{ACCOUNT}", "sandbox/d/acct-2"),
    "speaker": (f"{FIRST}/sandbox/g/tea", "42/sandbox/g/tea"),
    "who": (f"m{FIRST}", "m42"),
    "target": (f"{FIRST}", "42"),
    "run": ("week/1/tips/joined", "week/1/tips/joined"),
    "occurrence": ("week/tips/joined", "week/tips/joined"),
    "gateway": ("sandbox", "sandbox"),
    "text": (f'{{"what":"x","member":{FIRST}}}', '{"what":"x","member":42}'),
    "group": ("5", "5"),
    "link": ("3", "3"),
    "delivery": ("000000000007", "000000000008"),
    "timer": ("timer/7", "timer/8"),
    "event": ("journal_1_000007", "journal_1_000008"),
    "name": (NAME, "小红"),
    "day": ("2026-06-17", "2026-06-18"),
}
ABOUT_MEMBERS = {"member", "account", "conversation", "speaker", "who", "target", "text"}


def filled(pattern: str, other: bool) -> str:
    """A key or element of this form, of the one to erase or of another."""
    return re.sub(r"\{(\w+)\}", lambda m: WORDS.get(m[1], ("x", "x"))[other], pattern)


def declared(kind: str) -> list[Key]:
    """The families whose names, or whose elements, are about members."""
    return [
        key
        for key in catalogue()
        if ABOUT_MEMBERS & {*form(key.pattern if kind == "name" else key.element).groupindex}
    ]


async def put(store: Store, name: str, key: Key, element: str) -> None:
    field, _, value = element.partition(" → ")
    match key.kind:
        case "fact" if element:
            await store.call("SADD", name, int(field))
        case "set":
            await store.call("SADD", name, field)
        case "zset":
            await store.call("ZADD", name, 1, field)
        case "hash":
            await store.call("HSET", name, field, value or "1")
        case "list":
            await store.call("RPUSH", name, field)
        case "stream":
            await store.call("XADD", name, "*", "entry", field)
        case _:
            await store.call("SET", name, "1")
    if isinstance(key.lifetime, int):
        await store.call("EXPIRE", name, key.lifetime)
