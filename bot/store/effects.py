"""Effects: what a handler, the planner or an operator wants done, as one all-or-nothing unit."""

from __future__ import annotations

import json
from typing import Any, Literal

from bot.model.dates import month_day, whole_day
from bot.model.delivery import Delivery
from bot.model.event import TimerElapsed
from bot.store.keys import Keys

CHUNK = 256
"""Targets whose sending times stand in one key."""
MOVES = 100_000
"""Comings and goings kept of a group, roughly."""
KEPT = 400 * 86_400
"""Seconds it is kept when, and to whom, something was sent."""


class Effects:
    """Collected guards and operations; nothing happens until they are committed.

    A guard is a read and the answer it must still give at commit; when one fails nothing is done
    and the work is tried again on fresh reads. Operations are Redis commands on this
    workspace's keys, facts, and deliveries.
    """

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.guards: list[tuple[Any, ...]] = []
        self.operations: list[tuple[Any, ...]] = []
        self.deliveries: list[Delivery] = []

    def guard(self, expected: str | int, *command: Any) -> None:
        """Commit only if ``command`` still answers ``expected`` ('' for nothing there).

        The pseudo command ``"fact?", key, number`` asks whether a fact holds (0 or 1).
        """
        self.guards.append((*command, expected))

    def do(self, *command: Any) -> None:
        """Run a Redis command at commit."""
        self.operations.append(command)

    def fact(self, key: str, number: int, present: bool = True) -> None:
        """Put a member's number into a fact, or take it out."""
        self.operations.append(("fact+" if present else "fact-", key, number))

    def merge(self, key: str, other: str) -> None:
        """Put everybody of another fact into a fact."""
        self.operations.append(("fact|", key, other))

    def tag(
        self,
        tag: str,
        member: int,
        now: int,
        by: Literal["sop", "quiet", ""] = "",
        *,
        source: str = "",
        application: str = "",
        lasts: int | None = None,
    ) -> None:
        """Give a member a tag, at ``now`` (UTC ms); the others of an exclusive group are taken.

        Credited to what was last sent to them and clicked by them, unless it is a SOP's own doing
        ("sop": anything the bot does by itself); "quiet" begins no SOP either. ``source`` says who
        or what gave it; ``application`` can undo it. ``lasts``: ms, 0 for ever, None as the tag
        says.
        """
        ends = "" if lasts is None else str(lasts)
        self.operations.append(("tag", tag, member, now, by, source, application, ends))
        self.do("ZADD", self.keys.tag_names(), "NX", now, tag)

    def untag(
        self, tag: str, member: int, now: int, *, source: str = "", application: str = ""
    ) -> None:
        """Take a tag away, at ``now`` (UTC ms)."""
        self.operations.append(("untag", tag, member, now, source, application))

    def tag_once(self, ruled: str, tag: str, member: int, now: int, *, source: str) -> None:
        """Give a member a tag and put them into the fact ``ruled``, unless they are in it."""
        self.operations.append(("tag once", ruled, tag, member, now, source))

    def tag_into(self, tag: str, other: str) -> None:
        """Everybody of a tag has another one instead, with the later end of both."""
        self.operations.append(("tag into", tag, other))

    def tag_undo(
        self, application: str, tag: str, member: int, now: int, sign: str, source: str, rivals: str
    ) -> None:
        """Take back what an application did to a member, if nobody changed it since.

        ``sign``: "+" where it gave the tag, "-" where it took it; ``rivals`` by line.
        """
        words = ("tag undo", application, tag, member, now, sign, source, rivals)
        self.operations.append(words)

    def heard(self, what: Literal["reply", "check-in"], member: int, group: int, now: int) -> None:
        """Credit what a member did to what was last sent to them, or to their group (0: none)."""
        self.operations.append(("heard", what, member, group, now))

    def credit(self, who: str, run: str, lasts: int) -> None:
        """For ``lasts`` ms, credit to a run what a member ("m7") or those of a group ("g3") do."""
        self.operations.append(("credit", who, run, lasts))

    def sent(self, run: str, target: int, now: int) -> None:
        """Keep when (UTC ms) a run's message with a link in it was sent to a target."""
        key = self.keys.sop_sent(run, target // CHUNK)
        self.do("BITFIELD", key, "SET", "u32", f"#{target % CHUNK}", now // 1000)
        self.do("EXPIRE", key, KEPT)

    def reached(self, run: str, group: int) -> None:
        """Keep who is in a group now that a run's message was sent to it."""
        there, then = self.keys.group_present(group), self.keys.sop_present(run, group)
        self.merge(self.keys.sop_members(run, "present"), there)
        self.do("COPY", there, then, "REPLACE")
        self.do("EXPIRE", then, KEPT)

    def reached_alone(self, run: str, group: int, member: int) -> None:
        """Keep that a run's message was sent to a member of a group alone."""
        for key, number in (
            (self.keys.sop_present(run, group), member),
            (self.keys.sop_places(run), group),
        ):
            self.fact(key, number)
            self.do("EXPIRE", key, KEPT)

    def enter(self, group: int, member: int, gateway: str, account: str) -> None:
        """Keep that a member is in a group, with this account."""
        self.operations.append(("enter", group, member, gateway, account))

    def moved(self, group: int, member: int, at: int, *, came: bool) -> None:
        """Keep that a member came into a group or left it, at ``at`` (UTC ms)."""
        body = json.dumps({"member": member, "at": at, "in": int(came)}, separators=(",", ":"))
        moves = self.keys.group_moves(group)
        self.do("XADD", moves, "MAXLEN", "~", MOVES, "*", "move", body)
        self.fact(self.keys.group_ever(group), member)

    def attribute(self, member: int, name: str, value: str) -> None:
        """Keep an attribute of a member; '' for none.

        The indexes by which members are found move with it: those of days, of declared attributes
        and of ``owner``, ``channel`` and ``timezone``. Nothing is checked here: bot/members does.
        """
        self._attribute(member, name, value, "")

    def first(self, member: int, name: Literal["owner", "channel"], value: str) -> None:
        """Keep an attribute of a member who has none of that name yet."""
        self._attribute(member, name, value, "first")

    def _attribute(self, member: int, name: str, value: str, once: str) -> None:
        scores = ("" if score is None else score for score in (month_day(value), whole_day(value)))
        self.operations.append(("attribute", member, name, value, once, *scores))

    def group(self, number: int, field: str, value: str) -> None:
        """Keep a field of a group; lists of groups that were remembered are read anew."""
        self.do("HSET", self.keys.group(number), field, value)
        self.do("INCR", self.keys.groups_version())

    def deliver(self, delivery: Delivery) -> None:
        """Queue a delivery; the outbox gives it its id."""
        self.deliveries.append(delivery)
        body = delivery.model_dump_json()
        self.operations.append(("deliver", delivery.to.key, delivery.priority, delivery.due, body))

    def timer(self, event: TimerElapsed) -> None:
        """Queue ``event`` to its conversation at ``event.at``; a known id changes nothing."""
        stored = f"{event.conversation.key}\n{event.model_dump_json()}"
        self.operations.append(("timer", event.id, event.at, stored))

    def count(self, day: str, what: str, by: int = 1) -> None:
        """Add to a day's counter; ``day`` is ISO, in the workspace's zone."""
        self.operations.append(("count", self.keys.counters(day), what, by, 400 * 86_400))

    def wire(self) -> list[Any]:
        """The form ``lib_effects.lua`` reads."""
        out: list[Any] = [len(self.guards)]
        for guard in self.guards:
            out.append(len(guard))
            out.extend(guard)
        out.append(len(self.operations))
        for operation in self.operations:
            out.append(len(operation))
            out.extend(operation)
        return out
