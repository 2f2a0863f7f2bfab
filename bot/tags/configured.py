"""Where the configuration names a tag: it is a file of people, so it is only listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bot.located import key_text
from bot.located.problem import KeyPath

_PLACES = frozenset({"tag", "tags", "untag"})


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
