"""``muster routes``: which route wins and why, and which get in each other's way."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli.main import commands

CONFIG = """
language = "en"
[synonyms]
skincare = ["护肤"]

[[routes]]
name = "护肤"
words = ["护肤"]
mode = "contains"
pinyin = true
groups = ["sandbox/skin"]
reply = "{{ link('https://a.example') }}"

[[routes]]
name = "vip"
words = ["hufu"]
mode = "contains"
groups = ["sandbox/vip"]
when = { audience = "tag:vip" }
"""
BEATEN = """
[[routes]]
name = "all"
words = [".*"]
mode = "regex"
priority = 1
groups = ["sandbox/skin"]
"""


def routes(folder: Path, config: str, *arguments: str) -> Result:
    path = folder / "config.toml"
    path.write_text(config, encoding="utf-8")
    return CliRunner().invoke(commands(), ["--config", str(path), "routes", *arguments])


def test_a_phrase_is_explained_with_the_conditions_of_routes(tmp_path: Path) -> None:
    said = routes(tmp_path, CONFIG, "explain", "加入 hufu 群").output
    assert said.splitlines() == [
        "read as: 加入hufu群",
        '→ vip: the text contains "hufu", only for members who are tagged “vip”',
        '  护肤: pinyin: "hufu", said "hufu" for "护肤", but a more specific kind of rule matches',
    ]
    assert (
        '→ 护肤: the text contains "skincare"'
        in routes(tmp_path, CONFIG, "explain", "skincare").output
    )


def test_routes_in_each_others_way_are_listed_and_the_exit_code_says_so(tmp_path: Path) -> None:
    fine = routes(tmp_path, CONFIG, "check")
    assert (fine.exit_code, fine.output) == (0, "nothing to look at\n")
    found = routes(tmp_path, CONFIG + BEATEN, "check")
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        "护肤: nobody gets here: “all” always goes before it",
        "vip: nobody gets here: “all” always goes before it",
        "all: it takes every message",
    ]
    listed = json.loads(routes(tmp_path, CONFIG + BEATEN, "check", "--json").output)
    assert listed[0]["routes"] == ["护肤", "all"]


def test_a_word_that_cannot_be_matched_is_told_with_its_line(tmp_path: Path) -> None:
    wrong = CONFIG.replace('words = ["hufu"]\nmode = "contains"', 'words = ["a +"]\nmode = "all"')
    found = routes(tmp_path, wrong, "check")
    told = "config.toml:16: routes[1].words[0]: expected a word on both sides"
    assert told in str(found.exception)
