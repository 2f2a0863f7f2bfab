"""What an app of WeCom can do for customers, and how much of it they get."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from bot.gateways.profiles import profiles
from bot.gateways.wecom.group_welcomes import KEEPS
from bot.gateways.wecom.moments import PUBLISHES
from bot.gateways.wecom.settings import WeComSettings
from bot.gateways.wecom.ways import CODES
from bot.model.capabilities import Capabilities, Quota, Rate

MASS_SENDS: Mapping[Literal["month", "week", "day"], int] = MappingProxyType(
    {"month": 28, "week": 7, "day": 1}
)
"""Mass messages a customer or group gets: as many as a month has days, so 28 in every one."""


def abilities(settings: WeComSettings) -> Capabilities:
    """Those of the profile, with what this company set."""
    period = settings.mass_sends
    count = MASS_SENDS[period]
    quotas = (
        Quota(per="member", count=count, period=period),
        Quota(per="group", count=count, period=period),
    )
    own: dict[str, Any] = {"quotas": quotas, "chat_rate": Rate(count=30, seconds=60)}
    own |= {"refresh": True, "moment_quotas": _moments_shown(settings), **PUBLISHES}
    return profiles()["wecom"].model_copy(update={**own, **KEEPS, **CODES})


def _moments_shown(settings: WeComSettings) -> tuple[Quota, ...]:
    """How many moments a customer is shown, where the operator knows."""
    count = settings.unconfirmed.moments_a_month
    return (Quota(per="member", count=count, period="month"),) if count else ()
