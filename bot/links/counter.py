"""The counter: judges the hits on disk and adds them up, each exactly once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog

from bot.links.judge import Judge
from bot.links.rules import WINDOW
from bot.links.steps import Steps
from bot.store.line import StoreError
from bot.store.store import Store, as_text

ENTRIES = 16
"""Entries of the hits stream read at once: some 20 ms of work, so that redirects soon get their
time back when they come."""
HITS = 64
"""Hits counted by one script, up to the end of an entry: some 3 ms with the largest."""
KEPT = 1_000_000
"""Judged hits kept, at most; ``trim`` forgets them by age."""
IDLE = 0.5
"""Seconds between two looks when there is nothing to count."""
HOLD = 10.0
"""Seconds a process stays the one that counts without saying so again."""
PAUSE = 0.05
"""Seconds between two looks when all is counted, so that there is something to add up."""
GLANCE = 0.005
"""Seconds between two when not, in which one sees what redirects want."""
LEAST = 0.05
"""The share of the time counting gets while redirects want all of it."""

log = structlog.get_logger(__name__)

Count = Callable[[str, int], None]


class Counter:
    """Takes hits from the stream, oldest first, and counts them in one script per batch.

    The script remembers each hit and takes the entries out of the stream in the same step, so no
    crash and no second counter counts one twice; ``node`` only keeps several from the same work.
    ``count`` is told how many hits were judged what.
    """

    def __init__(
        self,
        store: Store,
        judge: Judge,
        steps: Steps,
        node: str,
        count: Count = lambda verdict, number: None,
    ) -> None:
        self._store = store
        self._judge = judge
        self._steps = steps
        self._node = node
        self._count = count
        self._held_until = 0
        self._spare = 1.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to count."""
        self._task = asyncio.create_task(self._run(), name="hit counter")

    async def stop(self) -> None:
        """End; what is not counted is counted by whoever starts next."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def count_some(self) -> int:
        """Count the oldest hits; how many entries of the stream were taken. Raises StoreError."""
        entries = await self._store.call(
            "XRANGE", self._store.keys.hits(), "-", "+", "COUNT", ENTRIES
        )
        batch: list[bytes] = []
        hits: list[list[Any]] = []
        for ident, fields in entries:
            batch.append(ident)
            hits += await self._rows(fields[1].split(b"\n"))
            if len(hits) >= HITS:
                await self._add(batch, hits)
                batch, hits = [], []
                await asyncio.sleep(0)
        if batch:
            await self._add(batch, hits)
        return len(entries)

    async def drain(self) -> None:
        """Count all there is; raises StoreError."""
        while await self.count_some():
            pass

    async def trim(self, older_than: int) -> None:
        """Forget judged hits from before this UTC ms; what was counted stays."""
        await self._store.call(
            "XTRIM", self._store.keys.hits_kept(), "MINID", "~", max(0, older_than)
        )

    async def _run(self) -> None:
        while True:
            try:
                began = time.perf_counter()
                taken = await self.count_some() if await self._mine() else 0
                if not taken:
                    await self._store.clock.sleep(IDLE)
                    continue
                worked = time.perf_counter() - began
                await self._rest(
                    worked / self._spare - worked, GLANCE if taken == ENTRIES else PAUSE
                )
            except StoreError as error:
                log.warning("hits.waiting", reason=str(error))
                await self._store.clock.sleep(IDLE)

    async def _rest(self, seconds: float, least: float) -> None:
        """Leave the processor to redirects: what they do not want of it is for counting."""
        began, used = time.perf_counter(), time.process_time()
        await self._store.clock.sleep(max(least, seconds))
        busy = (time.process_time() - used) / (time.perf_counter() - began)
        self._spare = max(LEAST, 1 - busy)

    async def _mine(self) -> bool:
        """Whether this process is the one that counts now."""
        now, key = self._store.clock.now(), self._store.keys.hits_counter()
        if now < self._held_until - HOLD * 500:
            return True
        milliseconds = int(HOLD * 1000)
        taken = await self._store.call("SET", key, self._node, "NX", "PX", milliseconds)
        if not taken:
            if await self._store.text("GET", key) != self._node:
                return False
            await self._store.call("PEXPIRE", key, milliseconds)
        self._held_until = now + milliseconds
        return True

    async def _add(self, batch: Sequence[bytes], hits: Iterable[Sequence[Any]]) -> None:
        answer = await self._store.run(
            "link_count",
            [self._store.keys.hits()],
            [
                *(self._store.prefix, self._judge.version, WINDOW, KEPT, len(batch)),
                *batch,
                *(value for row in hits for value in row),
            ],
        )
        for verdict, number in zip(answer[::2], answer[1::2], strict=True):
            if number:
                self._count(as_text(verdict), int(number))

    async def _rows(self, lines: Iterable[bytes]) -> list[list[object]]:
        """What the script needs to know of each hit."""
        judged = [*self._judge.of(lines)]
        steps = await self._steps.named({one.code.step for one in judged})
        return [one.row(steps[one.code.step]) for one in judged]
