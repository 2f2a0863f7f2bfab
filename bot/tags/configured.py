"""Where the configuration, and what was made in the console, names a tag: it is only listed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

from bot.i18n.mark import msgid
from bot.located import key_text
from bot.located.problem import KeyPath
from bot.model.phrase import Phrase
from bot.store.store import Store

_PLACES = frozenset({"tag", "tags", "untag"})


async def stored(store: Store, tag: str) -> list[str]:
    """What was made in the console and names a tag, "route tea"; raises StoreError."""
    keys = store.keys
    kinds = {
        msgid("route {name}"): keys.routes(),
        msgid("welcome script {name}"): keys.welcome_scripts(),
        msgid("live code {name}"): keys.live_codes(),
        msgid("check-in programme {name}"): keys.checkin_made(),
    }
    tables = await asyncio.gather(*(store.table("HGETALL", key) for key in kinds.values()))
    return [
        Phrase(kind, name=name)
        for kind, rows in zip(kinds, tables, strict=True)
        for name, body in sorted(rows.items())
        if configured(json.loads(body), tag)
    ]


def configured(settings: Any, tag: str) -> list[str]:
    """The keys of settings (as plain data) that name a tag."""
    term = re.compile(rf'\btag:("?){re.escape(tag)}\1(?![^\s(),])')
    return [key_text(path) for path in _found(settings, tag, term, ())]


def _found(value: Any, tag: str, term: re.Pattern[str], path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == tag and path and path[-1] in _PLACES:
                yield (*path, str(key))
            yield from _found(inner, tag, term, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _found(inner, tag, term, (*path, index))
    elif isinstance(value, str):
        at_tags = any(part in _PLACES for part in path[-2:])
        if (at_tags and value == tag) or term.search(value):
            yield path
