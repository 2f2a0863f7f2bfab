"""What SOPs keep of a member, for a merge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from bot.store.handover import Handover, Item, due, fact, score
from bot.store.store import Store


class SopHolding:
    """Steps that are due to a member, what they wait for, and the SOPs they are in or have left."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py."""
        keys = self._store.keys
        found = [
            handover.table(keys.sop_waits, named=True),
            handover.value(lambda number: keys.sop_heard(f"m{number}")),
        ]
        for sop, templates in (await self._templates()).items():
            if any(one["to"] == "member" for one in templates.values()):
                found += await self._steps(sop, (0, *handover.groups))
                found += [fact(keys.sop_on(sop, version)) for version in templates]
                found += [fact(keys.sop_audience(sop)), fact(keys.sop_quit(sop))]
                found.append(score(keys.moment(f"enrolled:{sop}"), "ours"))
        return found

    async def topics(self) -> set[str]:
        """What SOPs are about, by which caps count too."""
        every = await self._templates()
        found = (one.get("topic") for templates in every.values() for one in templates.values())
        return {topic for topic in found if topic}

    async def _templates(self) -> dict[str, dict[str, Any]]:
        """The templates of every SOP, by version; unread, for old ones may be of another form."""
        table, keys = self._store.table, self._store.keys
        sops = await self._store.texts("HKEYS", keys.sop_state())
        found = await asyncio.gather(*(table("HGETALL", keys.sop_versions(sop)) for sop in sops))
        return {
            sop: {version: json.loads(body)["template"] for version, body in versions.items()}
            for sop, versions in zip(sops, found, strict=True)
        }

    async def _steps(self, sop: str, groups: Iterable[int]) -> list[Item]:
        """A target is named by its number and its group, which is 0 for none."""
        keys, found = self._store.keys, list[Item]()
        for occurrence in await self._store.texts("HKEYS", keys.sop_open(sop)):
            fed = keys.sop_fed(occurrence)
            for group in groups:
                for key in (keys.sop_due, keys.sop_follow, keys.sop_asked):
                    found.append(due(key(occurrence), f":{group}", fed))
            found.append(fact(fed))
        return found
