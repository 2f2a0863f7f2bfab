"""Streak reminders: who has not come today and would lose a streak hears of it, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time

from bot.checkins.checkins import CheckIns
from bot.checkins.hearers import TOPIC, Hearers, Told
from bot.checkins.programme import Programme
from bot.checkins.records import EVERYWHERE
from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Cap, Delivery
from bot.model.message import Message
from bot.routing.writer import Reader, Writer
from bot.settings.streak_reminders import StreakReminderSettings
from bot.store.effects import Effects
from bot.store.members import Group, Members
from bot.store.store import Store

LATE = 30 * 60_000
"""How late, in ms, reminders may still be begun."""
AGAIN = 60_000
"""Ms until a node looks again after another one was at work."""
AT_ONCE = 200
CLOSED = msgid("members cannot check in at this time of day")
NONE = msgid("no streak would end")
DIRECT = msgid(
    "🔥 {{ member.name }}, your streak of {{ streak }} ends"
    " {% if weekly %}with this week{% else %}today{% endif %} unless you say “{{ word }}”"
    "{% if place %} in {{ place }}{% endif %}{% if ends %} before {{ ends }}{% endif %}."
    " “stop check-ins” ends these reminders."
)
TOGETHER = msgid(
    "🔥 Streaks that end {% if weekly %}with this week{% else %}today{% endif %}:"
    " {{ names }}{% if more %} and {{ more }} more{% endif %}. Say “{{ word }}”"
    "{% if ends %} before {{ ends }}{% endif %} to go on."
)


Caps = Callable[[str, int, str], tuple[Cap, ...]]
"""What a delivery to "m7" or "g3" at a moment (UTC ms) about a topic counts against."""
Opening = Callable[[int], tuple[int, int]]
"""When something may leave that is due at a moment (UTC ms), and the end of that window."""


@dataclass(frozen=True, slots=True)
class _Round:
    """One day's reminders of one programme, in one group or (0) everywhere."""

    programme: Programme
    settings: StreakReminderSettings
    day: date
    at: int
    scope: int

    @property
    def source(self) -> str:
        return f"check-in {self.programme.name}"

    @property
    def ends(self) -> int:
        """From when on it is of no use."""
        return self.programme.closes(self.day)


class StreakReminders:
    """Reminds; every node may ask every second, and each member hears of it once.

    Direct where a gateway writes to members by itself, else one message in a group of theirs.
    They are broadcasts: inside quiet hours none leave, caps count them, opting out ends them.
    """

    def __init__(
        self,
        checkins: CheckIns,
        store: Store,
        members: Members,
        writer: Writer,
        capabilities: Callable[[str], Capabilities],
        translate: Callable[[str], str],
        opening: Opening,
        caps: Caps,
    ) -> None:
        self._checkins = checkins
        self._store = store
        self._hearers = Hearers(checkins, store, members, capabilities)
        self._writer = writer
        self._translate = translate
        self._opening = opening
        self._caps = caps
        self._done: dict[tuple[str, int], date] = {}
        self._after: dict[tuple[str, int], int] = {}

    async def remind(self, now: int) -> int:
        """Queue the reminders due at ``now`` (UTC ms); how many."""
        sent = 0
        for programme in self._checkins.programmes:
            settings = programme.settings.streak_reminder
            if settings is None or programme.rests:
                continue
            today, wall = programme.day(now), time.fromisoformat(settings.at)
            if programme.has_come(today, wall, now):
                at = programme.moment(today, wall)
                for scope in await self._scopes(programme):
                    sent += await self._round(_Round(programme, settings, today, at, scope), now)
        return sent

    async def _scopes(self, programme: Programme) -> list[int]:
        if programme.settings.count == "everywhere":
            return [EVERYWHERE]
        return [group.number for group in await self._hearers.groups(programme)]

    async def _round(self, turn: _Round, now: int) -> int:
        name = turn.programme.name, turn.scope
        if self._done.get(name) == turn.day or now < self._after.get(name, 0):
            return 0
        key, day = self._store.keys.checkin_warned(turn.programme.name), turn.day.isoformat()
        before = await self._store.text("HGET", key, turn.scope) or ""
        reached = before.removeprefix(day)
        if before.startswith(day) and not reached:
            self._done[name] = turn.day
            return 0
        begun = before.startswith(day)
        reason = "" if begun else self._reason_not_to(turn, now)
        asked = turn.programme, turn.scope, turn.settings.least
        direct, together = ([], {}) if reason else await self._hearers.of(*asked)
        left = [one for one in direct if one.risk.member > (int(reached[1:]) if begun else 0)]
        sent = 0
        for start in range(0, len(left), AT_ONCE):
            some = left[start : start + AT_ONCE]
            after = f"{day}/{some[-1].risk.member}"
            effects = self._step(turn, before, after)
            for one in some:
                effects.deliver(await self._to_member(turn, one, now))
            if not await self._store.apply(effects):
                self._after[name] = now + AGAIN
                return sent
            before, sent = after, sent + len(some)
        effects = self._step(turn, before, day)
        self._note(effects, turn, now, reason or ("" if direct or together else NONE))
        for group, members in together.items():
            effects.deliver(await self._to_group(turn, group, members, now))
        if await self._store.apply(effects):
            self._done[name] = turn.day
            return sent + len(together)
        self._after[name] = now + AGAIN
        return sent

    def _step(self, turn: _Round, before: str, after: str) -> Effects:
        """Effects that happen only where nobody else went on meanwhile."""
        key = self._store.keys.checkin_warned(turn.programme.name)
        effects = Effects(self._store.keys)
        effects.guard(before, "HGET", key, turn.scope)
        effects.do("HSET", key, turn.scope, after)
        return effects

    def _reason_not_to(self, turn: _Round, now: int) -> str:
        if now - turn.at > LATE:
            return "more than 30 minutes late: the bot was not running"
        if not turn.programme.is_open(now):
            return CLOSED
        return "" if self._opening(now)[0] == now else "quiet hours"

    def _note(self, effects: Effects, turn: _Round, now: int, reason: str) -> None:
        entry = Entry(
            at=now,
            what="checkin.reminder_skipped" if reason else "checkin.streaks_reminded",
            source=turn.source,
            reason=reason,
            text=turn.day.isoformat(),
        )
        record(effects, entry)

    # what

    async def _to_member(self, turn: _Round, told: Told, now: int) -> Delivery:
        settings, to = turn.programme.settings, told.chat
        assert to is not None
        variables = {
            "member": {"name": told.name},
            "streak": told.risk.streak,
            "weekly": settings.every == "week",
            "word": turn.programme.word,
            "place": "" if settings.where != "group" else told.group.name,
            "ends": turn.programme.hours[1],
        }
        reader = Reader(f"streak/{turn.programme.name}", 0, told.risk.member)
        message = await self._writer.write(self._translate(DIRECT), variables, reader)
        delivery = self._delivery(turn, to, message, f"m{told.risk.member}", now)
        return delivery.model_copy(update={"member": told.risk.member})

    async def _to_group(
        self, turn: _Round, group: Group, members: Sequence[Told], now: int
    ) -> Delivery:
        longest = sorted(members, key=lambda one: (-one.risk.streak, one.risk.member))
        named = longest[: turn.settings.names]
        variables = {
            "names": ", ".join(f"{one.name} ({one.risk.streak})" for one in named),
            "more": len(longest) - len(named),
            "weekly": turn.programme.settings.every == "week",
            "word": turn.programme.word,
            "ends": turn.programme.hours[1],
        }
        reader = Reader(f"streak/{turn.programme.name}", group.number)
        message = await self._writer.write(self._translate(TOGETHER), variables, reader)
        return self._delivery(turn, group.conversation, message, f"g{group.number}", now)

    def _delivery(
        self, turn: _Round, to: Conversation, message: Message, who: str, now: int
    ) -> Delivery:
        """A broadcast that is of no use once the day is over or in quiet hours."""
        return Delivery(
            to=to,
            message=message,
            priority="broadcast",
            due=now,
            expires=min(turn.ends, self._opening(now)[1]),
            source=turn.source,
            caps=self._caps(who, now, TOPIC),
        )
