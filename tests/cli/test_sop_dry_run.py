"""``muster sop dry-run``: what a template would do, before anybody starts it."""

from __future__ import annotations

from tests.cli.conftest import Line


def test_a_dry_run_shows_what_would_go_out_and_starts_nothing(muster: Line) -> None:
    found = muster.json("dry-run", "weekly_tips", "--audience", "all-groups", "--days", "7")
    assert sorted(line["step"] for line in found["lines"]) == ["friday", "monday", "wednesday"]
    shown = muster("dry-run", "weekly_tips", "--audience", "all-groups")
    assert "nothing was sent" in shown.output
    assert "wednesday" in shown.output
    assert muster.json("list")["sops"] == []
    member = muster("dry-run", "birthday", "--audience", "everyone", "--member", "1")
    assert member.output == "Nothing would be due for member 1 within 7 days.\n"


def test_a_dry_run_of_nothing_says_what_is_wrong(muster: Line) -> None:
    assert 'there is no SOP "tips"' in muster.wrong("dry-run", "tips")
    assert "--audience all-groups" in muster.wrong("dry-run", "weekly_tips")
    wrong = muster.wrong("dry-run", "weekly_tips", "--audience", "group:sandbox/tee")
    assert "there is none of this name" in wrong
