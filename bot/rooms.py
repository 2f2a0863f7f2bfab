"""The rooms: every capability's service, made once and given to handlers by type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.clock import Clock
from bot.delivery.journal import Journal
from bot.model.delivery import Delivery
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.welcome import Welcomes

if TYPE_CHECKING:
    from bot.app import App


class Rooms:
    """Builds the services in the order they need each other."""

    def __init__(self, app: App) -> None:
        self.templates = Templates()
        self.writer = Writer(self.templates, {})
        self.welcomes = Welcomes(app.config.welcome, app.store, app.facts)
        self.services: dict[type, object] = {
            Clock: app.clock,
            Facts: app.facts,
            Journal: app.journal,
            Members: app.members,
            Store: app.store,
            Welcomes: self.welcomes,
        }

    async def window(self, delivery: Delivery) -> Delivery | None:
        """A new window for a delivery whose window ended."""
        return None

    async def tick(self) -> None:
        """Do what the time asks for; called every second on every node."""

    def check(self) -> list[str]:
        """What is set up wrong in any room raises Problems; the names of the SOP templates."""
        return []

    async def open(self) -> None:
        """Read what the rooms need to know before anything happens."""

    async def start(self) -> None:
        """Begin what runs by itself."""

    async def stop(self) -> None:
        """End it."""
