"""The web server: one port for console, sandbox, links, callbacks, health and metrics."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from aiohttp import web

from bot.app import App

log = structlog.get_logger(__name__)

LARGEST = 8 * 1024 * 1024
"""Bytes a request body may have."""
GOODBYE = 5.0
"""Seconds requests in hand get when the server stops."""


class PortTaken(Exception):
    """The port cannot be listened on; the text says which and what to do."""


class Server:
    """Serves the app over HTTP; ``async with Server(app, routes) as server``."""

    def __init__(self, app: App, routes: Sequence[web.RouteDef]) -> None:
        self._app = app
        self._site = web.Application(client_max_size=LARGEST)
        self._site.add_routes([*routes, *self._own()])
        # Before open connections are waited for: reverse WebSockets end when their gateway does.
        self._site.on_shutdown.append(self._disconnect)
        self._runner = web.AppRunner(
            self._site, access_log=None, handle_signals=False, shutdown_timeout=GOODBYE
        )
        self.port = 0

    async def __aenter__(self) -> Server:
        settings = self._app.config.web
        await self._runner.setup()
        site = web.TCPSite(self._runner, settings.host, settings.port, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise PortTaken(
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
                "set another port: [web] port in config.toml, or MUSTER__WEB__PORT"
            ) from None
        server = site._server
        assert server is not None
        self.port = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def _own(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self._alive),
            web.get("/readyz", self._ready),
            web.get("/metrics", self._metrics),
            web.route("*", "/gateways/{name}", self._callback),
        ]

    async def _disconnect(self, _: web.Application) -> None:
        await self._app.switchboard.stop()

    async def _alive(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _: web.Request) -> web.Response:
        ready = self._app.store.available
        gateways = {name: status.state for name, _, status, _ in self._app.switchboard.gateways()}
        body = {"status": "ready" if ready else "the store is away", "gateways": gateways}
        return web.json_response(body, status=200 if ready else 503)

    async def _metrics(self, _: web.Request) -> web.Response:
        self._app.metrics.store_up.set(1 if self._app.store.available else 0)
        return web.Response(body=self._app.metrics.text(), content_type="text/plain")

    async def _callback(self, request: web.Request) -> web.StreamResponse:
        connection = self._app.switchboard.connections.get(request.match_info["name"])
        if connection is None:
            raise web.HTTPNotFound(text="no gateway of this name")
        return await connection.adapter.webhook(request)
