"""One gateway: how it is, what to do about it, what to set up, and what it did not deliver."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from bot.console.audit import Audit
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.gateways import abilities
from bot.delivery.journal import Entry, Journal
from bot.delivery.outbox import Outbox
from bot.gateways.supervision import Connection
from bot.i18n.mark import msgid
from bot.model.fault import Fault
from bot.settings.server import WebSettings

SHOWN = 10
"""Failed deliveries shown."""
LOOK = 500
"""Failed deliveries of all gateways looked through for them."""
CLASSES = {
    "reply": msgid("Replies"),
    "welcome": msgid("Welcomes"),
    "notice": msgid("Notices"),
    "broadcast": msgid("Broadcasts"),
}
TROUBLED = ("waiting", "misconfigured", "connecting")


class GatewayPage:
    """The page of each gateway; ``connections`` are this node's, by gateway."""

    def __init__(
        self,
        frame: Frame,
        connections: Callable[[], Mapping[str, Connection]],
        outbox: Outbox,
        journal: Journal,
        directory: Directory,
        audit: Audit,
        settings: WebSettings,
    ) -> None:
        self._frame = frame
        self._connections = connections
        self._outbox = outbox
        self._journal = journal
        self._directory = directory
        self._audit = audit
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        """``/gateway/{name}``: at ``/gateways/{name}`` platforms call us."""
        return [
            self._frame.get("/gateway/{name}", self.show),
            self._frame.post("/gateway/{name}/refresh", self.refresh),
        ]

    async def show(self, page: Page) -> web.StreamResponse:
        """Everything an operator asks of a gateway."""
        name, connection = self._found(page)
        adapter, status = connection.adapter, connection.status
        health, can = await adapter.health(), adapter.capabilities
        troubled = status.state in TROUBLED and status.last_error
        wrong = [status.last_error] if troubled else []
        failed = await self._failed(name)
        return page.render(
            "gateway.html",
            name=name,
            how=status,
            wrong=[(one, _remedy(one)) for one in (*wrong, *health.faults)],
            before="" if troubled else status.last_error,
            health=health,
            address=self._address(name) if health.callback else "",
            abilities=abilities(page.words, can),
            can_refresh=can.refresh,
            waiting=[(CLASSES[what], n) for what, n in (await self._outbox.waiting(name)).items()],
            failed=failed,
            people=await self._directory.people(entry.member for _, entry in failed),
            places=await self._directory.places(entry.conversation for _, entry in failed),
        )

    async def refresh(self, page: Page) -> web.StreamResponse:
        """Try again what waits for an operator, and compare everything with the platform."""
        name, connection = self._found(page)
        if connection.adapter.capabilities.refresh:
            await connection.adapter.refresh()
        connection.retry()
        await self._audit.write(page.operator.name, "gateway.refreshed", name)
        return page.redirect(_path(name), msgid("It is looked at now."))

    def _found(self, page: Page) -> tuple[str, Connection]:
        name = page.request.match_info["name"]
        connection = self._connections().get(name)
        if connection is None:
            raise web.HTTPNotFound
        return name, connection

    async def _failed(self, name: str) -> list[tuple[str, Entry]]:
        """What was not delivered lately, the newest first."""
        found: list[tuple[str, Entry]] = []
        async for ident, entry in self._journal.search('"what":"delivery.failed"', limit=LOOK):
            if entry.conversation.startswith(f"{name}/"):
                found.append((ident, entry))
            if len(found) == SHOWN:
                break
        return found

    def _address(self, name: str) -> str:
        """Where the platform reaches this gateway; '' when nobody outside can."""
        public = self._settings.public_url
        return f"{public.rstrip('/')}/gateways/{name}" if public else ""


def _remedy(problem: str) -> str:
    return problem.remedy if isinstance(problem, Fault) else ""


def _path(name: str) -> str:
    return f"/gateway/{name}"
