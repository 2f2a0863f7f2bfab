"""Settings of the reminders that go to members whose streak is about to break."""

from __future__ import annotations

from pydantic import Field

from bot.model.base import Frozen
from bot.settings.kinds import ClockTime


class StreakReminderSettings(Frozen):
    """Who is told that a streak ends today, and when."""

    at: ClockTime = Field(description="When they are told, on the programme's clock.")
    least: int = Field(
        default=3, ge=2, description="The shortest streak, in days or weeks, somebody is told of."
    )
    names: int = Field(
        default=10,
        ge=1,
        le=50,
        description="The most members a group's message names; the gateway cannot write to them.",
    )
