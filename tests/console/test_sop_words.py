"""When a step comes, as managers read it in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from bot.console.sop_words import when_words
from bot.console.words import Words
from bot.i18n import Translator
from bot.sop.templates.template import Template


@pytest.mark.parametrize(
    ("step", "en", "zh"),
    [
        ({"after": "0d", "at": "20:00"}, "On the day 20:00", "当天 20:00"),
        ({"after": "1d", "at": "20:00"}, "1 day later 20:00", "1 天后 20:00"),
        ({"after": "90m"}, "90 minutes later", "90 分钟后"),
        ({"after": "1h"}, "1 hour later", "1 小时后"),
        ({"before": "2d"}, "2 days before", "提前 2 天"),
        ({"before": "3d", "at": "09:00"}, "3 days before 09:00", "提前 3 天 09:00"),
        ({"every": "5 9 * * *"}, "Every day 09:05", "每天 09:05"),
        ({"every": "0 20 * * 3"}, "Every Wednesday 20:00", "每星期三 20:00"),
        ({"every": "0 20 * * 0"}, "Every Sunday 20:00", "每星期日 20:00"),
        ({"every": "0 9 1 * *"}, "Every month on day 1 09:00", "每月 1 日 09:00"),
        ({"every": "*/5 9 * * 1-5"}, "*/5 9 * * 1-5", "*/5 9 * * 1-5"),
        ({"every": {"parameter": "when"}}, "(How often)", "(多久一次)"),
        ({"on": "2026-10-01", "at": "09:00"}, "2026-10-01 09:00", "2026-10-01 09:00"),
    ],
)
def test_the_moment_of_a_step_is_read_aloud(step: dict[str, Any], en: str, zh: str) -> None:
    given = {
        "title": "x",
        "anchor": "calendar",
        "parameters": {"when": {"type": "cron", "title": {"en": "How often", "zh": "多久一次"}}},
        "step": [{"id": "a", "text": "b", **step}],
    }
    template, translator = Template.model_validate(given), Translator()
    for language, told in (("en", en), ("zh", zh)):
        assert when_words(Words(translator, language), template, template.step[0]) == told
