"""Search: members by any part of a name, number, account or attribute, by tag, and by value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.members.attribute_index import AttributeIndex
from bot.model.initials import initials
from bot.store.members import Member, Members
from bot.store.store import Store

PAGE = 50
MOST_WORDS = 8
MOST_TAGS = 8
LOOKED = 400
"""Members one call of the server looks at: some two milliseconds."""
CALLS = 12
"""Calls after which a page is given as it is, to be gone on with."""
NAMES = 10
"""Names that begin with what was typed are found first, so many."""
STEP = 200
"""Older members made searchable in one step."""
TAG = "tag:"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: ``words`` a member's texts must have, folded, and ``tags`` they must have.

    ``facts`` are the keys of facts they must be in.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    text: str
    facts: tuple[str, ...] = ()

    @classmethod
    def parse(cls, typed: str) -> Asked:
        """Words are divided by spaces; ``tag:vip`` asks for a tag."""
        parts = typed.split()
        tags = [part.removeprefix(TAG) for part in parts if part.startswith(TAG) and part != TAG]
        words = [part for part in parts if not part.startswith(TAG)]
        folded = dict.fromkeys(word.casefold() for word in words)
        return cls(tuple(folded)[:MOST_WORDS], tuple(dict.fromkeys(tags))[:MOST_TAGS], typed)


@dataclass(frozen=True, slots=True)
class Found:
    """One page of members; ``next`` continues it, '' at the end."""

    members: Sequence[Member]
    next: str = ""


class Search:
    """Finds members while somebody types; ``gateways`` are those an account may be of.

    First whose number or account it is, then names that begin so, then everybody who has it
    anywhere, the newest first. Chinese names are also found by their initials (xm for 小明), other
    texts of one or two letters only at the beginning of words.
    """

    def __init__(
        self,
        store: Store,
        members: Members,
        gateways: Callable[[], Sequence[str]],
        index: AttributeIndex | None = None,
    ) -> None:
        """``index``: also ``city:Shanghai`` is understood, of attributes it has."""
        self._index = index
        self._store = store
        self._members = members
        self._gateways = gateways

    async def find(self, typed: str, cursor: str = "", limit: int = PAGE) -> Found:
        """A page of members; it may be short and yet go on, when much had to be looked at."""
        asked = await self._asked(typed)
        if not (asked.words or asked.tags or asked.facts):
            return Found(())
        first = (await self._first(asked))[:limit]
        room = limit if cursor else limit - len(first)
        numbers, below = await self._anywhere(asked, cursor, room)
        others = [number for number in numbers if number not in first]
        wanted = others if cursor else [*first, *others]
        return Found(await self._members.some(wanted), str(below) if below else "")

    async def _asked(self, typed: str) -> Asked:
        """What was typed, ``city:Shanghai`` being no word where that can be asked for."""
        facts, words = list[str](), list[str]()
        for part in typed.split():
            name, _, value = part.partition(":")
            index = self._index if value and not part.startswith(TAG) else None
            key = await index.fact(name, value) if index else ""
            (facts if key else words).append(key or part)
        asked = Asked.parse(" ".join(words) if facts else typed)
        return replace(asked, facts=tuple(facts[:MOST_TAGS]))

    async def _first(self, asked: Asked) -> list[int]:
        """Whose number or account it is, and names that begin so."""
        if asked.tags or asked.facts or len(asked.words) != 1:
            return []
        word, keys = asked.text.strip(), self._store.keys
        low = asked.words[0].encode("utf-8", "replace")
        *accounts, begun = await asyncio.gather(
            *(self._store.ask("HGET", keys.member_accounts(g), word) for g in self._gateways()),
            self._store.ask(
                *("ZRANGEBYLEX", keys.member_names(), b"[" + low, b"(" + low + b"\xff"),
                *("LIMIT", 0, NAMES),
            ),
        )
        found = {int(number) for number in accounts if number is not None}
        bare = word.removeprefix("#")
        if bare.isascii() and bare.isdigit() and len(bare) < 16:
            found.add(int(bare))
        named = [int(row.rpartition(b"\0")[2]) for row in begun]
        return [*dict.fromkeys([*sorted(found), *named])]

    async def _anywhere(self, asked: Asked, cursor: str, limit: int) -> tuple[list[int], int]:
        keys, found = self._store.keys, list[int]()
        below = int(cursor) if cursor.isdecimal() else await self._after_last()
        facts = [*(keys.tag(tag) for tag in asked.tags), *asked.facts]
        for _ in range(CALLS):
            if below <= 1 or len(found) >= limit:
                break
            args = [self._store.prefix, below, limit - len(found), LOOKED, len(asked.words)]
            answer = await self._store.run("member_search", [], [*args, *asked.words, *facts])
            below = int(answer[0])
            found += map(int, answer[1:])
        return found, below if below > 1 else 0

    async def _after_last(self) -> int:
        return int(await self._store.text("GET", self._store.keys.member_seq()) or 0) + 1

    # members of before the search

    async def begin(self) -> None:
        """Note up to whom members came before the search knew them; to be called at the start."""
        last = await self._after_last() - 1
        await self._store.call("HSETNX", self._store.keys.member_searched(), "until", last)

    async def older(self) -> tuple[int, int]:
        """How many members of before were made searchable, and how many there are."""
        kept = await self._store.table("HGETALL", self._store.keys.member_searched())
        return min(int(kept.get("at", 0)), int(kept.get("until", 0))), int(kept.get("until", 0))

    async def complete(self) -> bool:
        """Make some more of them searchable; False when there are none."""
        at, until = await self.older()
        if at >= until:
            return False
        last = min(until, at + STEP)
        members = await self._members.some(range(at + 1, last + 1))
        pairs = [part for m in members for part in (m.number, initials(m.name))]
        key = self._store.keys.member_searched()
        await self._store.run("member_index", [key], [self._store.prefix, last, *pairs])
        return True

    async def tick(self) -> None:
        """Make all of them searchable; to be called every so often."""
        more = True
        while more:
            more = await self.complete()
