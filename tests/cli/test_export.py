"""``muster export`` and ``muster sop export``: Parquet files from a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from tests.cli.conftest import Line


def test_everything_is_exported_into_a_folder(muster: Line, tmp_path: Path) -> None:
    muster.people("小明", "Ann")
    folder = tmp_path / "warehouse"
    result = muster.muster("export", "--parquet", str(folder))
    assert result.exit_code == 0, result.output
    assert "complete until" in result.output
    assert pq.read_table(folder / "members.parquet")["name"].to_pylist() == [None, None]
    again = ("export", "--parquet", str(folder), "--names", "--json")
    assert "--force" in muster.muster(*again).output
    told = json.loads(muster.muster(*again, "--force").stdout)
    assert told["rows"]["members"] == 2
    assert pq.read_table(folder / "members.parquet")["name"].to_pylist() == ["小明", "Ann"]


def test_days_that_end_before_they_begin_are_told(muster: Line, tmp_path: Path) -> None:
    days = ("--since", "2026-02-02", "--until", "2026-02-01")
    result = muster.muster("export", "--parquet", str(tmp_path / "w"), *days)
    assert result.exit_code == 1
    assert "no day from 2026-02-02 to 2026-02-01" in result.output
    assert not (tmp_path / "w").exists()


def test_a_sops_results_are_exported_as_parquet(muster: Line, tmp_path: Path) -> None:
    muster.people("Ann")
    assert muster("start", "weekly_tips", "--audience", "all-groups").exit_code == 0
    file = tmp_path / "steps.parquet"
    result = muster("export", "weekly_tips", str(file))
    assert result.exit_code == 0, result.output
    assert pq.read_table(file).column_names[0] == "Step"
    assert "or .parquet" in muster("export", "weekly_tips", str(tmp_path / "x.doc")).output
