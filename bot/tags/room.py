"""The room of tags: all its services over one store, and what they do as time passes."""

from __future__ import annotations

from collections.abc import Collection

from bot.audience.algebra import Algebra
from bot.store.members import Members
from bot.store.store import Store
from bot.tags.applications import Applications
from bot.tags.expiry import Expiry
from bot.tags.given import Given
from bot.tags.lists import Lists
from bot.tags.parts import Parting
from bot.tags.registry import Registry
from bot.tags.renaming import Named, Renaming, nothing
from bot.tags.rosters import Rosters
from bot.tags.rules import Rules


class Tags:
    """Everything about tags."""

    def __init__(
        self,
        store: Store,
        members: Members,
        algebra: Algebra,
        gateways: Collection[str],
        named: Named = nothing,
    ) -> None:
        """``named`` tells what names a tag and cannot be changed with it."""
        self.registry = Registry(store)
        self.renaming = Renaming(store, self.registry, named)
        self.applications = Applications(store, self.registry)
        self.expiry = Expiry(store)
        self.rules = Rules(store, algebra, self.registry)
        self.rosters = Rosters(store, members)
        self.parting = Parting(algebra, members, self.rosters, Lists(store, gateways))
        self.given = Given(store, self.applications)

    async def open(self) -> None:
        """Note since when comings and goings are kept."""
        await self.rosters.begin()

    async def tick(self) -> None:
        """End what lasted long enough, and go on with what is applied; every second."""
        await self.expiry.tick()
        await self.applications.tick()
