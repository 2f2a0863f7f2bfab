"""``muster sop edit``: what changes is shown, and only then done."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Line

WORDS = """title = "A word"
anchor = "joined"
to = "member"
[parameters.word]
default = "Hello"
[[step]]
id = "first"
after = "1h"
text = "{{ word }} {{ member.name }}"
"""
TIP = """[[step]]
id = "tip"
after = "0m"
text = "A tip"
"""


def started(muster: Line, folder: Path) -> None:
    """A SOP called "word" for Ann, Bo and Cy, who joined before it and are not in flight."""
    muster.people("Ann", "Bo", tag="vip")
    muster.people("Cy")
    file = folder / "word.toml"
    file.write_text(WORDS, encoding="utf-8")
    assert muster("import", str(file)).output == "word is version 1.\n"
    assert muster("start", "word", "--audience", "everyone").exit_code == 0


def test_who_joins_and_leaves_and_what_is_said_is_shown_before_it_is_done(
    muster: Line, tmp_path: Path
) -> None:
    started(muster, tmp_path)
    change = ("edit", "word", "--audience", "tag:vip", "--set", "word=Good morning")
    result = muster(*change, typed="n\n")
    assert result.exit_code == 1
    for line in (
        "audience: everyone → tag:vip",
        "  2 stay",
        "  1 leave: Cy",
        "parameter word: Hello → Good morning",
        "step first: changed",
        "  [-Hello-]{+Good morning+} Ann",
    ):
        assert line in result.output.splitlines()
    assert muster.json("show", "word")["version"] == 1
    assert "word is version 2 now." in muster(*change, typed="y\n").output
    shown = muster.json("show", "word")
    assert (shown["version"], shown["audience"]) == (2, "tag:vip")
    assert shown["parameters"] == {"word": "Good morning"}


def test_a_new_step_is_also_for_those_past_it_when_that_is_said(
    muster: Line, tmp_path: Path
) -> None:
    started(muster, tmp_path)
    muster.people("Dee")
    changed = tmp_path / "changed.toml"
    changed.write_text(WORDS + TIP, encoding="utf-8")
    change = ("edit", "word", "--template", str(changed))
    assert "past step tip: 1 do not get it; --catch-up tip" in muster(*change, typed="n\n").output
    output = muster.wrong(*change, "--catch-up", "tips", "--yes")
    assert 'tips: there is no such step; did you mean "tip"?' in output
    assert muster.json("show", "word")["version"] == 1
    done = muster.json(*change, "--catch-up", "tip", "--yes")
    assert done["version"] == 2
    assert done["changes"]["steps"] == {"tip": "added"}
    assert done["changes"]["past"] == {"tip": 1}


def test_what_cannot_be_is_told_and_nothing_changes(muster: Line, tmp_path: Path) -> None:
    started(muster, tmp_path)
    assert "nothing to change" in muster("edit", "word").output
    assert muster("edit", "word").exit_code == 2
    assert 'unknown parameter; did you mean "word"?' in muster.wrong(
        "edit", "word", "--set", "wrd=x", "--yes"
    )
    assert "did you mean" in muster.wrong("edit", "word", "--audience", "tag:vipp", "--yes")
    assert 'there is no SOP "wort"' in muster.wrong("edit", "wort", "--set", "word=x", "--yes")
    assert muster("stop", "word", "--yes").exit_code == 0
    output = muster.wrong("edit", "word", "--set", "word=x", "--yes")
    assert '"word" is stopped and cannot become edited' in output


def test_where_approval_is_asked_for_starts_and_edits_are_proposed(
    muster: Line, tmp_path: Path
) -> None:
    started(muster, tmp_path)
    muster.add("[sop]\napproval = true\n")
    result = muster("edit", "word", "--set", "word=Hi", "--yes")
    assert "waits for another operator to approve it" in result.output
    made = muster("start", "word", "--audience", "everyone", "--name", "second", "--json")
    assert list(json.loads(made.stdout)) == ["proposal"]
    listed = {row["id"]: row["version"] for row in muster.json("list")["sops"]}
    assert listed == {"word": 1}
