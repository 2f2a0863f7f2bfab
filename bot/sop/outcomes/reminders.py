"""Reminders: who owns a task hears of it when its time has passed."""

from __future__ import annotations

from collections.abc import Callable

from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.model.message import AnySegment, Mention, Message, Text
from bot.sop.outcomes.tasks import Task, Tasks
from bot.store.effects import Effects
from bot.store.store import Store

OVERDUE = msgid("⏰ A task waits for you: {task}")
AT_ONCE = 100
USEFUL = 86_400_000
"""Ms in which a reminder may still be sent."""


class TaskReminders:
    """Tells each overdue task once, however many nodes look; again when it was put off."""

    def __init__(
        self,
        tasks: Tasks,
        store: Store,
        capabilities: Callable[[str], Capabilities],
        translate: Callable[[str], str],
    ) -> None:
        self._tasks = tasks
        self._store = store
        self._capabilities = capabilities
        self._translate = translate

    async def remind(self, now: int) -> int:
        """Tell of what was due by ``now`` (UTC ms), some at a time; how many."""
        key = self._store.keys.sop_reminders()
        rows = await self._store.table(
            "ZRANGEBYSCORE", key, "-inf", now, "WITHSCORES", "LIMIT", 0, AT_ONCE
        )
        told = 0
        for ident, due in rows.items():
            effects = Effects(self._store.keys)
            effects.guard(due, "ZSCORE", key, ident)
            effects.do("ZREM", key, ident)
            if task := await self._tasks.get(ident):
                await self._tell(effects, task, now)
            told += await self._store.apply(effects)
        return told

    async def _tell(self, effects: Effects, task: Task, now: int) -> None:
        what = task.title or task.text
        entry = Entry(
            at=now,
            what="task.overdue",
            conversation=task.to.key,
            member=task.member,
            source=f"sop {task.sop}" + (f", for {task.owner}" if task.owner else ""),
            text=what,
        )
        record(effects, entry)
        if task.owner and await self._reachable(task.to.gateway, task.owner):
            text = self._translate(OVERDUE).format(task=what)
            effects.deliver(
                Delivery(
                    to=Conversation(gateway=task.to.gateway, account=task.owner),
                    message=Message(segments=(Text(text=text), *_attached(task))),
                    priority="notice",
                    due=now,
                    expires=now + USEFUL,
                    source=f"sop {task.sop}",
                )
            )

    async def _reachable(self, gateway: str, account: str) -> bool:
        """Whether the owner is somebody of this gateway whom it can write to."""
        if not self._capabilities(gateway).send_direct:
            return False
        accounts = self._store.keys.member_accounts(gateway)
        return bool(await self._store.call("HEXISTS", accounts, account))


def _attached(task: Task) -> tuple[AnySegment, ...]:
    """What the task's message shows beside words, for staff to forward."""
    segments = task.rich.segments if task.rich else ()
    return tuple(one for one in segments if not isinstance(one, Text | Mention))
