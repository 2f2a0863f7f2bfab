"""A check-in programme: its words, its groups and where its days begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.checkins.days import DAY
from bot.checkins.rules import Rules
from bot.clock import millis, utc
from bot.model.conversation import Conversation
from bot.settings.checkins import CheckInSettings


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme as it is configured, with its own zone."""

    name: str
    settings: CheckInSettings
    zone: ZoneInfo

    @property
    def word(self) -> str:
        """The word to tell people."""
        return self.settings.words[0]

    @property
    def rules(self) -> Rules:
        """What its records are judged by."""
        return Rules.of(self.settings)

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

    def is_open(self, ms: int, zone: ZoneInfo | None = None) -> bool:
        """Whether the window is open at a moment (UTC ms)."""
        now, (begins, ends) = self.local(ms, zone).time(), self._window
        if begins == ends:
            return True
        return begins <= now < ends if begins < ends else now >= begins or now < ends

    @property
    def _window(self) -> tuple[time, time]:
        begins, _, ends = (self.settings.window or "00:00-00:00").partition("-")
        return time.fromisoformat(begins), time.fromisoformat(ends)

    def runs_in(self, group: Conversation) -> bool:
        """Whether members can check in there."""
        groups = self.settings.groups
        return group.group is not None and (groups == "all" or group in groups)


def programmes_of(settings: Mapping[str, CheckInSettings], zone: str) -> tuple[Programme, ...]:
    """The configured programmes; ``zone`` is for those that name none."""
    return tuple(
        Programme(name, one, ZoneInfo(one.timezone or zone)) for name, one in settings.items()
    )
