"""``muster tags``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Line


def told(muster: Line, *arguments: str) -> str:
    result = muster.muster("tags", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_tag_is_given_to_a_part_listed_and_undone(muster: Line) -> None:
    assert "No tag yet." in told(muster, "list")
    muster.people("Ann", "Bo", tag="vip")
    muster.people("Cy")
    chosen = ("--in", "tag:vip", "--part", "none")
    assert muster.muster("tags", "apply", "others", *chosen, typed="n\n").exit_code == 1
    row = json.loads(told(muster, "apply", "others", *chosen, "--yes", "--json"))
    assert row["parts"] == {"all": 2, "some": 0, "none": 1}
    assert (row["state"], row["changed"], row["what"]) == ("done", 1, "tag:vip")
    rows = {row["name"]: row["members"] for row in json.loads(told(muster, "list", "--json"))}
    assert rows == {"vip": 2, "others": 1}
    assert "+others" in told(muster, "applied")
    assert "1 members are as they were." in told(muster, "undo", "1")
    result = muster.muster("tags", "undo", "1")
    assert result.exit_code == 1
    assert "only what is done can be undone, and once" in result.output


def test_a_list_in_a_file_is_read_and_what_names_nobody_is_told(
    muster: Line, tmp_path: Path
) -> None:
    muster.people("Ann", "Bo")
    (tmp_path / "list.csv").write_text("#1\n#99\n", encoding="utf-8")
    path = str(tmp_path / "list.csv")
    said = told(muster, "apply", "here", "--list", path, "--part", "all", "--yes")
    assert "line 2: nobody is called '#99'" in said
    assert "1 members changed." in said
    result = muster.muster(
        *("tags", "apply", "x", "--in", "everyone", "--part", "all"), *("--at", "someday")
    )
    assert result.exit_code == 2
