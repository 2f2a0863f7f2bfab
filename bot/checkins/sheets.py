"""Check-ins as tables: a row for each member, each day or each change of points."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from bot.checkins.calendar_picture import STATES
from bot.checkins.checkins import CheckIns
from bot.checkins.ledger import What
from bot.checkins.programme import Programme
from bot.checkins.records import Kept
from bot.checkins.standing import Reckoning
from bot.i18n.mark import msgid
from bot.reports.table import Column, Kind, Row
from bot.store.members import Member, Members
from bot.store.store import Store

AT_ONCE = 500
WHO: tuple[tuple[str, Kind], ...] = (
    (msgid("Member no."), "count"),
    (msgid("Name"), "text"),
    (msgid("Group no."), "count"),
)
WHAT: dict[str, tuple[tuple[str, Kind], ...]] = {
    "standings": (
        (msgid("Streak"), "count"),
        (msgid("Longest streak"), "count"),
        (msgid("In all"), "count"),
        (msgid("Points"), "count"),
        (msgid("Last day"), "date"),
    ),
    "records": ((msgid("Day"), "date"), (msgid("How"), "text")),
    "points": (
        (msgid("When"), "moment"),
        (msgid("Points"), "count"),
        (msgid("What"), "text"),
        (msgid("Day"), "date"),
        (msgid("Reason"), "text"),
        (msgid("By"), "text"),
    ),
}

WORDS: dict[What, str] = {
    "check-in": msgid("Check-in"),
    "bonus": msgid("Bonus for a streak"),
    "stage": msgid("Stage reached"),
    "gift": msgid("Given"),
    "make-up": msgid("Made up for a day"),
    "spent": msgid("Spent"),
    "reversal": msgid("Taken back"),
    "correction": msgid("Corrected"),
    "refused": msgid("Evidence refused"),
    "expired": msgid("Expired"),
}
"""What the ledger calls each change."""


class CheckInSheets:
    """Reads tables in batches, as records come to now.

    The group's number is 0 where all groups count together.
    """

    def __init__(self, room: CheckIns, members: Members, store: Store) -> None:
        self._room = room
        self._members = members
        self._store = store

    def columns(self, what: str, say: Callable[[str], str] = str) -> tuple[Column, ...]:
        """The columns of one of WHAT, in the language of ``say``."""
        return tuple(Column(say(title), kind) for title, kind in (*WHO, *WHAT[what]))

    async def rows(
        self, programme: Programme, what: str, say: Callable[[str], str] = str
    ) -> AsyncIterator[list[Row]]:
        """The rows, some at a time, by group and member."""
        now, ever = self._store.clock.now(), await self._room.records.ever(programme.name)
        for scope in await self._scopes(programme):
            for start in range(0, len(ever), AT_ONCE):
                batch = ever[start : start + AT_ONCE]
                known = {one.number: one for one in await self._members.some(batch)}
                some: list[Row] = []
                async for number, kept in self._room.records.many(programme.name, batch, scope):
                    who = (number, _name(known.get(number)), scope)
                    some += [(*who, *row) for row in _rows(programme, kept, what, now, say)]
                if some:
                    yield some

    async def _scopes(self, programme: Programme) -> list[int]:
        if programme.settings.count == "everywhere":
            return [0]
        found = await self._members.groups()
        return [one.number for one in found if programme.runs_in(one.conversation)]


def _rows(
    programme: Programme, kept: Kept, what: str, now: int, say: Callable[[str], str]
) -> list[Row]:
    reckoning = Reckoning(programme, kept, now)
    if what == "points":
        return [
            (one.at, one.points, say(WORDS[one.what]), one.day, one.reason, one.by)
            for one in reversed(reckoning.ledger)
        ]
    if what == "records":
        made_up = {*kept.sheet.made_up}
        how = {True: STATES["made_up"], False: STATES["done"]}
        return [(day, say(how[day in made_up])) for day in kept.sheet.days]
    one = reckoning.standing
    if not (one.total or one.points):
        return []
    return [(one.streak, one.longest, one.total, one.points, one.last)]


def _name(member: Member | None) -> str:
    return member.name if member else ""
