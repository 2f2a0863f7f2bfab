"""CSV files: what a spreadsheet sees when it opens one."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO

import pytest

from bot.reports import Cell, Column, Kind, Row, Table, csv_of

NAME = Column("Name")


def file_of(
    *rows: Row, columns: tuple[Column, ...] = (NAME,), zone: str = "Asia/Shanghai"
) -> bytes:
    return b"".join(csv_of(Table("Members", columns, rows), zone))


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def test_excel_in_china_reads_it_as_utf8_with_windows_line_ends() -> None:
    assert file_of(["王小明"]) == "\ufeffName\r\n王小明\r\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://x","y")',
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(A1)",
        " =1",
        "\u3000=1",
        "\u200b=1",
        "\ufeff=1",
        "\x00=1",
    ],
)
def test_text_never_becomes_a_formula(text: str) -> None:
    shown = read(file_of([text]))[1][0]
    assert shown == "'" + text.replace("\x00", "")


def test_a_title_somebody_chose_never_becomes_a_formula() -> None:
    assert read(file_of(columns=(Column("=tag"),)))[0] == ["'=tag"]


@pytest.mark.parametrize("text", ["a=b", "王-小明", "", "'=1", "12:30", "😀", "'"])
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert read(file_of([text, "x"], columns=(NAME, NAME)))[1] == [text, "x"]


def test_quotes_commas_and_line_breaks_are_kept() -> None:
    row = ['she said "hi", twice', "one\ntwo\r\nthree\rfour", ";"]
    assert read(file_of(row, columns=(NAME, NAME, NAME)))[1] == row


@pytest.mark.parametrize(
    ("kind", "cell", "shown"),
    [
        ("number", -5, "-5"),
        ("number", 2.5, "2.5"),
        ("number", float("nan"), ""),
        ("number", float("inf"), ""),
        ("percent", 0.125, "0.125"),
        ("text", 123456789012345678, "123456789012345678"),
        ("text", "00123", "00123"),
        ("duration", 90061, "25:01:01"),
        ("duration", -61, "-0:01:01"),
        ("duration", -0.2, "0:00:00"),
        ("date", date(2024, 2, 29), "2024-02-29"),
        ("moment", 1714561200999, "2024-05-01 19:00:00"),
        ("moment", datetime(2024, 5, 1, 11, 0, tzinfo=UTC), "2024-05-01 19:00:00"),
        ("moment", None, ""),
    ],
)
def test_each_kind_of_cell_is_told_in_its_way(kind: Kind, cell: Cell, shown: str) -> None:
    column = Column("x", kind)
    assert read(file_of([cell, "y"], columns=(column, NAME)))[1] == [shown, "y"]


def test_the_heading_of_moments_names_their_zone() -> None:
    columns = (Column("Sent", "moment"), Column("Day", "date"))
    assert read(file_of(columns=columns, zone="Europe/Berlin"))[0] == [
        "Sent (Europe/Berlin)",
        "Day",
    ]


def test_half_an_emoji_does_not_stop_the_export() -> None:
    assert read(file_of(["a\ud83d"]))[1] == ["a\ufffd"]


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("number", "5"),
        ("moment", datetime(2024, 5, 1)),  # noqa: DTZ001
        ("date", datetime(2024, 5, 1, tzinfo=UTC)),
        ("date", 5),
        ("text", date(2024, 5, 1)),
    ],
)
def test_a_cell_its_column_cannot_hold_is_named(kind: Kind, cell: Cell) -> None:
    with pytest.raises(ValueError, match=r'column "Clicks" \(.*\) cannot hold a'):
        file_of([cell], columns=(Column("Clicks", kind),))


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a row has 2 cells, expected 1"):
        file_of(["a", "b"])


def test_a_large_table_is_read_only_as_far_as_it_is_sent() -> None:
    made = 0

    def rows() -> Iterator[list[Cell]]:
        nonlocal made
        for made in range(100_000):
            yield [str(made)]

    pieces = csv_of(Table("Members", (NAME,), rows()), "UTC")
    sent = next(pieces) + next(pieces)
    assert made < 2000
    assert len(read(sent + b"".join(pieces))) == 100_001
