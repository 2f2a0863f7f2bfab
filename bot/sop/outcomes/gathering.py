"""Gathering: open message tasks of one staff member with one message become one errand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from bot.model.asking import AskKind
from bot.model.capabilities import Capabilities
from bot.model.delivery import place_of
from bot.model.message import Message
from bot.sop.outcomes.errand import LEASE, Book, Errand, chunks
from bot.sop.outcomes.tasks import Task
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

CALM = 20_000
"""Ms without a new task after which all are there that come together."""
LONGEST_WAIT = 120_000
"""Ms the first of them waits at most."""
AT_ONCE = 20_000
"""Tasks looked at together."""
HOLD = 30
"""Seconds one node gathers; two at once would only make more errands than need be."""
AGAIN = 60_000
"""Ms until tasks of a paused SOP are looked at again."""

NEAR = 600_000
"""Ms between the ends of tasks that are asked together, at most: all end with the first."""
PART = 10
"""It is no more than this part of the time staff have."""

Mark = tuple[str, str, AskKind, Message]
"""Run, staff member, kind and message: what the tasks of one errand share."""


class Gathering:
    """Puts each task into one errand at most, whatever node does it and wherever it ends.

    An errand is written down first and its tasks are put into it one by one; what was put in
    when a node ended is asked, the rest becomes another errand.
    """

    def __init__(self, store: Store, members: Members, book: Book) -> None:
        self._store = store
        self._keys = store.keys
        self._members = members
        self._book = book

    async def gather(self, gateway: str, can: Capabilities) -> int:
        """Make errands of what is there, once no more comes; how many."""
        if not await self._calm(gateway):
            return 0
        lock = self._keys.sop_gathering(gateway)
        if not await self._store.call("SET", lock, 1, "NX", "EX", HOLD):
            return 0
        try:
            made = 0
            for mark, tasks in (await self._groups(gateway)).items():
                if mark[2] == "moment":
                    made += await self._publish(gateway, mark, tasks)
                    continue
                most = can.ask_accounts if mark[2] == "direct" else can.ask_groups
                for some in (part for near in _near(tasks) for part in _within(near, most)):
                    made += await self._make(gateway, mark, some)
            return made
        finally:
            await self._store.call("DEL", lock)

    async def _calm(self, gateway: str) -> bool:
        now, key = self._store.clock.now(), self._keys.sop_unasked(gateway)
        args = ("WITHSCORES", "LIMIT", 0, 1)
        oldest = await self._store.table("ZRANGEBYSCORE", key, "-inf", now, *args)
        newest = await self._store.table("ZREVRANGEBYSCORE", key, now, "-inf", *args)
        if not oldest or not newest:
            return False
        first, last = int(float(*oldest.values())), int(float(*newest.values()))
        return last <= now - CALM or first <= now - LONGEST_WAIT

    async def _groups(self, gateway: str) -> dict[Mark, list[Task]]:
        """Tasks to ask about, by what they share."""
        now, key = self._store.clock.now(), self._keys.sop_unasked(gateway)
        idents = await self._store.texts("ZRANGEBYSCORE", key, "-inf", now, "LIMIT", 0, AT_ONCE)
        states = await self._store.table("HGETALL", self._keys.sop_state())
        found = defaultdict[Mark, list[Task]](list)
        for some in chunks(idents):
            bodies = await self._store.call("HMGET", self._keys.sop_task(), *some)
            held = await self._store.call("HMGET", self._keys.sop_errand_of(), *some)
            for ident, body, errand in zip(some, bodies, held, strict=True):
                task = None if body is None else Task.model_validate_json(body)
                if task is not None and states.get(task.sop, "").startswith("paused/"):
                    await self._store.call("ZADD", key, "XX", now + AGAIN, ident)
                    continue
                staff = await self._staff(task) if task else ""
                if task is None or errand is not None or not staff:
                    await self._store.call("ZREM", key, ident)  # a person's, or in an errand
                    continue
                found[task.run, staff, _kind(task), task.message].append(task)
        return found

    async def _staff(self, task: Task) -> str:
        """Who sends it: to a group its owner, to a member theirs."""
        if task.to.group is None:
            return task.owner
        number = task.target if task.member is None else place_of(task.name)
        group = await self._members.group(number) if number else None
        return (group.owner if group else "") or task.owner

    async def _publish(self, gateway: str, mark: Mark, tasks: Sequence[Task]) -> bool:
        """One moment for all, also for who comes late: everybody sees each there is."""
        for errand in await self._book.all():
            if (errand.run, errand.staff, errand.kind) == mark[:3] and errand.gateway == gateway:
                await asyncio.gather(*(self._put(errand, task) for task in tasks))
                return False
        return await self._make(gateway, mark, tasks)

    async def _make(self, gateway: str, mark: Mark, tasks: Sequence[Task]) -> bool:
        run, staff, kind, _ = mark
        number = int(await self._store.call("INCR", self._keys.fence()))
        errand = Errand(
            id=f"{tasks[0].sop}/{number}",
            gateway=gateway,
            staff=staff,
            kind=kind,
            sop=tasks[0].sop,
            run=run,
            text=tasks[0].text,
            rich=tasks[0].rich,
            seen_by=tasks[0].seen_by,
            ends=min(task.due for task in tasks),
        )
        now, effects = self._store.clock.now(), Effects(self._keys)
        self._book.begin(effects, errand, now + LEASE)
        await self._store.apply(effects)
        for start in range(0, len(tasks), 200):
            await asyncio.gather(*(self._put(errand, task) for task in tasks[start : start + 200]))
        effects = self._book.guarded(errand)
        if put := await self._store.call("HLEN", self._keys.sop_errand_targets(errand.id)):
            self._book.begin(effects, errand, now)
        else:
            self._book.end(effects, errand)
        await self._store.apply(effects)
        return bool(put)

    async def _put(self, errand: Errand, task: Task) -> bool:
        """Put a task into an errand that was not asked yet; False when it is closed or in one."""
        keys, effects = self._keys, self._book.guarded(errand)
        effects.guard(1, "HEXISTS", keys.sop_task(), task.id)
        effects.guard(0, "HEXISTS", keys.sop_errand_of(), task.id)
        effects.do("HSET", keys.sop_errand_of(), task.id, errand.id)
        effects.do("HSET", keys.sop_errand_targets(errand.id), task.id, _target(task))
        effects.do("ZREM", keys.sop_unasked(task.to.gateway), task.id)
        effects.do("ZREM", keys.sop_reminders(), task.id)
        return await self._store.apply(effects)


def _kind(task: Task) -> AskKind:
    if task.moment:
        return "moment"
    return "direct" if task.to.group is None else "group"


def _target(task: Task) -> str:
    return str(task.to.account if task.to.group is None else task.to.group)


def _near(tasks: Sequence[Task]) -> list[list[Task]]:
    """The tasks whose time ends together, the first to end first."""
    found: list[list[Task]] = []
    for task in sorted(tasks, key=lambda one: one.due):
        first = found[-1][0] if found else task
        near = min(NEAR, (first.due - first.opened) // PART)
        if not found or task.due - first.due > near:
            found.append([])
        found[-1].append(task)
    return found


def _within(tasks: Sequence[Task], most: int | None) -> list[list[Task]]:
    """The tasks with at most so many targets each, those of one target together."""
    by_target = defaultdict[str, list[Task]](list)
    for task in tasks:
        by_target[_target(task)].append(task)
    targets = sorted(by_target)
    size = most or len(targets)
    return [
        [task for target in targets[i : i + size] for task in by_target[target]]
        for i in range(0, len(targets), size)
    ]
