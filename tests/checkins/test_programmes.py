"""What is wrong with programmes is said at its place in the file."""

from pathlib import Path

from bot.checkins.faults import check_programmes
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
        'file:10: checkin.books.words[1]: "簽到" already checks in to "daily" in the same groups',
        "file:5: checkin.daily.words[1]: says nothing: expected a word",
        "file:8: checkin.daily.reminder_groups[1]: members cannot check in to it in this group;"
        ' add it to "groups"',
    ]


NONSENSE = """
[checkin.run]
times = 3
since = 2026-06-30
until = 2026-06-01
certificate = true
freeze = { most = 3 }
[checkin.walk]
words = ["走路"]
since = 2026-06-01
until = 2026-06-10
complete = 21
[[checkin.walk.stages]]
at = 7
stock = 3
text = "{{ member.nmae }}"
[[checkin.walk.stages]]
at = 7
"""


def test_settings_that_make_no_sense_together_are_problems(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(NONSENSE, encoding="utf-8")
    found = [str(p).replace(str(file), "file") for p in check_programmes(load_config(file, {}))]
    assert [one.split(";")[0] for one in found] == [
        'file:3: checkin.run.times: several times are of a week: write every = "week" too',
        "file:5: checkin.run.until: is before 2026-06-30, the first day",
        'file:6: checkin.run.certificate: nothing completes it: write "complete" too',
        'file:7: checkin.run.freeze: forgives nothing: write "per_month" or "earned_every"',
        "file:12: checkin.walk.complete: cannot be reached: the campaign has 10 days",
        'file:15: checkin.walk.stages[0].stock: of what? write "reward" too',
        "file:16: checkin.walk.stages[0].text: there is no value in member nmae",
        "file:18: checkin.walk.stages[1].at: another stage is reached at the same",
    ]


def test_the_example_configuration_has_no_problems() -> None:
    example = Path(__file__).parents[2] / "config.example.toml"
    assert check_programmes(load_config(example, {})) == []
