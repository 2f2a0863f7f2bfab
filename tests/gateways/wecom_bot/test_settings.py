"""The settings of an AI bot: what is missing or wrong is said before anything connects."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bot.gateways.wecom_bot import WeComBotSettings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "needs bot_id and secret"),
        ({"bot_id": "b"}, "needs secret"),
        ({"mode": "callback", "token": "t"}, "needs aes_key"),
        ({"mode": "callback", "token": "t", "aes_key": "short"}, "43"),
        ({"bot_id": "b", "secret": "s", "url": "https://x.example"}, "wss://"),
    ],
)
def test_what_is_wrong_is_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words) as error:
        WeComBotSettings.model_validate(settings)
    assert "short" not in error.value.errors()[0]["msg"]
