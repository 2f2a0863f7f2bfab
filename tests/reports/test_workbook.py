"""Workbooks: what another program reads in them."""

from __future__ import annotations

import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bot.reports import Cell, Column, Kind, Row, Table, Workbook, write_xlsx, xlsx_of

MADE = 1714561200000
NAME = Column("Name")


@pytest.fixture(autouse=True)
def _nothing_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(data))


def sheet_of(*rows: Row, columns: tuple[Column, ...] = (NAME,), notes: tuple[str, ...] = ()) -> Any:
    table = Table("Members", columns, rows, notes)
    return opened(xlsx_of([table], "Asia/Shanghai", MADE)).active


@pytest.mark.parametrize(
    ("kind", "cell", "value", "look"),
    [
        ("text", "王小明", "王小明", "@"),
        ("text", 123456789012345678, "123456789012345678", "@"),
        ("number", 1234, 1234, "#,##0"),
        ("number", -2.5, -2.5, "#,##0.00"),
        ("number", 123456789012345678, "123456789012345678", "@"),
        ("percent", 0.125, 0.125, "0.0%"),
        ("percent", 1, 1, "0.0%"),
        ("moment", MADE + 999, datetime.fromisoformat("2024-05-01T19:00"), "yyyy-mm-dd hh:mm:ss"),
        ("moment", -3_000_000_000_000, "1874-12-08 02:45:43", "@"),
        ("date", date(2024, 2, 29), datetime.fromisoformat("2024-02-29"), "yyyy-mm-dd"),
        ("duration", 90061, timedelta(days=1, seconds=3661), "[h]:mm:ss"),
        ("duration", -61, "-0:01:01", "@"),
    ],
)  # fmt: skip
def test_each_kind_of_cell_has_its_type_and_look(
    kind: Kind, cell: Cell, value: object, look: str
) -> None:
    found = sheet_of([cell], columns=(Column("x", kind),))["A2"]
    assert (found.value, found.number_format) == (value, look)


@pytest.mark.parametrize("cell", [None, "", float("nan")])
def test_nothing_is_an_empty_cell(cell: Cell) -> None:
    kind: Kind = "number" if isinstance(cell, float) else "text"
    assert sheet_of([cell], columns=(Column("x", kind),))["A2"].value is None


@pytest.mark.parametrize(
    "text",
    ["=1+1", "{=1+1}", "+1", "@SUM(A1)", "http://example.com", "mailto:a@b", "internal:A!A1", "5"],
)
def test_text_stays_text(text: str) -> None:
    cell = sheet_of([text])["A2"]
    assert (cell.data_type, cell.value, cell.hyperlink) == ("s", text, None)


def test_text_that_looks_like_the_file_format_does_not_get_into_it() -> None:
    text = '<r><t>a</t></r><c t="str"><f>1+1</f></c><r></r>'
    padded = "<r>" + "x" * (32767 - 7) + "</r>"
    sheet = sheet_of([text], [padded], columns=(Column(text),), notes=(text,))
    assert [sheet.cell(at, 1).value.strip() for at in (1, 2, 5)] == [text] * 3
    assert sheet["A3"].value == padded[:32766] + "…"


def test_line_breaks_are_kept_and_control_characters_are_not() -> None:
    sheet = sheet_of(["one\r\ntwo\rthree\nfour"], ["a\x00b\x1bc\ud83d\uffff"])
    assert sheet["A2"].value == "one\ntwo\nthree\nfour"
    assert sheet["A2"].alignment.wrap_text
    assert sheet["A3"].value == "abc\ufffd"


def test_text_too_long_for_a_cell_is_cut_where_one_sees_it() -> None:
    value = sheet_of(["😀" * 20_000])["A2"].value
    assert value.endswith("😀…")
    assert len(value.encode("utf-16-le")) // 2 in (32766, 32767)


def test_titles_stay_in_sight_and_moments_name_their_zone() -> None:
    sheet = sheet_of(columns=(NAME, Column("Sent", "moment")))
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]] == ["Name", "Sent (Asia/Shanghai)"]
    assert sheet["A1"].font.bold


def test_columns_are_wide_enough_for_chinese() -> None:
    rows = ["a" * 20, "小" * 20, "小" * 200, "one\ntwo"]
    sheet = sheet_of(rows, columns=(NAME,) * 4)
    a, b, c, d = (sheet.column_dimensions[at].width for at in "ABCD")
    assert 20 < a < 25
    assert 40 < b < 45
    assert c <= 61
    assert d < 12


def test_notes_stand_below_the_rows() -> None:
    sheet = sheet_of(["a"], ["b"], notes=("=Counted once", "No bots"))
    assert [cell.value for cell in sheet["A"]] == [
        "Name",
        "a",
        "b",
        None,
        "=Counted once",
        "No bots",
    ]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["a/b\\c*d?e:f[g]"], ["a b c d e f g"]),
        (["Clicks", "clicks", "CLICKS"], ["Clicks", "clicks (2)", "CLICKS (3)"]),
        (["", "'"], ["1", "1 (2)"]),
        (["'quoted'"], ["quoted"]),
        (["History"], ["History 1"]),
        (["社" * 40, "社" * 40], ["社" * 30 + "…", "社" * 26 + "… (2)"]),
        (["😀" * 20], ["😀" * 15 + "…"]),
    ],
)
def test_sheet_names_are_ones_excel_takes(names: list[str], shown: list[str]) -> None:
    tables = [Table(name, (NAME,), ()) for name in names]
    assert opened(xlsx_of(tables, "UTC", MADE)).sheetnames == shown


def test_several_tables_are_sheets_of_their_own() -> None:
    tables = [Table("a", (NAME,), [["x"]]), Table("b", (Column("n", "number"),), [[1]])]
    book = opened(xlsx_of(tables, "UTC", MADE))
    assert [sheet["A2"].value for sheet in book] == ["x", 1]


def test_rows_beyond_excels_limit_go_on_in_another_sheet() -> None:
    file = BytesIO()
    with Workbook(file, "UTC", MADE, most_rows=4) as book:
        sheet = book.sheet("Members", (NAME,), ("note",))
        sheet.write([[str(at)] for at in range(5)])
    found = opened(file.getvalue())
    values = {sheet.title: [cell.value for cell in sheet["A"]] for sheet in found}
    assert values == {
        "Members": ["Name", "0", "1", "2"],
        "Members (2)": ["Name", "3", "4"],
        "Members (3)": ["Name", None, "note"],
    }  # fmt: skip


def test_a_wrong_cell_leaves_no_half_file() -> None:
    file = BytesIO()
    with pytest.raises(ValueError, match='column "n"'):
        write_xlsx(file, [Table("a", (Column("n", "number"),), [[1], ["x"]])], "UTC", MADE)
    assert file.getvalue() == b""


def test_the_file_says_when_it_was_made() -> None:
    created = opened(xlsx_of([], "UTC", MADE)).properties.created
    assert created.isoformat() == "2024-05-01T11:00:00"


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(count: int) -> int:
        rows: Iterator[Row] = ((f"member {at}", at) for at in range(count))
        tracemalloc.start()
        write_xlsx(BytesIO(), [Table("a", (NAME, Column("n", "number")), rows)], "UTC", MADE)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    assert peak(20_000) < peak(2_000) + 1_000_000


def test_it_is_a_sound_archive() -> None:
    with zipfile.ZipFile(BytesIO(xlsx_of([Table("a", (NAME,), [["x"]])], "UTC", MADE))) as archive:
        assert archive.testzip() is None
