"""Parquet files: what other programs read in them."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from bot.reports import Cell, Column, Kind, ParquetFile, Row, Table, parquet_of, write_parquet

COLUMNS = (
    *(Column("Name"), Column("Clicks", "count"), Column("Mean", "number")),
    *(Column("Share", "percent"), Column("At", "moment"), Column("Day", "date")),
    Column("Took", "duration"),
)
AT = datetime(2026, 11, 22, 10, 0, 0, 123_000, tzinfo=UTC)
ROW: Row = ("小明 😀", 2**53 + 1, 1.5, 0.25, AT, date(2026, 11, 22), 90.5)


@pytest.fixture(autouse=True)
def _nothing_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    yield
    assert list(own.iterdir()) == []


def read(rows: list[Row], columns: tuple[Column, ...] = COLUMNS) -> Any:
    return pq.read_table(BytesIO(parquet_of(Table("Links", columns, rows), "Asia/Shanghai")))


def test_every_kind_of_column_has_its_type() -> None:
    types = {field.name: str(field.type) for field in read([]).schema}
    assert types == {
        "Name": "string",
        "Clicks": "int64",
        "Mean": "double",
        "Share": "double",
        "At": "timestamp[ms, tz=UTC]",
        "Day": "date32[day]",
        "Took": "double",
    }


def test_cells_come_back_as_they_were_and_empty_ones_as_null() -> None:
    first, second = read([ROW, (None,) * 7]).to_pylist()
    assert tuple(first.values()) == ROW
    assert set(second.values()) == {None}


def test_moments_are_told_alike_as_milliseconds_and_as_datetimes() -> None:
    rows: list[Row] = [(int(AT.timestamp() * 1000),), (AT,)]
    one, other = read(rows, (Column("At", "moment"),))["At"].to_pylist()
    assert one == other == AT


def test_duckdb_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "links.parquet"
    path.write_bytes(parquet_of(Table("Links", COLUMNS, [ROW] * 3), "Asia/Shanghai"))
    with duckdb.connect() as db:
        asked = (
            'SELECT "Name", sum("Clicks"), min(epoch_ms("At")), any_value("Day") FROM ? GROUP BY 1'
        )
        found = db.execute(asked.replace("?", f"'{path}'")).fetchall()
    assert found == [("小明 😀", 3 * (2**53 + 1), int(AT.timestamp() * 1000), date(2026, 11, 22))]


def test_notes_and_zone_are_in_the_metadata() -> None:
    table = Table("链接", COLUMNS, [], ("complete until 18:00",))
    metadata = pq.read_schema(BytesIO(parquet_of(table, "Asia/Shanghai"))).metadata
    assert json.loads(metadata[b"muster"]) == {
        "name": "链接",
        "notes": ["complete until 18:00"],
        "zone": "Asia/Shanghai",
    }


def test_columns_of_one_title_are_told_apart() -> None:
    assert read([], (Column("a"), Column("a"), Column(""), Column("a"))).column_names == [
        *("a", "a (2)", "column", "a (3)")
    ]


def test_text_without_half_characters_and_controls() -> None:
    assert read([("a\ud83d\x00b\x1b",)], (Column("t"),)).to_pylist() == [{"t": "a\ufffdb"}]


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("count", 1.5),
        ("count", 2**70),
        ("moment", datetime(2026, 1, 1)),  # noqa: DTZ001
        ("number", "7"),
        ("text", date(2026, 1, 1)),
    ],
)
def test_a_cell_that_does_not_fit_leaves_the_file_alone(kind: Kind, cell: Cell) -> None:
    file = BytesIO()
    with pytest.raises(ValueError, match=r"\S"):
        write_parquet(file, Table("t", (Column("c", kind),), [(None,), (cell,)]), "UTC")
    assert file.getvalue() == b""


def test_a_file_given_up_is_left_alone() -> None:
    file = BytesIO()

    def interrupted() -> None:
        with ParquetFile(file, "t", (Column("c", "count"),), "UTC") as made:
            made.write([(1,)])
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert file.getvalue() == b""


def test_many_rows_are_written_in_groups_and_in_bounded_memory(tmp_path: Path) -> None:
    columns = (Column("n", "count"), Column("t"))
    rows: Iterator[Row] = ((n, f"member {n}") for n in range(300_000))
    path = tmp_path / "many.parquet"
    parquet_of(Table("warm", columns, [(1, "")]), "UTC")
    tracemalloc.start()
    with path.open("wb") as file:
        write_parquet(file, Table("many", columns, rows), "UTC")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    read_back = pq.ParquetFile(path)
    assert read_back.metadata.num_rows == 300_000
    assert read_back.metadata.num_row_groups == 15
    assert peak < 20_000_000  # all of them are more than 60


def test_groups_of_long_texts_are_smaller(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    with path.open("wb") as file:
        write_parquet(
            file, Table("t", (Column("t"),), (("x" * 1_000_000,) for _ in range(20))), "UTC"
        )
    assert pq.ParquetFile(path).metadata.num_row_groups == 3
