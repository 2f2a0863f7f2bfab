"""The line: one connection that pipelines whatever is asked at once, so writes share an fsync."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import Any, cast

import hiredis
import structlog

from bot.store.address import Address, Locate
from bot.store.scripts import names, script

log = structlog.get_logger(__name__)

ELSEWHERE = (
    *("MOVED", "ASK", "READONLY", "LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN"),
    "NOSCRIPT",
)
"""Refusals that a new connection, which brings its scripts, may cure."""
UNABLE = ("BUSY ", "MISCONF", "OOM", "NOREPLICAS", "NOAUTH", "UNKILLABLE")
"""Refusals for the server's sake: the same command may do later."""
STALLED = 15.0
"""Seconds with commands sent and nothing heard after which the connection is held dead."""
STEADY = 5.0
"""Seconds a connection must have lasted to count as one: then the next wait is short again."""


class StoreError(Exception):
    """The server refused a command."""


class StoreAway(StoreError):
    """The server could not be reached or could do nothing; the command may have been done."""


Waiting = tuple[bytes, "asyncio.Future[Any]"]


class Line(asyncio.Protocol):
    """Sends commands in the order they are asked and answers each.

    Commands asked in one turn of the loop leave in one write: under ``appendfsync always`` they
    share one fsync. When the connection ends, everything unanswered is sent again on the next
    one: so a command must be idempotent, which is why writes are scripts that carry an id.
    After ``patience`` seconds without a connection, what was asked fails with StoreAway.
    """

    def __init__(self, locate: Locate, patience: float = 30.0) -> None:
        self._locate = locate
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._unsent: deque[Waiting] = deque()
        self._sent: deque[Waiting] = deque()
        self._transport: asyncio.Transport | None = None
        self._greeting: list[asyncio.Future[Any]] = []
        self._reader = hiredis.Reader()
        self._heard = 0.0
        self._since = self._away = self._loop.time()
        self._scheduled = False
        self._writable = True
        self._ready = False
        self._closed = False
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()
        self.generation = 0

    # asking

    def ask(self, *command: Any) -> asyncio.Future[Any]:
        """Queue one command and return its answer's future; the loop sends it this turn."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._closed:
            _let_down(future, "the store was closed")
            return future
        self._unsent.append((hiredis.pack_command(command), future))
        if not self._scheduled and self._ready and self._writable:
            self._scheduled = True
            self._loop.call_soon(self._flush)
        return future

    async def call(self, *command: Any) -> Any:
        """Send one command and return its answer; raises StoreAway, or StoreError on a refusal."""
        return await self.ask(*command)

    # life

    async def open(self) -> None:
        """Connect, and keep connected until ``close``."""
        self._keeper = asyncio.create_task(self._keep(), name="store line")
        await self.connected.wait()

    async def close(self) -> None:
        """End the connection; what was not answered fails with StoreAway."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._transport:
            self._transport.close()
        self._closed = True
        self._fail("the store was closed")

    async def _keep(self) -> None:
        delay = 0.02
        while True:
            try:
                address = await asyncio.wait_for(self._locate(), 5)
                await self._connect(address)
                await self._watch()
            except (OSError, TimeoutError, StoreError, hiredis.HiredisError, ValueError) as error:
                log.warning("store.away", reason=str(error) or type(error).__name__)
            finally:
                steady = self._disconnect()
            now = self._loop.time()
            if steady:
                delay, self._away = 0.02, now
            if now - self._away > self._patience:
                self._fail("the store is away")
            await asyncio.sleep(delay)
            delay = min(1.0, delay * 2)

    async def _connect(self, address: Address) -> None:
        self._reader = hiredis.Reader()
        self._lost.clear()
        if address.path:
            opening = self._loop.create_unix_connection(lambda: self, address.path)
        else:
            tls = ssl.create_default_context() if address.tls else None
            opening = self._loop.create_connection(
                lambda: self, address.host, address.port, ssl=tls
            )
        await asyncio.wait_for(opening, 5)
        held, self._unsent = self._unsent, deque()
        resend = [*self._sent, *held]
        self._sent.clear()
        try:
            await self._greet(address)
        finally:
            self._unsent = deque(w for w in [*resend, *self._unsent] if not w[1].done())
        self.generation += 1
        self._ready = True
        self._since = self._loop.time()
        self.connected.set()
        self._flush()

    async def _greet(self, address: Address) -> None:
        commands: list[tuple[Any, ...]] = []
        if address.password:
            user = (address.username,) if address.username else ()
            commands.append(("AUTH", *user, address.password))
        if address.db:
            commands.append(("SELECT", address.db))
        commands += [("SCRIPT", "LOAD", script(name).source) for name in names()]
        self._greeting = [self._loop.create_future() for _ in commands]
        packed = map(hiredis.pack_command, commands)
        self._write(list(zip(packed, self._greeting, strict=True)))
        try:
            await asyncio.wait_for(asyncio.gather(*self._greeting), 5)
        finally:
            for future in self._greeting:
                future.cancel()
            self._greeting = []

    async def _watch(self) -> None:
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(1.0):
                    await self._lost.wait()
            except TimeoutError:
                if self._sent and self._loop.time() - self._heard > STALLED:
                    raise StoreAway(f"no answer for {STALLED:.0f} seconds") from None
        raise StoreAway("the connection ended")

    def _fail(self, reason: str) -> None:
        """Let down everybody who waits."""
        for _, future in [*self._sent, *self._unsent]:
            _let_down(future, reason)
        self._sent.clear()
        self._unsent.clear()

    def _disconnect(self) -> bool:
        """Let go of the connection; whether it had been a steady one."""
        steady = self.connected.is_set() and self._loop.time() - self._since > STEADY
        self._ready = False
        self.connected.clear()
        if self._transport:
            self._transport.abort()
            self._transport = None
        return steady

    # the wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._writable = True
        self._heard = self._loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ready = False
        self._lost.set()
        for future in self._greeting:
            _let_down(future, "the connection ended")

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._flush()

    def _flush(self) -> None:
        self._scheduled = False
        if self._ready and self._unsent:
            batch, self._unsent = self._unsent, deque()
            self._write(batch)

    def _write(self, batch: deque[Waiting] | list[Waiting]) -> None:
        if not self._sent:
            self._heard = self._loop.time()
        self._sent.extend(batch)
        if self._transport:
            self._transport.write(b"".join([packed for packed, _ in batch]))

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            waiting = self._sent.popleft()
            if isinstance(answer, hiredis.ReplyError):
                self._refused(waiting, str(answer))
            elif not waiting[1].done():
                waiting[1].set_result(answer)

    def _refused(self, waiting: Waiting, message: str) -> None:
        if message.startswith(ELSEWHERE) and waiting[1] not in self._greeting:
            self._sent.append(waiting)
            self._ready = False
            self._lost.set()
        elif not waiting[1].done():
            kind = StoreAway if message.startswith((*ELSEWHERE, *UNABLE)) else StoreError
            waiting[1].set_exception(kind(message))


def _let_down(future: asyncio.Future[Any], reason: str) -> None:
    if not future.done():
        future.set_exception(StoreAway(reason))
        future.exception()  # whoever waits sees it; where nobody does, nobody is warned
