"""The app: puts everything together, and starts and stops it in order."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Self

import structlog

from bot.clock import Clock, Days, SystemClock
from bot.config import SANDBOX, Config
from bot.delivery.inbox import Inbox
from bot.delivery.journal import Journal
from bot.delivery.outbox import Outbox
from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.sandbox import World
from bot.handlers import load_routers
from bot.i18n import Translator
from bot.links.owners import of_hit
from bot.metrics import Metrics
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.event import BaseEvent
from bot.repeat import Repeat
from bot.roles import ChatRoles
from bot.rooms import Rooms
from bot.routing.contexts import Contexts
from bot.routing.dispatcher import Dispatcher
from bot.routing.handler import Handler
from bot.routing.index import Index
from bot.routing.presence import Presence
from bot.routing.router import compile_routers
from bot.store.address import Locate, locator, unix
from bot.store.bell import Bell
from bot.store.data_directory import DataDirectoryHeld
from bot.store.embedded import EmbeddedServer, State
from bot.store.erasure import Erasure
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.switchboard import NOTHING, Make, Switchboard, makers

log = structlog.get_logger(__name__)

NODE_KEPT = 24 * 3600 * 1000
STEP = 1000
"""Milliseconds the clock may go back unnoticed."""


class App:
    """One running Muster: ``async with App(config, clock, random) as app``.

    Made without touching anything; raises Problems when handlers or gateways are set up wrong.
    ``locate`` names a store to use instead of the configured one.
    """

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
        self.server: EmbeddedServer | None = None
        self.store = Store(locate or self._locate(), config.workspace, clock)
        self.members, self.facts = Members(self.store), Facts(self.store)
        days = Days(config.timezone)
        self.inbox, self.outbox = Inbox(self.store, self.bell), Outbox(self.store, self.bell, days)
        self.journal, self.roles = Journal(self.store), ChatRoles(self.store)
        self.world = World(self.store, self.bell)
        self._connected: Switchboard | None = None
        self._makers = self._gateway_makers()
        self._unconnected: dict[str, Capabilities] = {}
        self.rooms = Rooms(self)
        self.rooms.check()
        self._index = self._compile()
        self._stack = AsyncExitStack()
        self._latest = 0

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[Self]:
        """The store and the rooms with nothing running, for one command.

        When a bot is running on the data directory, its server is used.
        """
        try:
            with suppress(DataDirectoryHeld):
                await self._open_store()
            if not self.store.available:
                await self._connect()
            await self.rooms.open()
            yield self
        finally:
            await self._stack.aclose()

    # the order of things

    async def _open_store(self) -> None:
        if self.server:
            await self._begin(self.server)
        await self._connect()

    async def _connect(self) -> None:
        await self.store.open()
        self._stack.push_async_callback(self.store.close)
        await self._follow_server()
        await self.roles.refresh()

    async def _start(self) -> None:
        self.node = await asyncio.to_thread(node_name, self.config.data_dir)
        await self._open_store()
        await self.rooms.open()
        await self._make_groups()
        self._connected = self._switchboard()
        await self._begin(self.rooms)
        self.dispatcher = self._dispatcher()
        await self._begin(self.dispatcher)
        await self._begin(self._connected)
        self._chores()
        await self._begin(self.repeat)

    async def _begin(self, service: Any) -> None:
        await service.start()
        self._stack.push_async_callback(service.stop)

    def _locate(self) -> Locate:
        url = self.config.store.url
        if url is not None:
            tag = f"m:{{{self.config.workspace}}}:"
            return locator(url.get_secret_value(), tag)
        # A process lives in real time, also when the bot's clock is a test's.
        self.server = EmbeddedServer(
            self.config.data_dir, SystemClock(), self.random, self._store_changed
        )
        return unix(str(self.server.socket))

    async def _make_groups(self) -> None:
        """The sandbox's groups that are there from the start."""
        for ident, name in self.config.sandbox.groups.items():
            await self.world.make_group(ident, name)
            await self.members.group_number(Conversation(gateway=SANDBOX, group=ident), name)

    def _store_changed(self, state: State) -> None:
        self.metrics.store_up.set(1 if state.up else 0)

    # what is inside

    def _compile(self) -> Index[Handler]:
        routers = load_routers(self.config.handlers, Path.cwd())
        return compile_routers(routers, self.rooms.services)

    def _gateway_makers(self) -> dict[str, Make]:
        return makers(self.config, self.world)

    def _addressed(self, make: Make) -> Make:
        """The same for an adapter that knows our address, once the web server listens."""
        return lambda inlet: make(replace(inlet, address=self._address))

    def _address(self) -> str:
        return self.config.web.url(self.rooms.port).rstrip("/")

    def _switchboard(self) -> Switchboard:
        return Switchboard(
            self.node,
            {name: self._addressed(make) for name, make in self._makers.items()},
            self.accept,
            self.outbox,
            self.store,
            self.bell,
            self.clock,
            self.random,
            self.rooms.window,
            self.metrics,
        )

    def _dispatcher(self) -> Dispatcher:
        contexts = Contexts(
            store=self.store,
            members=self.members,
            facts=self.facts,
            writer=self.rooms.writer,
            capabilities=self.capabilities,
            role=self.roles.of,
            workspace=self.rooms.workspace,
            translate=self.translate,
            written=self.rooms.attributes.written,
        )
        presence = Presence(Days(self.config.timezone))
        listeners = (self.rooms.tags.hearing.hear,)
        return Dispatcher(
            *(self.node, self.inbox, self._index, contexts),
            *(presence, self.bell, self.metrics, listeners),
        )

    def capabilities(self, gateway: str) -> Capabilities:
        """What a gateway can do now; in an app at rest, what its adapter says unconnected."""
        if self._connected:
            return self._connected.capabilities(gateway)
        if gateway not in self._unconnected:
            make = self._makers.get(gateway)
            inlet = Inlet(gateway, self.accept, self.clock, lambda: None, store=self.store)
            self._unconnected[gateway] = make(inlet).capabilities if make else NOTHING
        return self._unconnected[gateway]

    def adapters(self) -> Mapping[str, Adapter]:
        """The adapters this node is connected with, by gateway."""
        return self._connected.adapters() if self._connected else {}

    @property
    def switchboard(self) -> Switchboard:
        """The gateways of a running app."""
        assert self._connected, "the app is not running"
        return self._connected

    def translate(self, text: str) -> str:
        """A standard text in the workspace's language."""
        return self.translator.translate(self.config.language, text)

    async def accept(self, event: BaseEvent) -> bool:
        """Put an event into the inbox; every gateway's way in."""
        new = await self.inbox.accept(event)
        (self.metrics.accepted if new else self.metrics.repeated).labels(event.gateway).inc()
        return new

    # chores

    def _chores(self) -> None:
        self.repeat.every(1, "tick", self.rooms.tick)
        self.repeat.every(1, "errands", self.rooms.errands.tick)
        self.repeat.every(1, "live codes", self.rooms.live_codes.tick)
        self.repeat.every(1, "tags", self.rooms.tags.tick)
        self.repeat.every(1, "tag rules", self.rooms.tags.rules.look)
        self.repeat.every(600, "segment sizes", self.rooms.segment_sizes.tick)
        self.repeat.every(1, "imports", self.rooms.import_work.tick)
        self.repeat.every(60, "search", self.rooms.search.tick)
        self.repeat.every(5, "attributes", self.rooms.attributes.refresh)
        self.repeat.every(5, "attribute index", self.rooms.attribute_index.tick)
        self.repeat.every(5, "merges", self.rooms.merging.gather)
        self.repeat.every(1, "welcome media", self.rooms.welcome_media.tick)
        self.repeat.every(5, "roles", self.roles.refresh)
        self.repeat.every(10, "clock", self._follow_server)
        self.repeat.every(0.1, "clock went back", self._mind_clock)
        self.repeat.every(10, "heartbeat", self._beat)
        erasure = Erasure(self.store, self.members, self.node, of_hit(self.rooms.links))
        self.repeat.every(5, "erasures", erasure.follow)
        self.repeat.every(3600, "group welcomes", self.rooms.group_welcomes.follow)
        self.repeat.every(3600, "broken off erasures", erasure.resume)
        self.repeat.every(3600, "retention", self._forget)
        self.repeat.every(1, "loop lag", self._measure_lag)

    async def _follow_server(self) -> None:
        """Agree on the time with the store's server, unless the clock is a test's."""
        if isinstance(self.clock, SystemClock):
            before = self.clock.now()
            seconds, micros = await self.store.call("TIME")
            travelled = self.clock.now() - before
            if travelled < 50:
                server = int(seconds) * 1000 + int(micros) // 1000
                self.clock.follow(server + travelled // 2)

    async def _mind_clock(self) -> None:
        """When the clock went back, let nothing wait until it gets to the old time again."""
        now, before = self.clock.now(), self._latest
        if now < before - STEP:
            keys = self.store.keys
            args = [self.store.prefix, now, before, *self.switchboard.connections]
            await self.store.run("rewind", [keys.timers(), keys.outbox_busy()], args)
            log.warning("clock.went_back", seconds=(before - now) / 1000)
        self._latest = now

    async def _beat(self) -> None:
        now, key = self.clock.now(), self.store.keys.nodes()
        await self.store.call("ZADD", key, now, self.node)
        await self.store.call("ZREMRANGEBYSCORE", key, "-inf", now - NODE_KEPT)

    async def _forget(self) -> None:
        days = self.config.retention.journal_days
        await self.journal.trim(self.clock.now() - days * 86_400_000)
        await self.rooms.forget(self.clock.now())

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
