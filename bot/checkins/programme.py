"""A check-in programme: its words, its groups and where its days begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.clock import utc
from bot.config import Config
from bot.located import Problem
from bot.model.conversation import Conversation
from bot.routing.fold import fold
from bot.settings.rooms import CheckInSettings


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

    def local(self, ms: int) -> datetime:
        """A moment (UTC ms) as this programme's wall clock shows it."""
        return utc(ms).astimezone(self.zone)

    def day(self, ms: int) -> date:
        """The programme's day at a moment (UTC ms)."""
        return self.local(ms).date()

    def runs_in(self, group: Conversation) -> bool:
        """Whether members can check in there."""
        groups = self.settings.groups
        return group.group is not None and (groups == "all" or group in groups)


def programmes_of(settings: Mapping[str, CheckInSettings], zone: str) -> tuple[Programme, ...]:
    """The configured programmes; ``zone`` is for those that name none."""
    return tuple(
        Programme(name, one, ZoneInfo(one.timezone or zone)) for name, one in settings.items()
    )


def check_programmes(config: Config) -> list[Problem]:
    """What is wrong with the programmes of a configuration."""
    return [*_silent_words(config), *_same_words(config), *_unreachable_reminders(config)]


def _silent_words(config: Config) -> Iterator[Problem]:
    for name, one in config.checkin.items():
        for position, word in enumerate(one.words):
            if not fold(word):
                path = ("checkin", name, "words", position)
                yield config.problem(path, "says nothing: expected a word")


def _same_words(config: Config) -> Iterator[Problem]:
    """A word that leads to the first of two programmes everywhere, so never to the second."""
    seen: list[tuple[str, str, Programme]] = []
    for programme in programmes_of(config.checkin, config.timezone):
        own = [(fold(word), word) for word in programme.settings.words]
        for position, (folded, word) in enumerate(own):
            other = next((p for f, _, p in seen if f == folded and _covers(p, programme)), None)
            if other:
                path = ("checkin", programme.name, "words", position)
                message = f'"{word}" already checks in to "{other.name}" in the same groups'
                yield config.problem(path, message)
        seen += [(folded, word, programme) for folded, word in own]


def _covers(first: Programme, second: Programme) -> bool:
    if first.settings.groups == "all":
        return True
    return second.settings.groups != "all" and set(second.settings.groups) <= set(
        first.settings.groups
    )


def _unreachable_reminders(config: Config) -> Iterator[Problem]:
    for programme in programmes_of(config.checkin, config.timezone):
        for position, group in enumerate(programme.settings.reminder_groups):
            if not programme.runs_in(group):
                path = ("checkin", programme.name, "reminder_groups", position)
                message = f"members cannot check in to {programme.name!r} in this group"
                yield config.problem(path, message, 'add it to "groups"')
