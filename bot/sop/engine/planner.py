"""The planner: looks at the time and makes deliveries of what is due, each exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.delivery.journal import record
from bot.sop.engine.feeder import Feeder
from bot.sop.engine.judge import Judge
from bot.sop.engine.turn import Changed, Rows, Turn
from bot.sop.engine.writing import TOO_FAST, Judged, Writing, entry_of
from bot.sop.record import Sop, run_of
from bot.sop.sops import Sops
from bot.sop.times.schedule import FOREVER_MS, day_of
from bot.sop.times.timing import occurrences
from bot.store.effects import Effects
from bot.store.line import StoreError

log = structlog.get_logger(__name__)

AHEAD = 1_000
"""Deliveries of one SOP in the outbox at most; fewer where the gateways are slow."""
LEAST = 20
PAGE = 1_000
"""Targets read together."""
CHUNK = 100
"""Targets judged together."""
BUDGET = 4_000
"""Targets of one SOP planned before others have their turn."""
FAILURES = 5
"""What must have failed before a share of it means anything."""
BUSY = 0.1
"""Seconds until the next look when there is more to do."""

Found = TypeVar("Found")


class Planner:
    """Makes SOPs go; any number of nodes may look at the same time.

    All that decides is in the store: a target leaves the due list, gets its row and its delivery
    in one script, which asks whether the SOP is still as it was. So a node that dies or sleeps
    in the middle loses and doubles nothing.
    """

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._store = sops.means.store
        self._keys = sops.means.store.keys
        self._feeder = Feeder(sops)
        self._judge = Judge(sops)
        self._writing = Writing(sops)
        self._scheduler: AsyncIOScheduler | None = None
        self._life: asyncio.Task[None] | None = None

    # life

    async def start(self) -> None:
        """Look every second, and whenever somebody rings ``planner``."""
        self._life = asyncio.create_task(self._loop(), name="planner")
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler = AsyncIOScheduler(timezone=ZoneInfo("UTC"), job_defaults=defaults)
        self._scheduler.add_job(self._wake, IntervalTrigger(seconds=1))
        self._scheduler.start()

    async def stop(self) -> None:
        """End; what was begun is gone on with by whoever looks next."""
        if self._scheduler:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
            await asyncio.sleep(0)  # it ends in the loop's next turn
        if self._life:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)

    async def _wake(self) -> None:
        self._sops.means.bell.ring("planner")

    async def _loop(self) -> None:
        while True:
            try:
                more = await self.tick()
            except StoreError as error:
                log.warning("planner.waiting", reason=str(error))
                more = False
            if more:
                await asyncio.sleep(BUSY)
            else:
                await self._sops.means.bell.wait("planner", 5.0)

    # looking

    async def tick(self, now: int | None = None) -> bool:
        """One look at all SOPs, at ``now`` (UTC ms; else the clock's); True when more is due."""
        now, more = self._store.clock.now() if now is None else now, False
        for sop in await self._sops.all():
            try:
                more = await self._look(sop, now) or more
            except Changed:
                more = True
            except StoreError:
                raise
            except Exception:  # supervision boundary: one wrong SOP must not stop the others
                log.exception("planner.failed", sop=sop.id)
        self._sops.means.bell.ring("outbox")
        return more

    async def _look(self, sop: Sop, now: int) -> bool:
        if sop.state == "running":
            return await self._advance(await self._sops.turn(sop, now))
        if sop.state == "paused":
            await self._sops.recall.back(sop.id)
        elif sop.state == "stopping":
            await self._sops.clear(sop)
        return False

    async def _advance(self, turn: Turn) -> bool:
        await self._feeder.feed(turn)
        progress = await self._open(turn)
        for occurrence, state in progress.items():
            if state == "feeding":
                await self._feeder.expand(turn, occurrence)
            elif state == "following":
                await self._feeder.follow(turn, occurrence)
            await self._drain(turn, occurrence)
        more = await self._plan(turn, [*progress])
        await self._mark(turn)
        if turn.template.guards.pause_on_failures is not None:
            await self._mind_failures(turn, [*progress])
        if not more:
            await self._close(turn)
        return more

    async def _open(self, turn: Turn) -> dict[str, str]:
        return await self._store.table("HGETALL", self._keys.sop_open(turn.sop.id))

    async def _drain(self, turn: Turn, occurrence: str) -> None:
        """End what became too late while nobody looked, or keep it till somebody decides."""
        step = turn.version.step(occurrence.split("/", 2)[1])
        before = turn.missed(step) if step else None
        if step is None or before is None:
            return
        ask = step.missed == "ask"
        drain = self._sops.recall.hold if ask else self._sops.recall.drain
        if missed := await drain(turn.sop, occurrence, before - 1, "missed"):
            what, reason = ("sop.asked", "waits for a word") if ask else ("sop.missed", "missed")
            effects = Effects(self._keys)
            record(effects, entry_of(turn, occurrence, what, reason, f"{missed} targets"))
            await self._store.apply(effects)

    # planning

    async def _plan(self, turn: Turn, occurrences: Sequence[str]) -> bool:
        """Plan what is due, as far as the outbox has room; True when more waits."""
        waiting, budget = await self._sops.recall.waiting(turn.sop.id), BUDGET
        for occurrence in occurrences:
            while rows := await self._due(turn, occurrence):
                rows = rows[: min(self._room(turn, waiting), budget)]
                if not rows:
                    return True
                if await self._write(turn, occurrence, rows):
                    break  # its own rate: the rest waits for the next look
                budget -= len(rows)
                waiting = await self._sops.recall.waiting(turn.sop.id)
        return False

    def _room(self, turn: Turn, waiting: int) -> int:
        """How many more the outbox may have; 0 while it is too few to begin."""
        ahead = self._ahead(turn)
        return ahead - waiting if waiting <= ahead // 2 else 0

    async def _write(self, turn: Turn, occurrence: str, rows: Rows) -> bool:
        """Judge and write; True when that became too fast for the SOP. Raises Changed.

        While the store writes a chunk the next one is judged; what the judge reads goes first.
        """
        judged: Judged = []
        for start in range(0, len(rows) + CHUNK, CHUNK):
            found = await asyncio.gather(
                self._judge.judge(turn, occurrence, rows[start : start + CHUNK]),
                self._writing.write(turn, judged),
                return_exceptions=True,
            )
            judged, done = _whole(found[0]), _whole(found[1])
            if TOO_FAST in done:
                return True
        return False

    def _ahead(self, turn: Turn) -> int:
        """About a minute's worth of what the gateways may send."""
        total = 0.0
        for gateway in turn.gateways:
            rate = self._sops.means.capabilities(gateway).account_rate
            total += rate.count * 60 / rate.seconds if rate else AHEAD
        return int(min(AHEAD, max(LEAST, total or AHEAD)))

    async def _due(self, turn: Turn, occurrence: str) -> Rows:
        found = await self._store.table(
            "ZRANGEBYSCORE",
            self._keys.sop_due(occurrence),
            *("-inf", turn.now, "WITHSCORES", "LIMIT", 0, PAGE),
        )
        return [(target, int(float(due))) for target, due in found.items()]

    # afterwards

    async def _mind_failures(self, turn: Turn, occurrences: Sequence[str]) -> None:
        """Pause the SOP when too much of a run fails."""
        share = turn.template.guards.pause_on_failures or 1.0
        for occurrence in occurrences:
            name = run_of(turn.version.number, occurrence)
            run = await self._sops.results.run(turn.sop.id, name)
            failed, tried = run.failed + run.in_doubt, run.failed + run.in_doubt + run.sent
            if failed >= FAILURES and failed > tried * share:
                reason = f"{failed} of {tried} failed in {name}"
                await self._sops.pause(turn.sop.id, "the failure guard", reason=reason)
                raise Changed

    async def _mark(self, turn: Turn) -> None:
        """Write down that everything due by now was looked at."""
        mark, key = turn.cursors["mark"], self._keys.sop_cursor(turn.sop.id)
        if turn.now > int(mark):
            effects = Effects(self._keys)
            effects.guard(turn.sop.token, "HGET", self._keys.sop_state(), turn.sop.id)
            effects.guard(mark, "HGET", key, "mark")
            effects.do("HSET", key, "mark", turn.now)
            await self._store.apply(effects)

    async def _close(self, turn: Turn) -> None:
        """Close occurrences that are over, and the SOP when none can come any more."""
        progress = await self._open(turn)
        for occurrence, state in progress.items():
            if state == "fed" or _long_ago(turn, occurrence) or _led(turn, occurrence, progress):
                await self._close_one(turn, occurrence, state)
        over = turn.template.finite and not progress and not self._ahead_of(turn)
        if over and not await self._with_staff(turn):
            effects = Effects(self._keys)
            effects.guard(turn.sop.token, "HGET", self._keys.sop_state(), turn.sop.id)
            effects.do("DEL", self._keys.sop_cursor(turn.sop.id))
            finished = f"finished/{turn.sop.version}"
            effects.do("HSET", self._keys.sop_state(), turn.sop.id, finished)
            await self._store.apply(effects)

    async def _with_staff(self, turn: Turn) -> bool:
        """Whether steps wait for tasks of staff, or these have messages that can be taken back."""
        asks = any(self._sops.means.capabilities(gateway).asks for gateway in turn.gateways)
        if not asks and not any(step.follows for step in turn.template.step):
            return False
        runs = await self._store.texts("ZRANGE", self._keys.sop_runs(turn.sop.id), 0, -1)
        counts = [
            await self._sops.means.facts.count(
                self._keys.sop_result(f"{turn.sop.id}/{run}", "task")
            )
            for run in runs
        ]
        return any(counts)

    async def _close_one(self, turn: Turn, occurrence: str, state: str) -> None:
        keys = self._keys
        effects = Effects(keys)
        effects.guard(state, "HGET", keys.sop_open(turn.sop.id), occurrence)
        for key in (
            keys.sop_due(occurrence),
            keys.sop_asked(occurrence),
            keys.sop_follow(occurrence),
        ):
            effects.guard(0, "EXISTS", key)
        effects.guard(0, "HLEN", keys.sop_sending(turn.sop.id))
        effects.do("HDEL", keys.sop_open(turn.sop.id), occurrence)
        effects.do("DEL", keys.sop_fed(occurrence))
        await self._store.apply(effects)

    def _ahead_of(self, turn: Turn) -> bool:
        values, later = turn.version.parameters, turn.now + FOREVER_MS
        return any(
            occurrences(turn.template, step, values, turn.zone, turn.now, later)
            for step in turn.template.step
        )


def _whole(found: Found | BaseException) -> Found:
    """What was found; raises what went wrong instead."""
    if isinstance(found, BaseException):
        raise found
    return found


def _long_ago(turn: Turn, occurrence: str) -> bool:
    """Whether it is of a year, or of a date each member has, that is over for everybody."""
    name = occurrence.rpartition("/")[2]
    year = name.partition("-")[0]
    dated = turn.version.yearly and "T" not in name
    return dated and year.isdecimal() and int(year) < day_of(turn.now, turn.zone).year - 1


def _led(turn: Turn, occurrence: str, progress: dict[str, str]) -> bool:
    """Whether a step that follows another can get nobody more: the one before is over."""
    _, ident, name = occurrence.split("/", 2)
    step = turn.template.find(ident)
    if step is None or step.follows is None:
        return False
    before = turn.sop.occurrence(str(step.after_step), name)
    return before not in progress and progress[occurrence] == "following"
