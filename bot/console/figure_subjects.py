"""Subjects to choose from: everything figures can be about, by what it is called."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.console.figure_words import KINDS
from bot.console.words import Words
from bot.figures.subject import Kind, Subject
from bot.links.links import Links
from bot.sop.sops import Sops
from bot.store.members import Members
from bot.store.store import Store

SHOWN = 200
"""Suggestions a page carries."""


class Subjects:
    """Names everything figures can be about; what is newest comes first."""

    def __init__(self, store: Store, links: Links, members: Members, sops: Sops) -> None:
        self._store = store
        self._links = links
        self._members = members
        self._sops = sops

    async def all(self, words: Words) -> dict[str, Subject]:
        """Each by what it is called, its kind before its name; raises StoreError."""
        links = self._links.search(limit=self._links.count())
        campaigns = dict.fromkeys(link.campaign for link in links if link.campaign)
        sops, groups, owners, channels = await asyncio.gather(
            self._sops.all(),
            self._members.groups(),
            self._values("owner"),
            self._values("channel"),
        )
        found: list[tuple[Kind, str, str]] = [("all", "", "")]
        found += [("campaign", name, name) for name in campaigns]
        found += [("sop", sop.id, sop.title(words.language)) for sop in reversed(sops)]
        found += [("link", str(link.number), link.name) for link in links]
        found += [("group", str(g.number), g.name or str(g.conversation.group)) for g in groups]
        staff = sorted({*owners, *(group.owner for group in groups if group.owner)})
        found += [("staff", name, name) for name in staff]
        found += [("channel", name, name) for name in sorted(channels)]
        for sop in sops:
            version = await self._sops.version(sop)
            title = sop.title(words.language)
            found += [
                ("step", f"{sop.id}/{step.id}", f"{title} · {step.id}")
                for step in version.settled.step
            ]
        return _labelled(words, found)

    async def _values(self, attribute: str) -> list[str]:
        key = self._store.keys.attribute_values(attribute)
        return await self._store.texts("SMEMBERS", key)


def _labelled(words: Words, found: Iterable[tuple[Kind, str, str]]) -> dict[str, Subject]:
    """Two of the same kind and name are told apart by what keys call them."""
    labels: dict[str, Subject] = {}
    for kind, name, called in found:
        word = words.say(KINDS[kind])
        label = f"{word}: {called}" if called else word
        if label in labels:
            label = f"{label} #{name}"
        labels[label] = Subject(kind, name)
    return labels
