"""``muster sop calendar``: what is to come, day by day, and as a file for calendar programs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Line


def test_what_is_to_come_is_listed_by_day(muster: Line) -> None:
    muster.people("ann", "bob")
    assert muster("calendar").output == "Nothing goes out in this time.\n"
    muster.json("start", "weekly_tips", "--audience", "all-groups", "--name", "tips")
    said = muster("calendar", "--days", "7").output
    assert "  18:00  tips friday (message, 1 group)" in said
    found = muster.json("calendar", "--days", "7")
    assert {(row["sop"], row["to"], row["count"]) for row in found} == {("tips", "group", 1)}
    assert {row["step"] for row in found} >= {"wednesday", "friday"}


def test_it_is_written_as_a_file_for_calendar_programs(muster: Line, tmp_path: Path) -> None:
    muster.people("ann")
    muster.json("start", "weekly_tips", "--audience", "all-groups", "--name", "tips")
    file = tmp_path / "tips.ics"
    said = muster("calendar", "--days", "7", "--ics", str(file)).output
    assert f"entries are in {file}." in said
    body = file.read_text("utf-8")
    assert body.startswith("BEGIN:VCALENDAR")
    assert "SUMMARY:Weekly tips · friday · 1 group" in body
