"""A key: its pattern, type, owner and lifetime."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, overload

Kind = Literal["string", "hash", "list", "set", "zset", "stream", "fact"]

FOREVER = "forever"
BUSY = "while busy"
DAY = 86_400

_PART = re.compile(r"\{(\w+)\}")
_NUMBERS = {"member": "[0-9]+", "group": "[0-9]+", "link": "[0-9]+", "target": "[0-9:]+"}


class Prefixed:
    """What keys are looked up at: ``prefix`` is what all names of a workspace begin with."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Key:
    """One declared family of keys.

    ``pattern`` names its variable parts, in the order they are given. ``lifetime`` is FOREVER
    (deleted only with what it describes), BUSY (gone when its queue is empty), or the longest time
    to live in seconds. A "fact" is a set of member numbers: a bitmap (string) or an integer set,
    chosen by size.

    ``element`` is the form of what is in it: a set's element, a sorted set's "element → score", a
    hash's "field → value", a list's item, a stream's entry; '' for strings. Pattern and element
    share their words, by which erasure finds people: bot/store/subject.py says which words name
    somebody.
    """

    pattern: str
    kind: Kind
    owner: str
    lifetime: str | int
    holds: str
    element: str = ""

    @overload
    def __get__(self, keys: None, owner: type) -> Key: ...
    @overload
    def __get__(self, keys: Prefixed, owner: type) -> Callable[..., str]: ...
    def __get__(self, keys: Prefixed | None, owner: type) -> Key | Callable[..., str]:
        if keys is None:
            return self
        return (keys.prefix + _positional(self.pattern)).format

    def matches(self, name: str) -> bool:
        """Whether a key name, without the workspace prefix, belongs to this family."""
        return form(self.pattern).fullmatch(name) is not None


@cache
def _positional(pattern: str) -> str:
    return _PART.sub("{}", pattern)


@cache
def form(pattern: str) -> re.Pattern[str]:
    """Reads what has the form "{group}:{member}": a regex with a group for each part."""
    words = _PART.split(pattern)
    for i, word in enumerate(words):
        if i % 2 == 0:
            words[i] = re.escape(word)
        else:
            words[i] = f"(?P<{word}>{_NUMBERS.get(word, '.+?')})"
    return re.compile("".join(words), re.DOTALL)
