"""What is wrong with programmes is said at its place in the file."""

from pathlib import Path

from bot.checkins.programme import check_programmes
from bot.config import load_config

CONFIG = """
[gateways.qq]
adapter = "onebot11"
[checkin.daily]
words = ["签到", " "]
groups = ["qq/1", "qq/2"]
reminder = "21:00"
reminder_groups = ["qq/1", "qq/3"]
[checkin.books]
words = ["读书", "簽到"]
groups = ["qq/1"]
[checkin.sport]
words = ["签到"]
groups = ["qq/9"]
"""


def test_silent_words_stolen_words_and_reminders_out_of_reach_are_problems(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG, encoding="utf-8")
    found = [str(p).replace(str(file), "file") for p in check_programmes(load_config(file, {}))]
    assert found == [
        "file:5: checkin.daily.words[1]: says nothing: expected a word",
        'file:10: checkin.books.words[1]: "簽到" already checks in to "daily" in the same groups',
        "file:8: checkin.daily.reminder_groups[1]: members cannot check in to 'daily' in this"
        ' group; add it to "groups"',
    ]


def test_the_example_configuration_has_no_problems() -> None:
    example = Path(__file__).parents[2] / "config.example.toml"
    assert check_programmes(load_config(example, {})) == []
