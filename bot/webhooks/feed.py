"""The feed: reads what happened from its streams and queues it for whoever wants it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import structlog
from pydantic import BaseModel, ValidationError

from bot.delivery.journal import Entry
from bot.model.base import Frozen
from bot.store.members import Members
from bot.store.store import Store, as_text
from bot.webhooks.endpoint import Endpoint
from bot.webhooks.events import (
    CheckedIn,
    Clicked,
    ContactAdded,
    Converted,
    GroupDismissed,
    Joined,
    Left,
    MessageEnded,
    Opted,
    SopMoved,
    Stream,
    TaskMoved,
    body,
)
from bot.webhooks.webhooks import Webhooks, stream_key, streams

AT_ONCE = 128
"""Entries read, and queued by one script."""
MOST_WAITING = 100_000
"""Events kept for one endpoint, with its dead letters; further ones are dropped and counted."""
PLAYED = "demo/"
"""What accounts and conversations of the demo begin with: of those nobody else is told."""

log = structlog.get_logger(__name__)


class Click(NamedTuple):
    """What a kept hit says: UTC ms, and numbers, 0 for none."""

    at: int
    link: int
    group: int
    member: int


ReadHit = Callable[[bytes], Click | None]
"""Reads a hit as it is kept; None for one that names no link."""


class Happened(Frozen):
    """One entry of a stream, as an event: its data but for the ``who`` it names.

    ``group`` stands for the conversation where only a group's number is known.
    """

    event: str
    at: int
    model: type[Frozen]
    data: dict[str, object]
    member: int | None = None
    conversation: str = ""
    group: int = 0

    def of(self, led: Mapping[int, int]) -> Happened:
        """The same, of whom its member was merged with since."""
        number = led.get(self.member or 0)
        return self.model_copy(update={"member": number}) if number else self


class Feed:
    """Follows the streams; cursor and queues move in one script, so an entry is queued once.

    An event's id is its entry's: the same over retries, nodes and replays.
    """

    def __init__(
        self, store: Store, webhooks: Webhooks, members: Members, read_hit: ReadHit
    ) -> None:
        self._store = store
        self._webhooks = webhooks
        self._members = members
        self._read_hit = read_hit

    async def feed(self) -> int:
        """Queue the next entries of each stream; how many were read. Raises StoreError."""
        version, endpoints = await self._webhooks.listed()
        read = 0
        for stream in sorted(streams(endpoints)):
            read += await self._follow(stream, version, endpoints)
        return read

    async def _follow(self, stream: Stream, version: str, endpoints: Sequence[Endpoint]) -> int:
        keys, name = self._store.keys, stream_key(self._store, stream)
        cursor = await self._store.text("HGET", keys.webhook_cursor(), stream)
        if cursor is None:
            return 0
        after = cursor.partition(" ")[0]
        rows = await self._store.call("XRANGE", name, f"({after}", "+", "COUNT", AT_ONCE)
        if not rows:
            return 0
        jobs = await self._jobs(stream, [(as_text(i), fields) for i, fields in rows], endpoints)
        moved, missing, dropped = await self._store.run(
            "webhook_feed",
            [keys.webhook_version(), keys.webhook_cursor(), keys.webhook_gaps(), name],
            [
                *(self._store.prefix, version, stream, cursor, rows[-1][0], len(rows)),
                *(self._store.clock.now(), MOST_WAITING),
                *(value for job in jobs for value in job),
            ],
        )
        if missing:
            log.warning("webhooks.forgotten", stream=stream, number=missing, after=after)
        if dropped:
            log.warning("webhooks.queue_full", stream=stream, number=dropped)
        return len(rows) if moved else 0

    async def _jobs(
        self,
        stream: Stream,
        rows: Iterable[tuple[str, Sequence[bytes]]],
        endpoints: Sequence[Endpoint],
    ) -> list[tuple[str, str, int, str]]:
        """Endpoint, event id, member (0 for none) and body for each that is to be told."""
        wanted = []
        for ident, fields in rows:
            happened = self._happened(stream, ident, fields)
            if happened is None:
                continue
            who = [one.id for one in endpoints if _wants(one, happened.event, ident)]
            if who:
                wanted.append((ident, happened, who))
        led = await self._members.survivors(one.member or 0 for _, one, _ in wanted)
        wanted = [(ident, one.of(led), who) for ident, one, who in wanted]
        accounts = await self._accounts({one.member or 0 for _, one, _ in wanted})
        groups = await self._groups({one.group for _, one, _ in wanted})
        jobs = []
        for ident, happened, who in wanted:
            place = happened.conversation or groups.get(happened.group, "")
            if any(
                one.startswith(PLAYED) for one in (place, *accounts.get(happened.member or 0, ()))
            ):
                continue
            text = _text(happened, accounts, groups)
            name = _name(stream, ident)
            jobs += [(endpoint, name, happened.member or 0, text) for endpoint in who]
        return jobs

    def _happened(self, stream: Stream, ident: str, fields: Sequence[bytes]) -> Happened | None:
        """What an entry says, if it is something to tell."""
        kept = dict(zip(map(as_text, fields[::2]), fields[1::2], strict=True))
        try:
            if stream == "journal":
                return from_journal(Entry.model_validate_json(kept["entry"]))
            if stream == "conversions":
                return _from_conversion(ident, _Kept.model_validate_json(kept["conversion"]))
        except (ValidationError, KeyError):
            log.warning("webhooks.unreadable", stream=stream, entry=ident)
            return None
        click = self._read_hit(kept["hit"]) if kept.get("verdict") == b"click" else None
        return _from_click(click) if click else None

    async def _accounts(self, numbers: set[int]) -> dict[int, tuple[str, ...]]:
        found = await self._members.some(sorted(numbers - {0}))
        return {
            one.number: tuple(f"{gateway}/{ident}" for gateway, ident in one.accounts.items())
            for one in found
        }

    async def _groups(self, numbers: set[int]) -> dict[int, str]:
        if not numbers - {0}:
            return {}
        return {one.number: one.conversation.key for one in await self._members.groups()}


def _name(stream: Stream, entry: str) -> str:
    """An event's id; those of one stream sort as they happened."""
    ms, serial = _order(entry)
    return f"{stream}_{ms}_{serial:06}"


def _wants(endpoint: Endpoint, event: str, entry: str) -> bool:
    start = endpoint.events.get(event)
    return start is not None and _order(entry) > _order(start)


def _order(entry: str) -> tuple[int, int]:
    ms, _, serial = entry.partition("-")
    return int(ms), int(serial)


def _text(happened: Happened, accounts: dict[int, tuple[str, ...]], groups: dict[int, str]) -> str:
    data = dict(happened.data)
    if "member" in happened.model.model_fields:
        data["member"] = happened.member
        data["accounts"] = accounts.get(happened.member or 0, ())
        data["conversation"] = happened.conversation or groups.get(happened.group)
    return body(happened.event, happened.at, happened.model.model_validate(data))


# the journal

_MOVED: dict[str, type[Frozen]] = {
    **{f"task.{how}": TaskMoved for how in ("opened", "done", "skipped", "postponed", "overdue")},
    **{f"sop.{how}": SopMoved for how in ("started", "paused", "running", "stopping", "finished")},
}
_RENAMED = {
    "checkin.recorded": "check_in.recorded",
    "delivery.sent": "message.sent",
    "delivery.failed": "message.failed",
    "delivery.in_doubt": "message.in_doubt",
    "sop.running": "sop.resumed",
    "sop.stopping": "sop.stopped",
}
_SOP = re.compile(r"sop ([^/, ]+)")
_BY = re.compile(r", by (.+)$")


def from_journal(entry: Entry) -> Happened | None:
    """What a journal entry tells others, without any text; None when it is not for them."""
    shape = _shape(entry)
    if shape is None:
        return None
    model, data = shape
    return Happened(
        event=_RENAMED.get(entry.what, entry.what),
        at=entry.at,
        model=model,
        data=data,
        member=entry.member,
        conversation=entry.conversation,
    )


def _shape(entry: Entry) -> tuple[type[Frozen], dict[str, object]] | None:
    sop, by = _SOP.match(entry.source), _BY.search(entry.source)
    match entry.what:
        case "member.joined":
            return Joined, {"how": entry.reason or "unknown"}
        case "member.left":
            return Left, {"how": entry.reason or "unknown"}
        case "contact.added":
            return ContactAdded, {"channel": entry.reason or None}
        case "member.opted_out" | "member.opted_in":
            return Opted, {"topic": entry.text or None}
        case "group.dismissed":
            return GroupDismissed, {}
        case "checkin.recorded":
            programme, _, day = entry.text.rpartition(" ")
            return CheckedIn, {"programme": programme, "day": day}
        case "delivery.sent" | "delivery.failed" | "delivery.in_doubt":
            reason, name = entry.reason or None, sop[1] if sop else None
            return MessageEnded, {"delivery": entry.delivery, "sop": name, "reason": reason}
    if entry.what in _MOVED and sop:
        return _MOVED[entry.what], {"sop": sop[1], "by": by[1] if by else None}
    return None


# the other streams


class _Kept(BaseModel):
    """What is told of a conversion as its stream has it; there is more in it."""

    kind: str
    value: str = "0"
    currency: str = ""
    at: int
    member: int = 0
    link: int = 0
    group: int = 0
    by: str = ""


def _from_conversion(ident: str, kept: _Kept) -> Happened:
    return Happened(
        event="conversion.recorded",
        at=kept.at,
        model=Converted,
        data={
            "conversion": ident,
            **kept.model_dump(include={"kind", "value", "currency", "by"}),
            "link": kept.link or None,
            "group": kept.group or None,
        },
        member=kept.member or None,
        group=kept.group,
    )


def _from_click(click: Click) -> Happened:
    return Happened(
        event="link.clicked",
        at=click.at,
        model=Clicked,
        data={"link": click.link, "group": click.group or None},
        member=click.member or None,
        group=click.group,
    )
