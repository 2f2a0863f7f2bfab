"""The timeline: everything known to have happened to one member, the newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.delivery.journal import TIMELINE, Entry, Journal
from bot.i18n.mark import msgid
from bot.members.notes import Notes
from bot.store.members import Members
from bot.store.store import Store

PAGE = 50
EVER = 1 << 52
"""UTC ms after everything."""
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "messages": (msgid("Messages"), ("delivery.", "event.", "welcome.")),
    "clicks": (msgid("Clicks and purchases"), ("link.", "conversion.")),
    "groups": (
        msgid("Groups and contacts"),
        ("member.joined", "member.left", "contact.", "route."),
    ),
    "check-ins": (msgid("Check-ins"), ("checkin.",)),
    "sops": (msgid("SOPs"), ("sop.", "delivery.task", "task.", "errand.")),
    "tags": (msgid("Tags and consent"), ("tag.", "member.opted")),
    "notes": (msgid("Notes"), ("note",)),
    "record": (msgid("Changes of the record"), ("member.merged", "member.split", "attribute.")),
}
"""What a timeline can be narrowed to: in words, and how the names of such entries begin."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One page of a timeline; ``next`` continues it, '' at the end."""

    rows: Sequence[tuple[str, Entry]]
    next: str = ""


class Source(Protocol):
    """A room that keeps what happened to members, besides the journal."""

    async def happened(self, member: int, before: int, most: int) -> Sequence[tuple[str, Entry]]:
        """Up to ``most`` entries of one number, of ``before`` (UTC ms) or earlier, the newest
        first; each with a name that no other of the same time has."""


class Timeline:
    """Reads what the journal keeps of a member, their notes and what rooms keep, as one list.

    Of each number as much is kept as the journal keeps of a member; a source is asked for no more
    than is shown.
    """

    def __init__(
        self,
        store: Store,
        members: Members,
        journal: Journal,
        notes: Notes,
        sources: Sequence[Source] = (),
    ) -> None:
        self._store = store
        self._members = members
        self._journal = journal
        self._notes = notes
        self._sources = sources

    async def page(self, member: int, kind: str = "", before: str = "") -> Happened:
        """Up to ``PAGE`` entries older than ``before``; all where ``kind`` is none of KINDS."""
        begins = KINDS[kind][1] if kind in KINDS else ("",)
        every = await self._until(member, _order(before)[0] if before else EVER)
        rows = [row for row in every if row[1].what.startswith(begins)]
        older = [row for row in rows if not before or _order(row[0]) < _order(before)]
        shown = older[:PAGE]
        return Happened(shown, shown[-1][0] if len(older) > PAGE else "")

    async def _until(self, member: int, last: int) -> list[tuple[str, Entry]]:
        """What the journal and notes have, and of each source a page beyond a UTC ms and what may
        be of that very time; with ids by which all is in order."""
        keys, found = self._store.keys, list[tuple[str, Entry]]()
        for number in (member, *await self._members.former(member)):
            rows = await self._journal.recent("+", TIMELINE * 2, keys.timeline(number))
            found += [(f"{entry.at}-{_serial(ident)}-{number}", entry) for ident, entry in rows]
            asked = (source.happened(number, last, PAGE * 2) for source in self._sources)
            for at, some in enumerate(await asyncio.gather(*asked)):
                found += [(f"{entry.at}-0-{at}.{number}.{name}", entry) for name, entry in some]
        for note in await self._notes.of(member):
            entry = Entry(at=note.at, what="note", member=member, reason=note.by, text=note.text)
            found.append((f"{note.at}-{_serial(note.id)}-n", entry))
        return sorted(found, key=lambda row: _order(row[0]), reverse=True)


def _serial(ident: str) -> int:
    """A stream's id as one number: what was written later is later, at the same time too."""
    ms, _, count = ident.partition("-")
    return int(ms) << 20 | int(count)


def _order(ident: str) -> tuple[int, int, str]:
    ms, serial, rest = (*ident.split("-", 2), "0", "")[:3]
    return int(ms) if ms.isdecimal() else 0, int(serial) if serial.isdecimal() else 0, rest
