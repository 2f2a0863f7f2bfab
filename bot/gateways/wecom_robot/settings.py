"""The settings of a gateway of WeCom group robots."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from yarl import URL

from bot.gateways.wecom.settings import API, ApiUrl
from bot.model.base import Frozen

_KEY = re.compile(r"[0-9A-Za-z_-]{1,128}")


def _key(secret: SecretStr) -> SecretStr:
    """The key, also out of the whole address WeCom shows."""
    text = secret.get_secret_value().strip()
    try:
        key = URL(text).query.get("key", "") if "://" in text else text
    except ValueError:
        key = ""
    if not _KEY.fullmatch(key):
        # The address itself is not repeated in the error: it is the secret.
        raise ValueError("expected the robot's webhook address, or the key at its end")
    return SecretStr(key)


class WeComRobotSettings(Frozen):
    """Robots of one company, each in its own group.

    The name a robot is given here is the group's id: what is sent to group ``sales`` goes out by
    the robot ``sales``.
    """

    robots: dict[str, Annotated[SecretStr, AfterValidator(_key)]] = Field(
        min_length=1, description="name = the robot's webhook address, or the key at its end"
    )
    api_url: ApiUrl = Field(default=API, description="where WeCom's API is")
