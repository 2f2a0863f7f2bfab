"""Check-in reminders: once a day to the groups that want them, or a reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time

from bot.checkins.checkins import CheckIns
from bot.checkins.days import DAY
from bot.checkins.programme import Programme
from bot.checkins.streak_reminders import CLOSED
from bot.delivery.journal import Entry, record
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.routing.writer import Reader, Writer
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

LATE = 30 * 60_000
"""How late, in ms, a reminder may still go out."""
TEXT = (
    "⏰ {{ title }}: {% if missing > 1 %}{{ missing }} members have{% else %}One member has"
    "{% endif %} not checked in today. Say “{{ word }}”"
    " {% if begins %}from {{ begins }} to{% else %}before{% endif %}"
    " {{ ends or 'midnight' }}."
)


@dataclass(frozen=True, slots=True)
class _Due:
    """One group's reminder of one day; ``at`` is when it should go (UTC ms)."""

    programme: Programme
    group: Conversation
    day: date
    at: int


class Reminders:
    """Reminds; every node may ask every minute."""

    def __init__(
        self,
        checkins: CheckIns,
        store: Store,
        members: Members,
        writer: Writer,
        translate: Callable[[str], str] = lambda text: text,
        quiet: Callable[[int], bool] = lambda _: False,
    ) -> None:
        """``quiet`` says of a moment (UTC ms) whether it is in quiet hours."""
        self._checkins = checkins
        self._store = store
        self._members = members
        self._writer = writer
        self._translate = translate
        self._quiet = quiet
        self._decided: dict[tuple[str, str], date] = {}

    async def remind(self, now: int) -> int:
        """Queue the reminders due at ``now`` (UTC ms); how many. Each goes to one node only."""
        sent = 0
        for programme in self._checkins.programmes:
            runs = not programme.rests and programme.rules.runs_on(programme.day(now))
            for group in programme.reminded if runs else ():
                sent += await self._remind(programme, group, now)
        return sent

    async def _remind(self, programme: Programme, group: Conversation, now: int) -> bool:
        due = _due(programme, group, now)
        if self._decided.get((programme.name, group.key), date.min) >= due.day:
            return False
        number, _ = await self._members.awaited_number(group)
        key = self._store.keys.checkin_reminded(programme.name)
        before = await self._store.text("HGET", key, number) or ""
        new = not before and due.day != programme.day(now)  # yesterday it was not set up
        if new or before >= due.day.isoformat():
            self._decided[programme.name, group.key] = due.day
            return False
        effects = Effects(self._store.keys)
        effects.guard(before, "HGET", key, number)
        effects.do("HSET", key, number, due.day.isoformat())
        reason, missing = await self._reason_not_to(due, number, now)
        self._note(effects, due, now, reason)
        if not reason:
            effects.deliver(await self._delivery(due, number, now, missing))
        return await self._store.apply(effects) and not reason

    async def _reason_not_to(self, due: _Due, number: int, now: int) -> tuple[str, int]:
        """Why there is no reminder ('' when there is one), and how many are missing."""
        if due.day != due.programme.day(now):
            return "its day is over: the bot was not running", 0
        if now - due.at > LATE:
            return "more than 30 minutes late: the bot was not running", 0
        if self._quiet(now):
            return "quiet hours", 0
        if now >= due.programme.closes(due.day):
            return CLOSED, 0
        missing = len((await self._checkins.roster(due.programme, number, due.day)).missing)
        return ("" if missing else "nobody is missing"), missing

    async def _delivery(self, due: _Due, number: int, now: int, missing: int) -> Delivery:
        begins, ends = due.programme.hours
        variables = {
            "title": due.programme.title(self._translate),
            "missing": missing,
            "word": due.programme.word,
            "begins": "" if due.programme.is_open(now) else begins,
            "ends": ends,
        }
        reader = Reader(f"checkin/{due.programme.name}", number)
        return Delivery(
            to=due.group,
            message=await self._writer.write(self._translate(TEXT), variables, reader),
            priority="notice",
            due=now,
            expires=min(due.at + LATE, due.programme.closes(due.day)),
            source=f"check-in {due.programme.name}",
        )

    def _note(self, effects: Effects, due: _Due, now: int, reason: str) -> None:
        entry = Entry(
            at=now,
            what="checkin.reminder_skipped" if reason else "checkin.reminded",
            conversation=due.group.key,
            source=f"check-in {due.programme.name}",
            reason=reason,
            text=due.day.isoformat(),
        )
        record(effects, entry)


def _due(programme: Programme, group: Conversation, now: int) -> _Due:
    """The latest reminder whose time has come.

    A time of day the clock skips comes right after the gap; one it repeats comes once.
    """
    wall = time.fromisoformat(programme.settings.reminder or "00:00")
    day = programme.day(now)
    if not programme.has_come(day, wall, now):
        day -= DAY
    return _Due(programme, group, day, programme.moment(day, wall))
