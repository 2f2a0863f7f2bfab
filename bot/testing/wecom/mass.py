"""Mass messages: tasks that staff confirm with a tap (documents 92135, 93338)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bot.clock import Clock
from bot.testing.wecom.call import Answer, Call, Fault, Handler
from bot.testing.wecom.company import Relation
from bot.testing.wecom.content import with_attachments
from bot.testing.wecom.counters import DAY, Counters
from bot.testing.wecom.media import Media
from bot.testing.wecom.variants import Limits, Variants
from bot.testing.wecom.world import World

CHINA = timezone(timedelta(hours=8))
UNSENT, SENT, NO_FRIEND, HAD_ANOTHER = 0, 1, 2, 3


@dataclass(slots=True)
class Target:
    """A customer or group of one sender's task; ``status`` as get_groupmsg_send_result says it."""

    userid: str
    id: str
    status: int = UNSENT
    send_time: int = 0


@dataclass(slots=True)
class Task:
    """``tapped``: when each of its senders confirmed, seconds; 0 while not."""

    msgid: str
    chat_type: str
    body: Mapping[str, Any]
    made: int
    targets: list[Target] = field(default_factory=list)
    tapped: dict[str, int] = field(default_factory=dict)
    cancelled: bool = False
    reminders: list[int] = field(default_factory=list)


class Mass:
    """externalcontact/add_msg_template and what becomes of it."""

    def __init__(
        self, world: World, media: Media, clock: Clock, limits: Limits, variants: Variants
    ) -> None:
        self._world = world
        self._media = media
        self._clock = clock
        self._limits = limits
        self._variants = variants
        self._months = Counters(clock)
        self.tasks: dict[str, Task] = {}

    def calls(self) -> dict[str, Handler]:
        calls = {
            "add_msg_template": self._add,
            "get_groupmsg_list_v2": self._list,
            "get_groupmsg_task": self._task,
            "get_groupmsg_send_result": self._result,
            "get_group_msg_result": self._old_result,
            "remind_groupmsg_send": self._remind,
            "cancel_groupmsg_send": self._cancel,
        }
        return {f"externalcontact/{name}": call for name, call in calls.items()}

    # people

    def tap(self, msgid: str, userid: str, only: Iterable[str] | None = None) -> None:
        """A member confirms a task; ``only``: to whom, where the task lets the member choose."""
        task = self.tasks[msgid]
        if task.cancelled or task.tapped[userid]:
            raise ValueError(f"{userid} has nothing to confirm in {msgid}")
        task.tapped[userid] = self._world.now()
        chosen = None if only is None else set(only)
        for target in task.targets:
            if target.userid == userid and (chosen is None or target.id in chosen):
                target.status = self._outcome(target)
                target.send_time = self._world.now() if target.status == SENT else 0

    def _outcome(self, target: Target) -> int:
        relation = self._world.relations.get((target.userid, target.id))
        if target.id not in self._world.groups and (relation is None or relation.gone):
            return NO_FRIEND
        month = datetime.fromtimestamp(self._world.now(), UTC).astimezone(CHINA)
        most = self._limits.month or monthrange(month.year, month.month)[1]
        name = f"{target.id}/{month:%Y-%m}"
        return SENT if self._months.room(name, (most, 32 * DAY)) else HAD_ANOTHER

    # the API

    def _add(self, call: Call) -> Answer:
        with_attachments(call.body, self._media)
        kind = call.body.get("chat_type") or "single"
        if kind not in ("single", "group"):
            raise Fault(40058, "invalid chat_type")
        sender = str(call.body.get("sender") or "")
        if sender and sender not in self._world.staff:
            raise Fault(40003, "invalid sender")
        find = self._customers if kind == "single" else self._groups
        targets, failed = find(call, sender)
        if not targets:
            raise Fault(41048, "no customer to send")
        task = Task(self._world.next("mass"), kind, dict(call.body), self._world.now(), targets)
        task.tapped = dict.fromkeys((target.userid for target in targets), 0)
        self.tasks[task.msgid] = task
        return {"fail_list": failed, "msgid": task.msgid}

    def _customers(self, call: Call, sender: str) -> tuple[list[Target], list[str]]:
        named = call.texts("external_userid", 10_000)
        wanted = self._wanted_tags(call)
        if not named and not sender and not wanted:
            raise Fault(40058, "external_userid and sender should not both be empty")
        able: dict[str, list[Relation]] = {}
        for relation in self._world.relations.values():
            theirs = sender in ("", relation.userid) and call.app.sees(relation.userid)
            if theirs and not relation.half and _has(relation, wanted):
                able.setdefault(relation.external_userid, []).append(relation)
        targets, failed = [], []
        for ident in named or able:
            if ident in able:  # of several, who was in touch last
                last = max(able[ident], key=lambda relation: relation.createtime)
                targets.append(Target(last.userid, ident))
            else:
                failed.append(ident)
        return targets, failed

    def _groups(self, call: Call, sender: str) -> tuple[list[Target], list[str]]:
        if not sender:
            raise Fault(40058, "sender is required for chat_type group")
        named = call.texts("chat_id_list", 2000)
        owned = {g.chat_id for g in self._world.groups.values() if g.owner == sender}
        targets = [Target(sender, chat_id) for chat_id in named or owned if chat_id in owned]
        return targets, [chat_id for chat_id in named if chat_id not in owned]

    @staticmethod
    def _wanted_tags(call: Call) -> list[set[str]]:
        filters = (call.body.get("tag_filter") or {}).get("group_list") or []
        return [set(one.get("tag_list") or []) for one in filters]

    def _list(self, call: Call) -> Answer:
        start = call.number("start_time", 0, 1, 1 << 40)
        end = call.number("end_time", 0, start, start + 31 * 86_400)
        kind = call.text("chat_type")
        found = [
            {
                "msgid": task.msgid,
                "creator": "",
                "create_time": str(task.made),
                "create_type": 0,
                "text": task.body.get("text", {}),
                "attachments": task.body.get("attachments", []),
            }
            for task in self.tasks.values()
            if task.chat_type == kind and start <= task.made <= end
        ]
        page, cursor = call.page(found, 50, 100)
        return {"group_msg_list": page, "next_cursor": cursor}

    def _task(self, call: Call) -> Answer:
        task = self._ready(call)
        rows = []
        for userid, tapped in task.tapped.items():
            row: dict[str, Any] = {"userid": userid, "status": 2 if tapped else 0}
            rows.append(row | {"send_time": tapped} if tapped else row)
        page, cursor = call.page(rows, 500, 1000)
        return {"task_list": page, "next_cursor": cursor}

    def _result(self, call: Call) -> Answer:
        task = self._ready(call)
        userid = call.text("userid", 40003)
        rows = [self._row(task, target) for target in task.targets if target.userid == userid]
        page, cursor = call.page(rows, 500, 1000)
        return {"send_list": page, "next_cursor": cursor}

    def _old_result(self, call: Call) -> Answer:
        task = self._ready(call)
        rows = [self._row(task, target) for target in task.targets]
        return {"check_status": 1, "detail_list": rows}

    @staticmethod
    def _row(task: Task, target: Target) -> dict[str, Any]:
        key = "external_userid" if task.chat_type == "single" else "chat_id"
        row = {key: target.id, "userid": target.userid, "status": target.status}
        return row | {"send_time": target.send_time} if target.send_time else row

    def _remind(self, call: Call) -> Answer:
        task = self._ready(call)
        if task.cancelled:
            raise Fault(41093, "the task is cancelled")
        now = self._clock.now()
        task.reminders = [time for time in task.reminders if now - time < DAY]
        if len(task.reminders) >= 3:
            raise Fault(41094, "remind over limit, 3 times in 24 hours")
        task.reminders.append(now)
        return {}

    def _cancel(self, call: Call) -> Answer:
        task = self._ready(call)
        if task.cancelled:
            raise Fault(41093, "the task is cancelled")
        task.cancelled = True
        return {}

    def _ready(self, call: Call) -> Task:
        task = self.tasks.get(call.text("msgid"))
        if task is None:
            raise Fault(40058, "invalid msgid")
        if self._world.now() - task.made < self._variants.dispatch:
            raise Fault(41063, "the message is being dispatched")
        return task


def _has(relation: Relation, wanted: list[set[str]]) -> bool:
    """Whether a customer has a tag of every list."""
    return all(relation.tags & tags for tags in wanted)
