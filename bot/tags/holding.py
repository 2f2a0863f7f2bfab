"""What tags keep of a member, for a merge."""

from __future__ import annotations

import asyncio

from bot.store.handover import Handover, Item, fact, score, tag
from bot.store.store import Store
from bot.tags.application import Application


class TagHolding:
    """A member's tags, and what was and is to be done to them by rules and applications."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py."""
        keys, store = self._store.keys, self._store
        names, counted, rules, applications = await asyncio.gather(
            store.texts("ZRANGE", keys.tag_names(), 0, -1),
            store.texts("SMEMBERS", keys.moment_tags()),
            store.texts("HKEYS", keys.tags_rules()),
            store.table("HGETALL", keys.tags_applications()),
        )
        found = [tag(name) for name in names]
        found += [score(keys.moment(f"tag:{name}"), "ours") for name in counted]
        found += [fact(keys.tags_ruled(one)) for one in rules]
        for body in applications.values():
            found += self._applied(Application.model_validate_json(body))
        return found

    def _applied(self, one: Application) -> list[Item]:
        """What can be undone; that a tag was given goes with the tag."""
        keys = self._store.keys
        found = [fact(keys.tags_todo(one.id))]
        if not one.gives:
            found.append(fact(keys.tags_changed(one.id)))
        for name in (one.tag, *one.rivals):
            found.append(fact(keys.tags_took(one.id, name)))
            found.append(score(keys.tags_ended(one.id, name), "first"))
        return found
