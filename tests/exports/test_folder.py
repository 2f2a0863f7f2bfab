"""The folder: many days at once, and nothing lost between them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from bot.exports import Folder
from bot.exports.shapes import CHECK_INS

FIRST = date(2026, 1, 1)
ABOUT = {"zone": "UTC", "until": "2026-01-31"}


def test_rows_of_many_days_that_come_by_turns_are_all_there(tmp_path: Path) -> None:
    random = Random(5)
    days = [FIRST + timedelta(random.randrange(12)) for _ in range(200)]
    with Folder(tmp_path / "w", ABOUT) as folder:
        for number, day in enumerate(days):
            folder.write(CHECK_INS, day, [("morning", None, number)])
    rows = pq.read_table(tmp_path / "w" / "check_ins").to_pylist()
    assert sorted((row["member"], str(row["day"])) for row in rows) == [
        (number, str(day)) for number, day in enumerate(days)
    ]
    assert (tmp_path / "w" / "check_ins" / f"day={FIRST}" / "part-1.parquet").exists()


def test_a_table_that_has_no_rows_can_be_read(tmp_path: Path) -> None:
    with Folder(tmp_path / "w", ABOUT):
        pass
    assert pq.read_table(tmp_path / "w" / "conversions.parquet").num_rows == 0
    assert pq.read_table(tmp_path / "w" / "hits").num_rows == 0


def test_a_cell_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    try:
        with Folder(tmp_path / "w", ABOUT) as folder:
            folder.write(CHECK_INS, FIRST, [("morning", None, "not a number")])
    except ValueError:
        assert [*tmp_path.iterdir()] == []
    else:
        raise AssertionError("expected a ValueError")
