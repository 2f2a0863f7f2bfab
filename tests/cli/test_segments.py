"""``muster segments`` and ``muster sop templates``: what is kept under a name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Line


def told(muster: Line, *arguments: str) -> str:
    """What a verb of segments prints; it must succeed."""
    result = muster.muster("segments", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def row(muster: Line, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told(muster, "show", name, "--json"))
    return found


def test_a_segment_is_saved_read_aloud_counted_and_deleted(muster: Line) -> None:
    assert "No segment yet." in told(muster, "list")
    muster.people("Ann", "Bo", tag="vip")
    muster.people("Cy")
    said = told(muster, "save", "regulars", "tag:vip and group:sandbox/tea")
    assert said == "regulars: members who are tagged “vip” and are in “Tea”; 2 members.\n"
    assert "regulars" in told(muster, "list")
    assert told(muster, "count", "not segment:regulars").endswith(": 1 member\n")
    assert told(muster, "count", "all-groups", "--to", "group") == "all groups: 1 group\n"
    assert muster.muster("segments", "delete", "regulars", typed="n\n").exit_code == 1
    assert row(muster, "regulars")["count"] == 2
    assert told(muster, "delete", "regulars", "--yes") == "regulars is deleted.\n"
    result = muster.muster("segments", "show", "regulars")
    assert result.exit_code == 1
    assert 'there is no segment "regulars"' in result.output


def test_a_segment_in_use_is_not_deleted_and_says_by_whom(muster: Line) -> None:
    muster.people("Ann", tag="vip")
    told(muster, "save", "vips", "tag:vip")
    told(muster, "save", "others", "not segment:vips")
    assert muster("start", "birthday", "--audience", "segment:vips").exit_code == 0
    assert row(muster, "vips")["used"] == ["SOP birthday", "segment others"]
    result = muster.muster("segments", "delete", "vips", "--yes")
    assert result.exit_code == 1
    assert '"vips" is used by SOP birthday, segment others' in result.output
    assert muster("stop", "birthday", "--yes").exit_code == 0
    told(muster, "delete", "others", "--yes")
    assert told(muster, "delete", "vips", "--yes") == "vips is deleted.\n"


def test_what_is_wrong_with_an_expression_is_told_at_its_place(muster: Line) -> None:
    muster.people("Ann", tag="vip")
    for expression, said in (
        ("tag:vpi", 'tag:vpi: there is none of this name; did you mean "vip"?'),
        ("tagg:vip", 'tagg: there is no such kind of term; did you mean "tag"?'),
        ("step:tips/sent", "only a SOP can ask what its own steps did"),
    ):
        result = muster.muster("segments", "save", "x", expression)
        assert result.exit_code == 1
        assert said in result.output
    assert "No segment yet." in told(muster, "list")


def test_a_template_is_shown_imported_and_listed(muster: Line, tmp_path: Path) -> None:
    text = muster("templates", "show", "birthday").output
    mine = tmp_path / "my_birthday.toml"
    mine.write_text(text, encoding="utf-8")
    assert muster("import", str(mine)).output == "my_birthday is version 1.\n"
    listed = {one["name"]: one for one in muster.json("templates", "list")}
    assert listed["my_birthday"]["own"]
    assert not listed["birthday"]["own"]
    assert "my_birthday" in muster("list").output
    assert "Another template is called this." in muster.wrong("import", str(mine))
    mine.write_text(text + "\n# mine\n", encoding="utf-8")
    assert muster.json("import", str(mine), "--replace") == {"name": "my_birthday", "version": 2}
    mine.write_text("title = 3\n", encoding="utf-8")
    assert "my_birthday.toml:1: title" in muster.wrong("import", str(mine), "--replace")
    assert 'did you mean "birthday"?' in muster.wrong("templates", "show", "birthdya")
