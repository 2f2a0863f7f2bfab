"""Staff tasks: messages a staff member must send, where the gateway lets nobody else."""

from __future__ import annotations

from bot.delivery.journal import Entry, record
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.sop.record import Sop
from bot.store.effects import Effects
from bot.store.store import Store

CHUNK = 200


class Task(Frozen):
    """A message to send by hand; ``due`` is UTC ms, ``run`` and ``target`` say which row it is."""

    id: str
    sop: str
    run: str
    target: int
    to: Conversation
    text: str
    due: int
    member: int | None = None


class Tasks:
    """The open tasks; a done one is a row that was sent."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def assign(self, effects: Effects, task: Task) -> None:
        """Open a task at commit."""
        effects.do("HSET", effects.keys.sop_task(), task.id, task.model_dump_json())
        effects.do("ZADD", effects.keys.sop_tasks(), task.due, task.id)

    async def open(self, start: int = 0, limit: int = 50) -> list[Task]:
        """Open tasks, the earliest due first."""
        keys = self._store.keys
        idents = await self._store.texts("ZRANGE", keys.sop_tasks(), start, start + limit - 1)
        if not idents:
            return []
        bodies = await self._store.call("HMGET", keys.sop_task(), *idents)
        return [Task.model_validate_json(body) for body in bodies if body is not None]

    async def count(self) -> int:
        """How many are open."""
        return int(await self._store.call("ZCARD", self._store.keys.sop_tasks()))

    async def done(self, ident: str, by: str) -> bool:
        """The staff member sent it; False when the task is not open."""
        return await self._close(ident, "sent", "", by)

    async def skip(self, ident: str, by: str) -> bool:
        """It is not to be sent; False when the task is not open."""
        return await self._close(ident, "skipped:staff", "left out by staff", by)

    async def postpone(self, ident: str, until: int, by: str) -> bool:
        """Due at ``until`` (UTC ms) instead; False when the task is not open."""
        task = await self._task(ident)
        if task is None:
            return False
        effects = self._guarded(ident)
        self.assign(effects, task.model_copy(update={"due": until}))
        self._note(effects, task, "task.postponed", "", by)
        return await self._store.apply(effects)

    async def drop(self, sop: Sop) -> None:
        """Close all tasks of a SOP that is being stopped."""
        cursor = b"0"
        while True:
            cursor, flat = await self._store.call(
                "HSCAN", self._store.keys.sop_task(), cursor, "COUNT", CHUNK
            )
            for body in flat[1::2]:
                task = Task.model_validate_json(body)
                if task.sop == sop.id:
                    await self._close(task.id, "skipped:stopped", "stopped", "the stop")
            if cursor == b"0":
                return

    async def _task(self, ident: str) -> Task | None:
        body = await self._store.call("HGET", self._store.keys.sop_task(), ident)
        return None if body is None else Task.model_validate_json(body)

    def _guarded(self, ident: str) -> Effects:
        effects = Effects(self._store.keys)
        effects.guard(1, "HEXISTS", effects.keys.sop_task(), ident)
        return effects

    async def _close(self, ident: str, outcome: str, reason: str, by: str) -> bool:
        task = await self._task(ident)
        if task is None:
            return False
        effects, keys = self._guarded(ident), self._store.keys
        effects.do("HDEL", keys.sop_task(), ident)
        effects.do("ZREM", keys.sop_tasks(), ident)
        effects.fact(keys.sop_result(task.run, "task"), task.target, present=False)
        effects.fact(keys.sop_result(task.run, outcome), task.target)
        what = "task.done" if outcome == "sent" else "task.skipped"
        self._note(effects, task, what, reason, by)
        return await self._store.apply(effects)

    def _note(self, effects: Effects, task: Task, what: str, reason: str, by: str) -> None:
        entry = Entry(
            at=self._store.clock.now(),
            what=what,
            conversation=task.to.key,
            member=task.member,
            source=f"sop {task.sop}, by {by}",
            reason=reason,
            text=task.text,
        )
        record(effects, entry)
