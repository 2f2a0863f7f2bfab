"""The switchboard: the gateways there are, and which of them this node is connected to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import structlog

from bot.clock import Clock
from bot.config import SANDBOX, Config
from bot.delivery.outbox import Outbox
from bot.delivery.sender import Sender, Window
from bot.gateways.adapter import Accept, Adapter, Inlet
from bot.gateways.adapters import ADAPTERS
from bot.gateways.sandbox import Sandbox, SandboxSettings, World
from bot.gateways.supervision import Connection, Status
from bot.handlers import import_from
from bot.located import Problem, Problems, nearest
from bot.metrics import Metrics
from bot.model.capabilities import Capabilities
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.line import StoreError
from bot.store.store import Store

log = structlog.get_logger(__name__)

HOLD = 15.0
"""Seconds a node holds a gateway without renewing."""
GOODBYE = 2.0
"""Seconds a stop waits for the store to hear of it."""
NOTHING = Capabilities(send_group=False, send_direct=False)

Make = Callable[[Inlet], Adapter]


def makers(config: Config, world: World) -> dict[str, Make]:
    """How to make the adapter of every configured gateway, and the sandbox's. Raises Problems."""
    found: dict[str, Make] = {}
    problems: list[Problem] = []
    if config.sandbox.enabled and SANDBOX not in config.gateways:
        found[SANDBOX] = _sandbox(SandboxSettings(), world)
    for name, settings in config.gateways.items():
        try:
            found[name] = _maker(config, name, settings.adapter, world)
        except Problems as error:
            problems += error.problems
    if problems:
        raise Problems(problems)
    return found


def _maker(config: Config, name: str, adapter: str, world: World) -> Make:
    if adapter == SANDBOX:
        return _sandbox(config.gateway_settings(name, SandboxSettings), world)
    kind = ADAPTERS.get(adapter) or _own(config, name, adapter)
    settings = config.gateway_settings(name, kind.Settings)
    return lambda inlet: kind(inlet, settings)


def _own(config: Config, name: str, adapter: str) -> type[Adapter]:
    """Somebody's own adapter, named "module:Class"."""
    path = ("gateways", name, "adapter")
    name, _, attribute = adapter.partition(":")
    if not attribute:
        hint = nearest(adapter, [*ADAPTERS, SANDBOX])
        raise Problems([config.problem(path, f'unknown adapter "{adapter}"', hint)])
    module, problem = import_from(Path.cwd(), name)
    if problem:
        raise Problems([config.problem(path, f"cannot be imported: {problem}")])
    kind = getattr(module, attribute, None)
    if not (isinstance(kind, type) and issubclass(kind, Adapter)):
        raise Problems([config.problem(path, f"{adapter} is no bot.Adapter")])
    return kind


def _sandbox(settings: SandboxSettings, world: World) -> Make:
    return lambda inlet: Sandbox(inlet, settings, world)


class Switchboard:
    """Connects this node to gateways nobody else holds, and takes over when a node is gone.

    A gateway whose adapter is not ``exclusive`` is connected on every node.
    """

    def __init__(
        self,
        node: str,
        made: dict[str, Make],
        accept: Accept,
        outbox: Outbox,
        store: Store,
        bell: Bell,
        clock: Clock,
        random: Random,
        window: Window,
        metrics: Metrics,
    ) -> None:
        self._node = node
        self._makers = made
        self._accept = accept
        self._outbox = outbox
        self._store = store
        self._bell = bell
        self._clock = clock
        self._random = random
        self._window = window
        self._metrics = metrics
        self._held: set[str] = set()
        self._used: set[str] = set()
        self._keeper: asyncio.Task[None] | None = None
        self.connections = {name: self._connection(name) for name in made}
        self.senders: dict[str, Sender] = {}

    async def start(self) -> None:
        """Connect to what is free, and go on looking."""
        await self._look()
        self._keeper = asyncio.create_task(self._keep(), name="switchboard")

    async def stop(self) -> None:
        """Disconnect, once what is at the gateways has been answered."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await asyncio.gather(*(self._release(name) for name in sorted(self._held)))

    async def _release(self, name: str) -> None:
        """Drop a gateway and let another node have it at once, where the store is there to know."""
        await self._drop(name)
        effects, key = Effects(self._store.keys), self._store.keys.gateway_owner(name)
        effects.guard(self._node, "GET", key)
        effects.do("DEL", key)
        with suppress(StoreError, TimeoutError):
            await asyncio.wait_for(self._store.apply(effects), GOODBYE)

    def capabilities(self, gateway: str) -> Capabilities:
        """What a gateway can do; one that is not configured any more can do nothing."""
        connection = self.connections.get(gateway)
        return connection.adapter.capabilities if connection else NOTHING

    def adapters(self) -> dict[str, Adapter]:
        """The adapters this node is connected with now, by gateway."""
        return {name: self.connections[name].adapter for name in self._held}

    def gateways(self) -> list[tuple[str, str, Status, Capabilities]]:
        """Name, adapter, status and capabilities of every gateway."""
        return [
            (name, type(c.adapter).__name__, c.status, c.adapter.capabilities)
            for name, c in self.connections.items()
        ]

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(HOLD / 5)
            try:
                await self._look()
            except StoreError as error:
                log.warning("switchboard.waiting", reason=str(error))

    async def _look(self) -> None:
        for name in self._makers:
            ours = await self._hold(name)
            if ours and name not in self._held:
                await self._take(name)
            elif not ours and name in self._held:
                log.warning("switchboard.lost", gateway=name)
                await self._drop(name)

    async def _hold(self, name: str) -> bool:
        if not self.connections[name].adapter.exclusive:
            return True
        key = self._store.keys.gateway_owner(name)
        return bool(await self._store.run("hold", [key], [self._node, int(HOLD * 1000)]))

    async def _take(self, name: str) -> None:
        if name in self._used:  # a connection runs once
            self.connections[name] = self._connection(name)
        connection = self.connections[name]
        sender = self.senders[name] = self._sender(name, connection.adapter)
        self._held.add(name)
        self._used.add(name)
        await sender.start()
        await connection.start()

    async def _drop(self, name: str) -> None:
        self._held.discard(name)
        await self.senders.pop(name).stop()
        await self.connections[name].stop()

    def _connection(self, name: str) -> Connection:
        gauge = self._metrics.gateway_up.labels(name)

        def changed(status: Status) -> None:
            gauge.set(1 if status.state == "online" else 0)

        return Connection(
            name,
            self._makers[name],
            self._accept,
            self._clock,
            self._random,
            on_change=changed,
            store=self._store,
        )

    def _sender(self, name: str, adapter: Adapter) -> Sender:
        return Sender(
            name,
            self._node,
            adapter,
            self._outbox,
            self._store,
            self._bell,
            self._clock,
            self._window,
            self._metrics,
        )
