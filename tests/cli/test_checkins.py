"""``muster checkins``: today, files, and rules tried before they are made."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from io import StringIO
from pathlib import Path

from bot.app import App
from bot.store.effects import Effects
from tests.cli.conftest import Line

CONFIG = """
[checkin.daily]
points = 2
[checkin.reading]
words = ["读书"]
"""


def records(muster: Line, *streaks: int) -> None:
    """Members 1, 2 … of "tea" with streaks up to today."""
    muster.add(CONFIG)
    muster.people(*(f"M{n}" for n in range(1, len(streaks) + 1)))

    async def write(app: App) -> None:
        room = app.rooms.checkins
        today = room.today(room.programmes[0])
        effects = Effects(app.store.keys)
        for member, streak in enumerate(streaks, 1):
            for back in range(streak):
                day = today - timedelta(days=back)
                room.records.add(effects, "daily", day, member, 1, member)
        assert await app.store.apply(effects)

    muster.inside(write)


def told(muster: Line, *arguments: str) -> str:
    result = muster.muster("checkins", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


def wrong(muster: Line, *arguments: str) -> str:
    result = muster.muster("checkins", *arguments)
    assert result.exit_code in (1, 2), result.output
    return result.output


def test_today_is_told_group_by_group(muster: Line) -> None:
    records(muster, 3, 1, 0)
    found = json.loads(told(muster, "today", "--json"))
    assert [(row["programme"], row["came"]) for row in found] == [("daily", 2), ("reading", 0)]
    assert found[0]["groups"] == [{"group": "Tea", "came": 2, "members": 3}]
    assert "2 of 3" in told(muster, "today", "daily")
    assert "0 came" in told(muster, "today", "daily", "--day", "2025-01-01")
    assert 'did you mean "daily"?' in wrong(muster, "today", "dayly")


def test_files_are_written_and_never_over_another(muster: Line, tmp_path: Path) -> None:
    records(muster, 3, 1)
    file = tmp_path / "standings.csv"
    assert "2 rows" in told(muster, "export", "daily", str(file))
    rows = [*csv.reader(StringIO(file.read_text("utf-8-sig")))]
    assert [row[1:7] for row in rows[1:]] == [
        ["M1", "0", "3", "3", "3", "6"],
        ["M2", "0", "1", "1", "1", "2"],
    ]
    assert "--force" in wrong(muster, "export", "daily", str(file))
    told(muster, "export", "daily", str(file), "--force", "--what", "records")
    book = tmp_path / "points.xlsx"
    assert "4 rows" in told(muster, "export", "daily", str(book), "--what", "points")
    assert book.read_bytes().startswith(b"PK")
    assert ".csv or .xlsx" in wrong(muster, "export", "daily", str(tmp_path / "x.txt"))
    nowhere = str(tmp_path / "no" / "x.csv")
    assert f"{nowhere}: No such file" in wrong(muster, "export", "daily", nowhere)


def test_a_preview_tells_whom_other_rules_touch_and_changes_nothing(
    muster: Line, tmp_path: Path
) -> None:
    records(muster, 5, 1)
    new = tmp_path / "new.toml"
    new.write_text('timezone = "Asia/Shanghai"\n[checkin.daily]\npoints = 3\n', "utf-8")
    said = told(muster, "preview", "daily", "--with", str(new))
    assert said.splitlines() == [
        "2 with records, 2 would change",
        "  streak: 0 shorter, 0 longer",
        "  points: 0 fewer, 2 more",
        "#1        streak 5 → 5  in all 5 → 5  points 10 → 15",
        "#2        streak 1 → 1  in all 1 → 1  points 2 → 3",
    ]
    found = json.loads(told(muster, "preview", "daily", "--with", str(new), "--json"))
    assert (found["changed"], found["richer"]) == (2, 2)
    assert "10 → 15" in told(muster, "preview", "daily", "--with", str(new))
    new.write_text("[checkin.dayly]\n", "utf-8")
    assert 'did you mean "dayly"?' in wrong(muster, "preview", "daily", "--with", str(new))
    new.write_text('[checkin.daily]\ncount = "group"\n', "utf-8")
    assert "cannot be compared" in wrong(muster, "preview", "daily", "--with", str(new))
    new.write_text("[checkin.daily]\npionts = 3\n", "utf-8")
    assert "did you mean" in wrong(muster, "preview", "daily", "--with", str(new))
