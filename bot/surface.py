"""The surface: every page, door and endpoint the web server shows, made from the app."""

from __future__ import annotations

from aiohttp import web

from bot.app import App
from bot.gateways.sandbox.door import Door


class Surface:
    """Collects the routes of all rooms."""

    def __init__(self, app: App) -> None:
        self._app = app

    def routes(self) -> list[web.RouteDef]:
        """Everything the web server answers."""
        app, routes = self._app, []
        if app.config.sandbox.enabled:
            door = Door(
                "sandbox", app.world, app.accept, app.clock, app.random, app.config.sandbox.open
            )
            routes += door.routes()
        return routes

    async def start(self, port: int) -> None:
        """Tell those who print addresses which port it became."""

    async def first_password(self) -> str | None:
        """The admin's one-time password, at the very first start."""
        return None
