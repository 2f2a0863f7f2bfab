"""``muster sop``: SOPs from the command line, on a store of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Line


def test_an_sop_is_started_paused_resumed_and_stopped(muster: Line) -> None:
    muster.people("Ann")
    assert "No SOP yet." in muster("list").output
    arguments = ("weekly_tips", "--audience", "all-groups", "--set", "monday=早上好=！")
    assert muster("start", *arguments, "--name", "tips").output == "tips is started.\n"
    assert [row["state"] for row in muster.json("list")["sops"]] == ["running"]
    assert muster("pause", "tips").output == "tips is paused.\n"
    assert "Nothing is due" in muster("upcoming").output
    assert muster("resume", "tips").output == "tips goes on.\n"
    found = muster.json("upcoming", "--days", "7")
    assert sorted(one["step"] for one in found) == ["friday", "monday", "wednesday"]
    assert "tips/friday  1 group: Tea" in muster("upcoming").output
    shown = muster.json("show", "tips")
    assert shown["parameters"]["monday"] == "早上好=！"
    assert (shown["audience"], shown["by"], shown["runs"]) == (
        "all-groups",
        "the command line",
        [],
    )
    assert "running, version 1, for all-groups" in muster("show", "tips").output
    assert muster("stop", "tips", typed="n\n").exit_code == 1
    assert muster.wrong("stop", "tisp").startswith('Error: there is no SOP "tisp"')
    assert muster.json("show", "tips")["state"] == "running"
    assert "tips is stopped." in muster("stop", "tips", typed="y\n").output
    assert "cannot become paused" in muster.wrong("pause", "tips")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("start", "weekly_tip", "--audience", "all-groups"), 'did you mean "weekly_tips"?'),
        (
            ("start", "weekly_tips", "--audience", "groups"),
            'groups: there is no such kind of term; did you mean "group"?',
        ),
        (
            ("start", "weekly_tips", "--audience", "group:sandbox/tee"),
            "group:sandbox/tee: there is none of this name",
        ),
        (
            ("start", "announcement", "--audience", "all-groups", "--set", "day=soon"),
            "parameters: day: expected a date such as 2026-10-01",
        ),
        (("start", "announcement", "--audience", "all-groups", "--set", "day"), "KEY=VALUE"),
        (("pause", "nothing"), 'there is no SOP "nothing"'),
        (("show", "nothing"), 'there is no SOP "nothing"'),
    ],
)
def test_a_mistake_is_told_in_one_line(muster: Line, arguments: tuple[str, ...], said: str) -> None:
    output = muster.wrong(*arguments)
    assert said in output
    assert "Traceback" not in output


def test_every_mistake_is_told_on_its_own_line(muster: Line) -> None:
    output = muster.wrong(
        *("start", "announcement", "--audience", "everyone", "--set", "time=noon", "--set", "x=1")
    )
    lines = output.removeprefix("Error: ").splitlines()
    assert [line.split(": ")[0] for line in lines] == ["audience:1", *["parameters"] * 3]
    assert [line.split(": ")[1] for line in lines[1:]] == ["text", "time", "x"]


def test_a_template_file_is_checked_line_by_line(muster: Line, tmp_path: Path) -> None:
    good = ROOT / "sop_templates" / "birthday.toml"
    assert "nothing is wrong; steps flowers, wish" in muster("check", str(good)).output
    broken = tmp_path / "mine.toml"
    broken.write_text(
        'title = "Mine"\nanchor = "calendar"\n[[step]]\nid = "one"\nevery = "0 99 * * 1"\n'
        'text = "{{ nme }}"\n',
        encoding="utf-8",
    )
    lines = muster.wrong("check", str(broken)).splitlines()
    assert lines[0].startswith(f"{broken}:5: step[0].every: not a cron expression")
    assert lines[1].startswith(f"{broken}:6: step[0].text: ")
    result = muster("check", str(broken), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["problems"] == lines
