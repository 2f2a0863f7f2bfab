"""``muster sop check``: a file alone, and plans on the real roster."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

from bot.app import App
from bot.cli.sop_check import FUNCTIONS, VARIABLES
from bot.clock import SystemClock
from bot.config import load_config
from tests.cli.conftest import ROOT, Line

TIPS = ROOT / "sop_templates" / "weekly_tips.toml"


def test_other_broken_templates_do_not_matter_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "bad.toml").write_text("title = 1", encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(f'sop_templates = "{tmp_path / "templates"}"', encoding="utf-8")
    result = Line(config)("check", str(TIPS))
    assert (result.exit_code, "nothing is wrong" in result.output) == (0, True), result.output


def test_a_plan_is_checked_on_the_real_roster(muster: Line) -> None:
    given = ("check", str(TIPS), "--audience", "all-groups", "--no-links")
    output = muster(*given).output
    assert "warning  audience: No group is in the audience now" in output
    found = muster.json(*given)
    assert found[0]["severity"] == "warning"
    wrong = muster.wrong(*given[:3], "group:sandbox/tea")
    assert "there is none of this name" in wrong


def test_a_running_sop_is_checked_by_its_name(muster: Line) -> None:
    muster.json("start", "weekly_tips", "--audience", "all-groups", "--name", "tips")
    found = muster.json("check", "tips", "--no-links")
    assert [row["sop"] for row in found if row["key"] == "audience"] == ["tips"]
    assert "there is no SOP" in muster.wrong("check", "topis")


def test_errors_of_a_plan_give_exit_code_1(muster: Line, tmp_path: Path) -> None:
    draft = tmp_path / "draft.toml"
    step = 'id = "a"\nafter = "1h"\nstart = "nothing"'
    draft.write_text(f'title = "D"\nanchor = "joined"\n[[step]]\n{step}\n', encoding="utf-8")
    given = ("check", str(draft), "--audience", "everyone", "--no-links")
    assert "error    a/start: There is no SOP “nothing”" in muster.wrong(*given)
    result = muster(*given, "--json")
    assert (result.exit_code, json.loads(result.stdout)[0]["severity"]) == (1, "error")


def test_a_report_of_what_there_are_no_figures_of_is_found(muster: Line) -> None:
    report = ("check", str(ROOT / "sop_templates" / "weekly_report.toml"))
    assert muster(*report).exit_code == 0
    given = (*report, "--audience", "all-groups", "--no-links", "--set", "about=planet:mars")
    assert "report/text: This text cannot be written: “planet:mars”" in muster.wrong(*given)


async def test_a_file_alone_may_use_what_every_text_may_use(tmp_path: Path) -> None:
    config = load_config(ROOT / "config.example.toml", {}, folder=tmp_path)
    app = App(config, SystemClock(), Random(1))
    assert app.rooms.writer.names == FUNCTIONS
    assert tuple(app.rooms.workspace) == VARIABLES
