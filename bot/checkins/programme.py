"""A check-in programme: its words, its groups and where its days begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.checkins.days import DAY, NONE, Days
from bot.checkins.rules import Rules
from bot.clock import millis, utc
from bot.i18n.mark import msgid
from bot.model.conversation import Conversation
from bot.settings.checkins import CheckInSettings

SHIPPED = {"daily": msgid("Daily check-in")}
"""Titles of programmes that come with Muster."""


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme as it is set, with its own zone.

    ``stored``: made in the console, else of the configuration. ``rests``: it is paused, or ended,
    since ``resting``; ``paused`` are all days of all pauses.
    """

    name: str
    settings: CheckInSettings
    zone: ZoneInfo
    stored: bool = False
    rests: Literal["", "paused", "ended"] = ""
    resting: date | None = None
    paused: Days = NONE

    def title(self, translate: Callable[[str], str] = str) -> str:
        """What members and managers read."""
        if self.settings.title:
            return self.settings.title
        return translate(SHIPPED[self.name]) if self.name in SHIPPED else self.name

    @property
    def word(self) -> str:
        """The word to tell people."""
        return self.settings.words[0]

    @property
    def rules(self) -> Rules:
        """What its records are judged by."""
        return Rules.of(self.settings, self.paused)

    @property
    def reminded(self) -> tuple[Conversation, ...]:
        """The groups that are reminded: those that were named, else the only ones it runs in."""
        own = self.settings
        if not own.reminder or own.where == "direct":
            return ()
        return own.reminder_groups or (() if own.groups == "all" else own.groups)

    def scope(self, group: int) -> int:
        """Where a record made in a group counts: there alone, or everywhere (0)."""
        return group if self.settings.count == "group" else 0

    def zone_of(self, name: str | None) -> ZoneInfo:
        """A member's own zone, or the programme's when they have none that is known."""
        try:
            return ZoneInfo(name) if name else self.zone
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return self.zone

    def local(self, ms: int, zone: ZoneInfo | None = None) -> datetime:
        """A moment (UTC ms) as the wall clock shows it, the programme's or a member's."""
        return utc(ms).astimezone(zone or self.zone)

    def day(self, ms: int, zone: ZoneInfo | None = None) -> date:
        """The day at a moment (UTC ms); a window after midnight is of the day it began on."""
        local = self.local(ms, zone)
        begins, ends = self._window
        passes = begins > ends and local.time() < ends
        return local.date() - DAY if passes else local.date()

    def begins(self, day: date) -> int:
        """When a day begins in the programme's zone, UTC ms."""
        return millis(datetime.combine(day, time(), self.zone))

    def moment(self, day: date, wall: time) -> int:
        """When a time of a day comes, UTC ms: after midnight in a window that passes it."""
        return millis(self._wall(day, wall).replace(tzinfo=self.zone))

    def has_come(self, day: date, wall: time, ms: int) -> bool:
        """Whether a time of a day has come at a moment (UTC ms).

        One the clock skips comes right after the gap; one it repeats comes the first time.
        """
        return self.local(ms).replace(tzinfo=None) >= self._wall(day, wall)

    def closes(self, day: date) -> int:
        """When it is too late for a day in the programme's zone, UTC ms."""
        begins, ends = self._window
        passes = begins >= ends
        return millis(datetime.combine(day + DAY if passes else day, ends, self.zone))

    def is_open(self, ms: int, zone: ZoneInfo | None = None) -> bool:
        """Whether the window is open at a moment (UTC ms)."""
        now, (begins, ends) = self.local(ms, zone).time(), self._window
        if begins == ends:
            return True
        return begins <= now < ends if begins < ends else now >= begins or now < ends

    @property
    def hours(self) -> tuple[str, str]:
        """From when until when members can check in, as clocks show it; '' for midnight."""
        begins, ends = ("" if one == time() else f"{one:%H:%M}" for one in self._window)
        return begins, ends

    def _wall(self, day: date, wall: time) -> datetime:
        begins, ends = self._window
        return datetime.combine(day + DAY if wall < ends < begins else day, wall)

    @property
    def _window(self) -> tuple[time, time]:
        begins, _, ends = (self.settings.window or "00:00-00:00").partition("-")
        return time.fromisoformat(begins), time.fromisoformat(ends)

    def runs_in(self, group: Conversation) -> bool:
        """Whether members can check in there."""
        groups = self.settings.groups
        return group.group is not None and (groups == "all" or group in groups)

    def meets(self, other: Programme) -> bool:
        """Whether there is a group that both run in."""
        mine, theirs = self.settings.groups, other.settings.groups
        return mine == "all" or theirs == "all" or not {*mine}.isdisjoint(theirs)


def programmes_of(settings: Mapping[str, CheckInSettings], zone: str) -> tuple[Programme, ...]:
    """The configured programmes; ``zone`` is for those that name none."""
    return tuple(
        Programme(name, one, ZoneInfo(one.timezone or zone)) for name, one in settings.items()
    )
