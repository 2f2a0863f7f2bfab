"""The rooms: every capability's service, made once and given to handlers by type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.checkins.checkins import CheckIns
from bot.checkins.programme import check_programmes
from bot.checkins.reminders import Reminders
from bot.clock import Clock
from bot.config import SANDBOX
from bot.delivery.journal import Journal
from bot.located import Problems
from bot.model.delivery import Delivery
from bot.routes.desk import check_routes
from bot.routes.routes import Routes
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
        config, store = app.config, app.store
        self._app = app
        self.templates = Templates()
        self.writer = Writer(self.templates, {})
        self.welcomes = Welcomes(config.welcome, store, app.facts)
        self.checkins = CheckIns(
            config.checkin, config.timezone, store, app.members, app.facts, app.clock
        )
        self.reminders = Reminders(self.checkins, store, app.members, self.writer, app.translate)
        gateways = {*config.gateways, SANDBOX} if config.sandbox.enabled else {*config.gateways}
        self.routes = Routes(
            config.routes, store, app.members, app.facts, gateways, self.writer.names
        )
        self.services: dict[type, object] = {
            CheckIns: self.checkins,
            Clock: app.clock,
            Facts: app.facts,
            Journal: app.journal,
            Members: app.members,
            Routes: self.routes,
            Store: store,
            Welcomes: self.welcomes,
        }

    async def window(self, delivery: Delivery) -> Delivery | None:
        """A new window for a delivery whose window ended."""
        return None

    async def tick(self) -> None:
        """Do what the time asks for; called every second on every node."""
        await self.reminders.remind(self._app.clock.now())

    def check(self) -> list[str]:
        """What is set up wrong in any room raises Problems; the names of the SOP templates."""
        config = self._app.config
        if problems := check_programmes(config) + check_routes(config, self.writer.names):
            raise Problems(problems)
        return []

    async def open(self) -> None:
        """Read what the rooms need to know before anything happens."""

    async def start(self) -> None:
        """Begin what runs by itself."""

    async def stop(self) -> None:
        """End it."""
