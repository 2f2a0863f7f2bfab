"""Staff tasks: messages a staff member must send, where the gateway lets nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from bot.delivery.journal import Entry, record
from bot.delivery.outbox import follow
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.delivery import place_of
from bot.model.message import Mention, Message, Text
from bot.sop.record import Sop
from bot.store.effects import Effects
from bot.store.store import Store

CHUNK = 200
HEARD = 86_400_000
"""Ms in which a reply is credited to a message that was sent by hand."""

LAST = frozenset({"skipped:stopped", "skipped:left", "failed"})
"""Outcomes after which nothing follows."""


class Task(Frozen):
    """Something for staff to do, or a message to send by hand.

    ``title`` says what to do; '' when it is only to send ``text``, or ``rich`` where a message is
    more than words: then ``text`` sums it up. ``opened`` and ``due`` are UTC
    ms; ``run`` and ``target`` say which row it is, ``name`` is the target's whole name, ``follow``
    the occurrences that come after; ``owner`` is the staff member it is for, if anybody owns it;
    ``timed``: the moment it is done is kept. ``moment``: the owner publishes it, and contacts with
    one of the tags ``seen_by`` see it, or all.
    """

    id: str
    sop: str
    run: str
    target: int
    name: str = ""
    to: Conversation
    title: str = ""
    text: str = ""
    rich: Message | None = None
    moment: bool = False
    seen_by: tuple[str, ...] = ()
    opened: int = 0
    due: int
    member: int | None = None
    owner: str = ""
    follow: tuple[str, ...] = ()
    timed: bool = False

    @property
    def message(self) -> Message:
        """What is to be sent."""
        return self.rich or Message.of(self.text)

    @property
    def words(self) -> str:
        """What of the message can be copied."""
        if self.rich is None:
            return self.text
        written = (one for one in self.rich.segments if isinstance(one, Text | Mention))
        return Message(segments=tuple(written)).summary.strip()


def rich(message: Message | None) -> Message | None:
    """The message where it is more than words."""
    if message is None or all(isinstance(one, Text) for one in message.segments):
        return None
    return message


@dataclass(slots=True)
class Share:
    """One staff member's tasks of a SOP; ``late`` are those closed late, or open and overdue."""

    staff: str
    done: int = 0
    skipped: int = 0
    open: int = 0
    late: int = 0

    @property
    def due(self) -> int:
        """All they had to do."""
        return self.done + self.skipped + self.open


class Tasks:
    """The open tasks; a done one is a row that was sent."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def assign(self, effects: Effects, task: Task) -> None:
        """Open a task at commit."""
        self._put(effects, task)
        if task.text and not task.title:
            unasked = effects.keys.sop_unasked(task.to.gateway)
            effects.do("ZADD", unasked, task.opened, task.id)

    def _put(self, effects: Effects, task: Task) -> None:
        effects.do("HSET", effects.keys.sop_task(), task.id, task.model_dump_json())
        effects.do("ZADD", effects.keys.sop_tasks(), task.due, task.id)
        effects.do("ZADD", effects.keys.sop_reminders(), task.due, task.id)

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

    async def shares(self, sop: str) -> list[Share]:
        """Who of staff had how much to do in a SOP; '' are tasks nobody owns.

        Closed tasks count for their owner, else for who closed them; what ended because the SOP
        was stopped counts for nobody.
        """
        found: dict[str, Share] = {}
        closed = await self._store.table("HGETALL", self._store.keys.sop_staff(sop))
        for field, number in closed.items():
            staff, _, outcome = field.rpartition("\n")
            share = found.setdefault(staff, Share(staff))
            kind, late = outcome.removesuffix(" late"), outcome.endswith(" late")
            if kind != "skipped:stopped":
                share.done += int(number) if kind == "sent" else 0
                share.skipped += int(number) if kind == "skipped:staff" else 0
                share.late += int(number) if late else 0
        now = self._store.clock.now()
        for task in await self.all():
            if task.sop == sop:
                share = found.setdefault(task.owner, Share(task.owner))
                share.open += 1
                share.late += task.due < now
        return sorted((one for one in found.values() if one.due), key=lambda one: one.staff)

    async def all(self) -> list[Task]:
        """Every open task, in no order."""
        found, cursor = dict[str, Task](), b"0"
        while True:
            cursor, flat = await self._store.call(
                "HSCAN", self._store.keys.sop_task(), cursor, "COUNT", CHUNK
            )
            for body in flat[1::2]:
                task = Task.model_validate_json(body)
                found[task.id] = task
            if cursor == b"0":
                return [*found.values()]

    async def done(self, ident: str, by: str) -> bool:
        """The staff member sent it; False when the task is not open."""
        return await self._close(ident, "sent", "", by)

    async def skip(self, ident: str, by: str) -> bool:
        """It is not to be sent; False when the task is not open."""
        return await self._close(ident, "skipped:staff", "left out by staff", by)

    async def postpone(self, ident: str, until: int, by: str) -> bool:
        """Due at ``until`` (UTC ms) instead; False when the task is not open."""
        task = await self.get(ident)
        if task is None:
            return False
        effects = self._guarded(ident)
        self._put(effects, task.model_copy(update={"due": until}))
        self._note(effects, task, "task.postponed", "", by)
        return await self._store.apply(effects)

    async def ended(
        self, ident: str, outcome: str, reason: str, by: str, at: int | None = None
    ) -> bool:
        """Close a task as the platform says: "sent" at ``at`` (UTC ms), "skipped:left" and so on.

        False when it is not open.
        """
        return await self._close(ident, outcome, reason, by, at)

    async def drop(self, sop: Sop) -> None:
        """Close all tasks of a SOP that is being stopped, but those staff may be sending now."""
        with_staff = await self._store.table("HGETALL", self._store.keys.sop_errand_of())
        for task in await self.all():
            if task.sop == sop.id and task.id not in with_staff:
                await self._close(task.id, "skipped:stopped", "stopped", "the stop")

    async def get(self, ident: str) -> Task | None:
        """One open task, or None."""
        body = await self._store.call("HGET", self._store.keys.sop_task(), ident)
        return None if body is None else Task.model_validate_json(body)

    def _guarded(self, ident: str) -> Effects:
        effects = Effects(self._store.keys)
        effects.guard(1, "HEXISTS", effects.keys.sop_task(), ident)
        return effects

    async def _close(
        self, ident: str, outcome: str, reason: str, by: str, at: int | None = None
    ) -> bool:
        task = await self.get(ident)
        if task is None:
            return False
        effects, keys = self._guarded(ident), self._store.keys
        effects.do("HDEL", keys.sop_task(), ident)
        effects.do("ZREM", keys.sop_tasks(), ident)
        effects.do("ZREM", keys.sop_reminders(), ident)
        effects.do("ZREM", keys.sop_unasked(task.to.gateway), ident)
        effects.do("HDEL", keys.sop_errand_of(), ident)
        effects.fact(keys.sop_result(task.run, "task"), task.target, present=False)
        effects.fact(keys.sop_result(task.run, outcome), task.target)
        now = at or self._store.clock.now()
        if outcome not in LAST:
            follow(effects, task.follow, task.name, now)
        if outcome == "failed":
            why = f"{task.name or task.target}\n{reason}"
            effects.do("HSET", keys.sop_failed(task.run), task.target, why)
        if outcome == "sent" and task.member is None:
            effects.reached(task.run, task.target)
        elif outcome == "sent" and (place := place_of(task.name)):
            effects.reached_alone(task.run, place, task.target)
        if outcome == "sent" and task.text:
            who = f"m{task.target}" if task.member is not None else f"g{task.target}"
            effects.credit(who, task.run, HEARD)
            if task.timed:
                effects.sent(task.run, task.target, now)
        late = " late" if now > task.due else ""
        staff = task.owner or by
        effects.do("HINCRBY", keys.sop_staff(task.sop), f"{staff}\n{outcome}{late}", 1)
        what = "task.done" if outcome == "sent" else "task.skipped"
        self._note(effects, task, what, reason, by)
        return await self._store.apply(effects)

    def _note(self, effects: Effects, task: Task, what: str, reason: str, by: str) -> None:
        entry = Entry(
            at=self._store.clock.now(),
            what=what,
            conversation=task.to.key,
            member=task.member,
            source=f"sop {task.sop}{_owned(task, by)}, by {by}",
            reason=reason,
            text=task.title or task.text,
        )
        record(effects, entry)


def _owned(task: Task, by: str) -> str:
    """For whom it was, where somebody else saw to it."""
    return f", for {task.owner}" if task.owner and task.owner != by else ""
