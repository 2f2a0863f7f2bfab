"""Guards: what keeps a SOP from writing too much, at the wrong time, or to the wrong people."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.audience.audience import Audience
from bot.model.base import Frozen
from bot.settings.spans import DateSpan, SendRate, Share


class Guards(Frozen):
    """A template's own limits, beside the workspace's."""

    quiet: Literal["defer", "drop"] = Field(
        default="defer", description="What quiet hours do to a step: wait for their end, or not."
    )
    daily_cap: int | None = Field(
        default=None, ge=1, description="The most of its topic one target gets in a day."
    )
    weekly_cap: int | None = Field(
        default=None, ge=1, description="The most of its topic one target gets in seven days."
    )
    rate: SendRate | None = Field(default=None, description='The fastest it sends: "60/1m".')
    blackout: tuple[DateSpan, ...] = Field(
        default=(), description="Dates nothing leaves on; it waits for the day after."
    )
    stop_when: Audience | None = Field(
        default=None, description="Who this holds for gets nothing more of it."
    )
    pause_on_failures: Share | None = Field(
        default=None, description="Pause it when more than this share of a step fails."
    )
