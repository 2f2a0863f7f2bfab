"""The surface: every page, door and endpoint the web server shows, made from the app."""

from __future__ import annotations

from aiohttp import web

from bot.api.api import Api
from bot.app import App
from bot.config import SANDBOX
from bot.console.console import Console, Services
from bot.console.pages.tokens import TokenPages
from bot.console.passwords import Passwords
from bot.demo.mark import demo_present
from bot.gateways.sandbox import Sandbox
from bot.gateways.sandbox.door import Door
from bot.gateways.sandbox.page import SandboxPage
from bot.i18n.mark import msgid
from bot.surface.pages import Pages
from bot.tokens import Tokens


class Surface:
    """Collects the routes of all rooms."""

    def __init__(self, app: App, passwords: Passwords | None = None) -> None:
        self._app = app
        config = app.config
        services = Services(
            store=app.store,
            clock=app.clock,
            members=app.members,
            facts=app.facts,
            inbox=app.inbox,
            outbox=app.outbox,
            journal=app.journal,
            translator=app.translator,
            gateways=app.switchboard.gateways,
            timeline=app.rooms.timeline,
            banner=self._banner,
            seen=app.rooms.saw_operator,
        )
        self.console = Console(services, config.web, config.language, config.timezone, passwords)
        tokens = Tokens(app.store)
        self.console.add(TokenPages(self.console.frame, tokens))
        Pages(app, self.console).add()
        self._api = Api(app, self.console.directory, tokens)
        self._door = Door(
            SANDBOX, app.world, app.accept, app.clock, app.random, config.sandbox.open
        )
        self._sandbox = self._sandbox_page() if config.sandbox.enabled else None
        if self._sandbox:
            self.console.frame.show("/sandbox")

    def routes(self) -> list[web.RouteDef]:
        """Everything the web server answers."""
        routes = [*self.console.routes(), *self._api.routes()]
        routes += self._app.rooms.redirects.routes()
        routes += self._app.rooms.arrivals.routes()
        if self._sandbox:
            routes += [*self._door.routes(), *self._sandbox.routes()]
        return routes

    async def start(self, port: int) -> None:
        """Read what pages remember; call when the web server listens."""
        self._app.rooms.port = port
        if self._sandbox:
            await self._sandbox.start()

    async def stop(self) -> None:
        """Answer who waits for news, so that the web server can stop."""
        if self._sandbox:
            await self._sandbox.stop()

    def _sandbox_page(self) -> SandboxPage:
        app = self._app
        return SandboxPage(
            SANDBOX,
            self._door,
            app.world,
            self._sandbox_adapter,
            app.accept,
            app.clock,
            app.random,
            app.translator,
            app.config.language,
        )

    async def _banner(self) -> str:
        if await demo_present(self._app.store):
            return msgid("Demo data is shown; remove it with “muster demo --remove”.")
        return ""

    def _sandbox_adapter(self) -> Sandbox:
        adapter = self._app.switchboard.connections[SANDBOX].adapter
        assert isinstance(adapter, Sandbox)
        return adapter

    async def first_password(self) -> str | None:
        """The admin's one-time password, at the very first start."""
        return await self.console.operators.ensure_admin()
