"""The timeline: everything known to have happened to one member, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.delivery.journal import TIMELINE, Entry, Journal
from bot.i18n.mark import msgid
from bot.members.notes import Notes
from bot.store.members import Members
from bot.store.store import Store

PAGE = 50
KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "messages": (msgid("Messages"), ("delivery.", "event.", "welcome.")),
    "groups": (
        msgid("Groups and contacts"),
        ("member.joined", "member.left", "contact.", "route."),
    ),
    "check-ins": (msgid("Check-ins"), ("checkin.",)),
    "sops": (msgid("SOPs"), ("sop.", "delivery.task")),
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


class Timeline:
    """Reads what the journal keeps of a member, their last tags and notes, as one list.

    Of each number as much is kept as the journal keeps of a member.
    """

    def __init__(self, store: Store, members: Members, journal: Journal, notes: Notes) -> None:
        self._store = store
        self._members = members
        self._journal = journal
        self._notes = notes

    async def page(self, member: int, kind: str = "", before: str = "") -> Happened:
        """Up to ``PAGE`` entries older than ``before``; all where ``kind`` is none of KINDS."""
        begins = KINDS[kind][1] if kind in KINDS else ("",)
        rows = [row for row in await self._all(member) if row[1].what.startswith(begins)]
        older = [row for row in rows if not before or _order(row[0]) < _order(before)]
        shown = older[:PAGE]
        return Happened(shown, shown[-1][0] if len(older) > PAGE else "")

    async def _all(self, member: int) -> list[tuple[str, Entry]]:
        """Everything, with ids by which it is in order."""
        keys, found = self._store.keys, list[tuple[str, Entry]]()
        for number in (member, *await self._members.former(member)):
            rows = await self._journal.recent("+", TIMELINE * 2, keys.timeline(number))
            found += [(f"{ident}-{number}", entry) for ident, entry in rows]
            found += await self._tags(number)
        for note in await self._notes.of(member):
            entry = Entry(at=note.at, what="note", member=member, reason=note.by, text=note.text)
            found.append((f"{note.id}-n", entry))
        return sorted(found, key=lambda row: _order(row[0]), reverse=True)

    async def _tags(self, number: int) -> list[tuple[str, Entry]]:
        """The last tags given and taken, as ``lib_tag.lua`` writes them down."""
        rows = await self._store.texts("LRANGE", self._store.keys.tags_lately(number), 0, -1)
        found = []
        for at, row in enumerate(rows):
            head, tag, source = (*row.split("\n"), "", "")[:3]
            if head[:-1].isdecimal():
                what = "tag.given" if head[-1] == "+" else "tag.taken"
                entry = Entry(at=int(head[:-1]), what=what, member=number, reason=source, text=tag)
                found.append((f"{head[:-1]}-{len(rows) - at}-t{number}", entry))
        return found


def _order(ident: str) -> tuple[int, int, str]:
    ms, serial, rest = (*ident.split("-", 2), "0", "")[:3]
    return int(ms) if ms.isdecimal() else 0, int(serial) if serial.isdecimal() else 0, rest
