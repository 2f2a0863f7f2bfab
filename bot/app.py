"""The app: puts everything together, and starts and stops it in order."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Any

import structlog

from bot.clock import Clock
from bot.config import SANDBOX, Config
from bot.delivery.inbox import Inbox
from bot.delivery.journal import Journal
from bot.delivery.outbox import Outbox
from bot.delivery.sender import Sender
from bot.gateways.adapter import Adapter, Link
from bot.gateways.adapters import ADAPTERS
from bot.gateways.sandbox import Sandbox, SandboxSettings, World
from bot.gateways.supervision import Connection, Status
from bot.handlers import load_routers
from bot.i18n import Translator
from bot.located import Problem, Problems, nearest
from bot.metrics import Metrics
from bot.model.capabilities import Capabilities
from bot.model.event import BaseEvent
from bot.repeat import Repeat
from bot.roles import ChatRoles
from bot.rooms import Rooms
from bot.routing.dispatcher import Dispatcher
from bot.routing.dispatcher import World as HandlerWorld
from bot.routing.presence import Presence
from bot.routing.router import compile_routers
from bot.store.address import Locate, locator, unix
from bot.store.bell import Bell
from bot.store.embedded import EmbeddedServer, State
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

log = structlog.get_logger(__name__)


class App:
    """One running Muster: ``async with App(config, clock, random) as app``."""

    def __init__(
        self, config: Config, clock: Clock, random: Random, locate: Locate | None = None
    ) -> None:
        self.config = config
        self.clock = clock
        self.random = random
        self.metrics = Metrics()
        self.bell = Bell()
        self.repeat = Repeat()
        self.translator = Translator()
        self.connections: dict[str, Connection] = {}
        self.senders: dict[str, Sender] = {}
        self._locate = locate
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> App:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    # the order of things

    async def _start(self) -> None:
        await self._start_store()
        self.node = await asyncio.to_thread(node_name, self.config.data_dir)
        self.members, self.facts = Members(self.store), Facts(self.store)
        self.inbox, self.outbox = Inbox(self.store, self.bell), Outbox(self.store, self.bell)
        self.journal, self.roles = Journal(self.store), ChatRoles(self.store)
        self.world = World(self.store, self.bell)
        await self.roles.refresh()
        self.rooms = Rooms(self)
        await self._begin(self.rooms)
        self.dispatcher = self._dispatcher()
        self._make_gateways()
        await self._begin(self.dispatcher)
        for sender in self.senders.values():
            await self._begin(sender)
        for connection in self.connections.values():
            await self._begin(connection)
        self._chores()
        await self._begin(self.repeat)

    async def _begin(self, service: Any) -> None:
        await service.start()
        self._stack.push_async_callback(service.stop)

    async def _start_store(self) -> None:
        locate = self._locate
        url = self.config.store.url
        if locate is None and url is not None:
            tag = f"m:{{{self.config.workspace}}}:"
            locate = locator(url.get_secret_value(), tag)
        if locate is None:
            server = EmbeddedServer(
                self.config.data_dir, self.clock, self.random, self._store_state
            )
            await self._begin(server)
            locate = unix(str(server.socket))
        self.store = Store(locate, self.config.workspace, self.clock)
        await self.store.open()
        self._stack.push_async_callback(self.store.close)

    def _store_state(self, state: State) -> None:
        self.metrics.store_up.set(1 if state.up else 0)

    # handlers

    def _dispatcher(self) -> Dispatcher:
        routers = load_routers(self.config.handlers, Path.cwd())
        index = compile_routers(routers, self.rooms.services)
        workspace = {"workspace": self.config.workspace, "timezone": self.config.timezone}
        world = HandlerWorld(
            store=self.store,
            members=self.members,
            facts=self.facts,
            presence=Presence(),
            writer=self.rooms.writer,
            capabilities=self.capabilities,
            role=self.roles.of,
            workspace=workspace,
            translate=lambda text: self.translator.translate(self.config.language, text),
            bell=self.bell,
            clock=self.clock,
            metrics=self.metrics,
        )
        return Dispatcher(self.node, self.inbox, index, world)

    # gateways

    def capabilities(self, gateway: str) -> Capabilities:
        """What a gateway can do; of one that is not configured any more: nothing special."""
        connection = self.connections.get(gateway)
        return connection.adapter.capabilities if connection else Capabilities()

    def _make_gateways(self) -> None:
        makers = self._makers()
        for name, make in makers.items():
            connection = Connection(
                name, make, self.accept, self.clock, self.random, on_change=self._changed(name)
            )
            self.connections[name] = connection
            self.senders[name] = Sender(
                name,
                self.node,
                connection.adapter,
                self.outbox,
                self.store,
                self.bell,
                self.clock,
                self.rooms.window,
                self.metrics,
            )

    def _makers(self) -> dict[str, Callable[[Link], Adapter]]:
        makers: dict[str, Callable[[Link], Adapter]] = {}
        problems: list[Problem] = []
        if self.config.sandbox.enabled and SANDBOX not in self.config.gateways:
            makers[SANDBOX] = lambda link: Sandbox(link, SandboxSettings(), self.world)
        for name, settings in self.config.gateways.items():
            kind = ADAPTERS.get(settings.adapter)
            if settings.adapter == SANDBOX:
                own = self.config.gateway_settings(name, SandboxSettings)
                makers[name] = lambda link, own=own: Sandbox(link, own, self.world)  # type: ignore[misc]
            elif kind is None:
                message = f"unknown adapter {settings.adapter!r}"
                hint = nearest(settings.adapter, [*ADAPTERS, SANDBOX])
                problems.append(self.config.problem(("gateways", name, "adapter"), message, hint))
            else:
                found = self.config.gateway_settings(name, kind.Settings)
                makers[name] = lambda link, kind=kind, found=found: kind(link, found)  # type: ignore[misc]
        if problems:
            raise Problems(problems)
        return makers

    def _changed(self, name: str) -> Callable[[Status], None]:
        gauge = self.metrics.gateway_up.labels(name)
        return lambda status: gauge.set(1 if status.state == "online" else 0)

    async def accept(self, event: BaseEvent) -> bool:
        """Put an event into the inbox; every gateway's way in."""
        new = await self.inbox.accept(event)
        (self.metrics.accepted if new else self.metrics.repeated).labels(event.gateway).inc()
        return new

    def gateways(self) -> list[tuple[str, str, Status, Capabilities]]:
        """Name, adapter, status and capabilities of every gateway."""
        return [
            (name, type(c.adapter).__name__, c.status, c.adapter.capabilities)
            for name, c in self.connections.items()
        ]

    # chores

    def _chores(self) -> None:
        self.repeat.every(1, "tick", self.rooms.tick)
        self.repeat.every(5, "roles", self.roles.refresh)
        self.repeat.every(3600, "retention", self._forget)
        self.repeat.every(1, "loop lag", self._measure_lag)

    async def _forget(self) -> None:
        days = self.config.retention.journal_days
        await self.journal.trim(self.clock.now() - days * 86_400_000)

    async def _measure_lag(self) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(0.05)
        self.metrics.loop_lag.set(max(0.0, loop.time() - before - 0.05))


def node_name(data_dir: Path) -> str:
    """This node's lasting name, made at its first start and kept in the data directory."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "node"
    if not path.exists():
        path.write_text(f"{socket.gethostname()}-{secrets.token_hex(4)}\n", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()
