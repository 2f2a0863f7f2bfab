"""Listings: links, groups and members as they are now."""

from __future__ import annotations

from bot.exports.pieces import Pieces, batches
from bot.links.links import Links
from bot.store.bits import Bits
from bot.store.facts import Facts, read
from bot.store.members import Member, Members
from bot.store.store import Store

AT_ONCE = 500


class Listings:
    """Reads what rows of other tables name by number."""

    def __init__(self, store: Store, links: Links, members: Members, facts: Facts) -> None:
        self._store = store
        self._links = links
        self._members = members
        self._facts = facts

    async def links(self) -> Pieces:
        """Every link."""
        known = sorted(self._links.search(limit=self._links.count()), key=lambda one: one.number)
        for some in batches(known, AT_ONCE):
            yield None, [(one.number, one.name, one.url, one.campaign, one.since) for one in some]

    async def groups(self) -> Pieces:
        """Every group we ever heard of."""
        for some in batches(await self._members.groups(), AT_ONCE):
            rows = []
            for one in some:
                there = await self._facts.count(self._store.keys.group_present(one.number))
                place = one.conversation
                row = (one.number, place.gateway, place.group, one.name, one.owner or None)
                rows.append((*row, one.since, one.gone, there))
            yield None, rows

    async def members(self, names: bool) -> Pieces:
        """Every member; without ``names`` nobody is named."""
        keys = self._store.keys
        tags = await self._store.texts("ZRANGE", keys.tag_names(), 0, -1)
        tagged = await read(self._store, [keys.tag(tag) for tag in tags])
        having = {tag: tagged[keys.tag(tag)] for tag in tags}
        for some in batches(await self._facts.numbers(keys.members_all()), AT_ONCE):
            found = await self._members.some(some)
            yield None, [_member(one, having, names) for one in found]


def _member(one: Member, tags: dict[str, Bits], names: bool) -> tuple[object, ...]:
    return (
        one.number,
        (one.name or None) if names else None,
        sorted(one.accounts),
        one.since,
        sorted(tag for tag, having in tags.items() if one.number in having),
        one.attributes.get("channel") or None,
        one.attributes.get("owner") or None,
    )
