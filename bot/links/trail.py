"""Trail: what each member clicked, day by day, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.delivery.journal import Entry
from bot.links.links import Links
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

LIVES = 400 * 86_400
"""Seconds, as long as it is known who clicked."""


class Trail:
    """Reads a member's clicks, those of one link in one place on one day as one.

    link_count.lua writes it beside ``link:people``, which has the numbers; ``mend`` is for who
    judges hits again.
    """

    def __init__(self, store: Store, links: Links, members: Members) -> None:
        self._store = store
        self._keys = store.keys
        self._links = links
        self._members = members

    async def happened(self, member: int, before: int, most: int) -> Sequence[tuple[str, Entry]]:
        """Up to ``most`` that began at ``before`` (UTC ms) or earlier."""
        key = self._keys.link_trail(member)
        rows = await self._store.texts(
            *("ZREVRANGEBYSCORE", key, before, "-inf", "LIMIT", 0, most, "WITHSCORES")
        )
        found = zip(rows[::2], rows[1::2], strict=True)
        told = await asyncio.gather(
            *(self._one(member, name, int(float(at))) for name, at in found)
        )
        return [one for one in told if one]

    async def _one(self, member: int, name: str, at: int) -> tuple[str, Entry] | None:
        """None where it is not known any more."""
        link, step, group, day = name.split("/")
        people = self._keys.link_people(link, day)
        counted = await self._store.text("HGET", people, f"{step}/{group}/{member}")
        if counted is None:
            return None
        clicks = int(counted.partition(" ")[0])
        known, where = self._links.get(int(link)), await self._members.group(int(group))
        text = known.name if known else f"#{link}"
        return name, Entry(
            at=at,
            what="link.clicked",
            member=member,
            conversation=where.conversation.key if where else "",
            source=f"link {link}",
            text=f"{text} ×{clicks}" if clicks > 1 else text,
        )


def mend(
    effects: Effects, link: int, day: str, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Turn a day of ``link:people`` into another, in the members' trails."""
    for place in sorted({*before, *after}):
        where, _, member = place.rpartition("/")
        if member == "0" or before.get(place) == after.get(place):
            continue
        key, name = effects.keys.link_trail(member), f"{link}/{where}/{day}"
        if place in after:
            effects.do("ZADD", key, after[place].split()[1], name)
            effects.do("EXPIRE", key, LIVES, "NX")
        else:
            effects.do("ZREM", key, name)
