"""The recorder: a hit is on disk before its answer, in the store or, without it, in the spool."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import structlog

from bot.links.spool import CHUNK, Spool
from bot.store.line import StoreError
from bot.store.store import Store

PATIENCE = 0.3
"""Seconds a redirect waits for the store."""
RETRY = 1.0
"""Seconds until a store that refused spooled hits is asked again."""

log = structlog.get_logger(__name__)

Waiting = tuple[bytes, "asyncio.Future[None]"]
Count = Callable[[str, int], None]


@dataclass(slots=True)
class _Sent:
    """Hits on their way to the store, its answer, and how long it has for it (loop time)."""

    hits: Sequence[Waiting]
    answer: asyncio.Future[object]
    deadline: float


class Recorder:
    """Writes hits in groups: all of one turn of the loop are one command and one fsync.

    When the store is away, refuses, or takes longer than PATIENCE, hits go to the spool; from
    then on they go there at once, until the store answers again and has got the spool's. A hit
    may so be in the store twice, and is counted once by its ``origin`` and serial.
    ``count`` is told what became of hits: "stored", "spooled" or "lost" (the disk is full too).
    """

    def __init__(self, store: Store, folder: Path, count: Count = lambda what, number: None):
        self.origin = token_hex(8)
        self._store = store
        self._key = store.keys.hits()
        self._spool = Spool(folder, self.origin)
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._batch: list[Waiting] = []
        self._sent: deque[_Sent] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._healthy = True
        self._spooling: list[Waiting] = []
        self._to_spool = asyncio.Event()
        self._trouble = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; what an earlier life left in the spool is replayed."""
        if self._spool.left():
            self._trouble.set()
        self._tasks = [
            asyncio.create_task(self._write_spool(), name="hit spool"),
            asyncio.create_task(self._heal(), name="hit replay"),
        ]

    async def stop(self) -> None:
        """Bring what is under way to disk and end."""
        self._flush()
        if self._sent:
            await asyncio.wait([sent.answer for sent in self._sent], timeout=PATIENCE)
        for sent in self._sent:
            sent.answer.cancel()
        await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._timer:
            self._timer.cancel()
        await self._spool_all()
        await self._spool.close()

    def left(self) -> bool:
        """Whether hits still wait for the store, here or in the spool."""
        return bool(self._batch or self._sent or self._spooling) or self._spool.left()

    def record(self, hit: bytes) -> asyncio.Future[None]:
        """Queue a hit as stored; done when it is on disk, or when it cannot be."""
        future: asyncio.Future[None] = self._loop.create_future()
        if not self._batch:
            self._loop.call_soon(self._flush)
        self._batch.append((hit, future))
        return future

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if not batch:
            return
        if not (self._healthy and self._store.available):
            self._to_disk(batch)
            return
        deadline = self._loop.time() + PATIENCE
        for start in range(0, len(batch), CHUNK):
            self._send(batch[start : start + CHUNK], deadline)

    def _send(self, hits: Sequence[Waiting], deadline: float) -> None:
        block = b"\n".join([hit for hit, _ in hits])
        sent = _Sent(hits, self._store.ask("XADD", self._key, "*", "hits", block), deadline)
        self._sent.append(sent)
        sent.answer.add_done_callback(lambda _: self._answered(sent))
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._overdue)

    def _answered(self, sent: _Sent) -> None:
        while self._sent and self._sent[0].answer.done():
            self._sent.popleft()
        if sent.answer.cancelled() or sent.answer.exception():
            self._to_disk(sent.hits)
            return
        self._settle(sent.hits, "stored")

    def _overdue(self) -> None:
        """Take back what the store had too long."""
        self._timer = None
        while self._sent and self._sent[0].deadline <= self._loop.time():
            self._sent.popleft().answer.cancel()
        if self._sent:
            self._timer = self._loop.call_at(self._sent[0].deadline, self._overdue)

    def _to_disk(self, hits: Sequence[Waiting]) -> None:
        self._healthy = False
        self._spooling.extend(hits)
        self._to_spool.set()
        self._trouble.set()

    def _settle(self, hits: Sequence[Waiting], what: str) -> None:
        for _, future in hits:
            if not future.done():
                future.set_result(None)
        self._count(what, len(hits))

    async def _write_spool(self) -> None:
        while True:
            await self._to_spool.wait()
            self._to_spool.clear()
            await self._spool_all()

    async def _spool_all(self) -> None:
        hits, self._spooling = self._spooling, []
        if not hits:
            return
        try:
            await self._spool.append([hit for hit, _ in hits])
            self._settle(hits, "spooled")
            self._trouble.set()
        except asyncio.CancelledError:
            self._spooling = hits + self._spooling
            raise
        except OSError as error:
            log.error("hits.lost", number=len(hits), reason=str(error))
            self._settle(hits, "lost")

    async def _heal(self) -> None:
        while True:
            await self._trouble.wait()
            self._trouble.clear()
            try:
                await self._store.call("PING")
                self._healthy = True
                replayed = await self._spool.replay(self._push)
                if replayed:
                    log.info("hits.replayed", number=replayed)
            except (StoreError, OSError) as error:
                log.warning("hits.spooling", reason=str(error) or type(error).__name__)
                self._trouble.set()
                await asyncio.sleep(RETRY)

    async def _push(self, lines: Sequence[bytes]) -> None:
        await self._store.call("XADD", self._key, "*", "hits", b"\n".join(lines))
