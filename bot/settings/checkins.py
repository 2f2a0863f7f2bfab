"""Settings of check-in programmes: when and where members come, and what they get for it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from bot.located import Kind
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.settings.kinds import ClockTime, Duration, GroupRef, OrNone, QuietHours, Zone
from bot.settings.rooms import Words
from bot.settings.streak_reminders import StreakReminderSettings

_ALL = Phrase('"all" or a list of groups')
_WINDOW = Phrase('two times of day such as "06:00-09:00", or "none"')
YEAR = 365 * 86_400.0


class EvidenceSettings(Frozen):
    """What a member has to show for a check-in."""

    kind: Literal["text", "picture", "link"] = Field(
        default="text", description="A text, a picture, or a text with a link in it."
    )
    least: int = Field(
        default=1, ge=1, le=5000, description="The fewest characters of a text, spaces left out."
    )
    approval: bool = Field(
        default=False,
        description="Whether staff must approve it; it counts until they refuse it.",
    )
    wait: Duration = Field(
        default=600.0, description="How long a member who only said the word has to show it."
    )
    keep: Duration = Field(default=YEAR, description="How long what was shown is kept.")


class MakeUpSettings(Frozen):
    """How members make up for a day they missed."""

    cost: int = Field(default=0, ge=0, description="Points a made-up day costs.")
    per_month: int = Field(
        default=3, ge=1, le=31, description="The most days made up of one calendar month."
    )
    days: int = Field(
        default=7, ge=1, le=366, description="How many days back a day may be made up."
    )


class FreezeSettings(Frozen):
    """Missed days over which a streak holds; they are used by themselves and never counted."""

    per_month: int = Field(
        default=0, ge=0, le=31, description="Missed days (or weeks) forgiven each calendar month."
    )
    earned_every: int | None = Field(
        default=None, ge=1, description="A further one is earned each time a streak grows by this."
    )
    most: int = Field(default=2, ge=1, le=31, description="The most earned ones kept in hand.")


class BonusSettings(Frozen):
    """Points for every so many days (or weeks) in a row."""

    every: int = Field(default=7, ge=2, description="How many in a row.")
    points: int = Field(default=5, ge=1, description="The points each time.")


class StageSettings(Frozen):
    """What a member gets, once, when a streak or total is reached."""

    at: int = Field(ge=1, description="How many.")
    of: Literal["streak", "total"] = Field(
        default="streak", description="Of days (or weeks) in a row, or of check-ins in all."
    )
    reward: str = Field(default="", description="What is given, as members read it.")
    stock: int | None = Field(
        default=None, ge=1, description="How many there are of it; without it any number."
    )
    points: int = Field(default=0, ge=0, description="Points given.")
    tags: tuple[Words, ...] = Field(default=(), description="Tags given.")
    text: Words | None = Field(
        default=None, description="What is said, Jinja2; without it a standard text."
    )
    certificate: bool = Field(default=False, description="Whether a certificate is given.")


class CheckInSettings(Frozen):
    """A check-in programme."""

    title: str = Field(
        default="",
        max_length=60,
        description="What members and managers read; without it the name.",
    )
    words: tuple[Words, ...] = Field(
        default=("签到", "打卡", "check in"),
        min_length=1,
        description="What members say to check in.",
    )
    timezone: Zone | None = Field(
        default=None,
        description="The zone whose midnight ends a day; else the workspace's. A member whose "
        "timezone is known has days of their own.",
    )
    every: Literal["day", "week"] = Field(
        default="day", description="Whether a streak is of days or of weeks."
    )
    times: int = Field(
        default=1, ge=1, le=7, description="How many days of a week it takes to keep it."
    )
    week_starts: Literal[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
    ] = Field(default="monday", description="The day a week begins with.")
    window: Annotated[QuietHours | None, OrNone, Kind(_WINDOW)] = Field(
        default=None,
        description="When members can check in; what is after midnight is of the day before.",
    )
    since: date | None = Field(default=None, description="The first day of a campaign.")
    until: date | None = Field(default=None, description="The last day of a campaign.")
    complete: int | None = Field(
        default=None, ge=1, description="How many check-ins complete it: congratulated once."
    )
    certificate: bool = Field(
        default=False, description="Whether who completes it is given a certificate."
    )
    points: int = Field(default=1, ge=0, description="Points for each check-in.")
    bonus: BonusSettings | None = Field(
        default=None, description="Further points for every so many in a row."
    )
    points_last: Annotated[Duration | None, OrNone] = Field(
        default=None, description="How long points last, the oldest spent first; else for ever."
    )
    groups: Annotated[Literal["all"] | tuple[GroupRef, ...], Kind(_ALL)] = Field(
        default="all", description="Where members can check in."
    )
    where: Literal["group", "direct", "both"] = Field(
        default="group", description="Whether members check in in a group, a direct chat or both."
    )
    count: Literal["everywhere", "group"] = Field(
        default="everywhere",
        description="Whether all groups together make one streak, or each makes its own.",
    )
    evidence: EvidenceSettings | None = Field(
        default=None, description="What members have to show; without it the word is enough."
    )
    make_up: MakeUpSettings | None = Field(
        default=None, description="How missed days can be made up; without it they cannot."
    )
    freeze: FreezeSettings | None = Field(
        default=None, description="Missed days over which a streak holds; without it none."
    )
    stages: tuple[StageSettings, ...] = Field(
        default=(), description="What is given when a streak or total is reached."
    )
    reminder: ClockTime | None = Field(
        default=None, description="When groups are reminded; without it never."
    )
    reminder_groups: tuple[GroupRef, ...] = Field(
        default=(), description="The groups that are reminded; without them those of `groups`."
    )
    streak_reminder: StreakReminderSettings | None = Field(
        default=None, description="Who would lose a streak today is told; without it nobody."
    )
