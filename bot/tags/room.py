"""The room of tags: all its services over one store, and what they do as time passes."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

from bot.audience.algebra import Algebra
from bot.routing.wording import Synonyms
from bot.store.members import Members
from bot.store.store import Store
from bot.tags.applications import Applications
from bot.tags.expiry import Expiry
from bot.tags.given import Given
from bot.tags.hearing import Hearing
from bot.tags.lists import Lists
from bot.tags.parts import Parting
from bot.tags.registry import Registry
from bot.tags.renaming import Named, Renaming, nothing
from bot.tags.rosters import Rosters
from bot.tags.rules import Rules

NO_SYNONYMS: Synonyms = MappingProxyType({})


class Tags:
    """Everything about tags."""

    def __init__(
        self,
        store: Store,
        members: Members,
        algebra: Algebra,
        gateways: Collection[str],
        named: Named = nothing,
        synonyms: Synonyms = NO_SYNONYMS,
    ) -> None:
        """``named`` tells what names a tag and cannot be changed with it; ``synonyms`` are the
        workspace's, by word."""
        self.registry = Registry(store)
        self.renaming = Renaming(store, self.registry, named)
        self.applications = Applications(store, self.registry)
        self.expiry = Expiry(store)
        self.rules = Rules(store, algebra, self.registry, synonyms)
        self.hearing = Hearing(store, self.rules, synonyms)
        self.rosters = Rosters(store, members)
        self.parting = Parting(algebra, members, self.rosters, Lists(store, gateways))
        self.given = Given(store, self.applications)

    async def open(self) -> None:
        """Note since when comings and goings are kept."""
        await self.rosters.begin()
        await self.hearing.refresh()

    async def tick(self) -> None:
        """Learn of new rules, end what lasted long enough, and go on with what is applied; every
        second."""
        await self.hearing.refresh()
        await self.expiry.tick()
        await self.applications.tick()
