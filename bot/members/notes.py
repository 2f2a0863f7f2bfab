"""Notes: what operators write about a member for each other; the member never reads them."""

from __future__ import annotations

from bot.model.base import Frozen
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store, as_text

LONGEST = 2_000
"""Characters of a note."""


class Note(Frozen):
    """One note; ``at`` is UTC ms, ``by`` who wrote it, ``member`` the number it was written of."""

    at: int
    by: str
    text: str
    id: str = ""
    member: int = 0


class Notes:
    """Keeps notes, also those of numbers that lead to a member."""

    def __init__(self, store: Store, members: Members) -> None:
        self._store = store
        self._members = members

    async def add(self, member: int, by: str, text: str) -> bool:
        """Write a note; False when there is no such member."""
        note = Note(at=self._store.clock.now(), by=by, text=text.strip()[:LONGEST])
        effects = Effects(self._store.keys)
        effects.guard(1, "EXISTS", effects.keys.member(member))
        body = note.model_dump_json(exclude_defaults=True)
        effects.do("XADD", effects.keys.member_notes(member), "*", "note", body)
        return await self._store.apply(effects)

    async def remove(self, member: int, ident: str) -> bool:
        """Take a note away; False when it is not there."""
        key = self._store.keys.member_notes(member)
        return bool(await self._store.call("XDEL", key, ident))

    async def of(self, member: int) -> list[Note]:
        """A member's notes, the newest first."""
        found: list[Note] = []
        for number in (member, *await self._members.former(member)):
            key = self._store.keys.member_notes(number)
            for ident, fields in await self._store.call("XREVRANGE", key, "+", "-", "COUNT", 500):
                note = Note.model_validate_json(fields[1])
                kept = {"id": as_text(ident), "member": number}
                found.append(note.model_copy(update=kept))
        return sorted(found, key=lambda note: note.at, reverse=True)
