"""Tables as an Excel workbook (XLSX), written row by row in constant memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Self
from unicodedata import east_asian_width

import xlsxwriter

from bot.clock import utc
from bot.reports.table import Cell, Column, Kind, Reading, Row, Table, clean, clock_text

# Excel's specifications and limits: rows of a sheet, UTF-16 units of a cell and of a sheet's name,
# digits of a number.
MOST_ROWS = 1_048_576
_MOST_TEXT = 32_767
_MOST_NAME = 31
_MOST_NUMBER = 10**15
_FIRST_DAY = date(1900, 1, 1)

_LOOKS: dict[Kind, str] = {
    "text": "@",
    "percent": "0.0%",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "date": "yyyy-mm-dd",
    "duration": "[h]:mm:ss",
}
_WIDTHS: dict[Kind, int] = {"number": 12, "count": 12, "moment": 20, "date": 12, "duration": 12}
_NARROWEST, _WIDEST, _MEASURED_ROWS = 8, 60, 1000


class Workbook:
    """A workbook on its way to ``file``, which gets it whole at the end of ``with``, or not at all.

    Blocks while it writes (to a temporary folder): call it from a thread. ``made`` is the moment
    (UTC ms) the file says it was made; moments are told in ``zone``.
    """

    def __init__(self, file: BinaryIO, zone: str, made: int, most_rows: int = MOST_ROWS) -> None:
        self._file, self._zone, self._most_rows = file, zone, most_rows
        self._folder = TemporaryDirectory(prefix="muster-xlsx-")
        self._path = Path(self._folder.name) / "book.xlsx"
        self._book = xlsxwriter.Workbook(
            str(self._path), {"constant_memory": True, "tmpdir": self._folder.name}
        )
        self._book.set_properties({"created": utc(made).replace(tzinfo=None)})
        self._looks = Looks(self._book)
        self._names: set[str] = set()
        self._open: Sheet | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        with self._folder:
            self._finish()
            self._book.close()
            if error is None:
                with self._path.open("rb") as made:
                    shutil.copyfileobj(made, self._file)

    def sheet(self, name: str, columns: Sequence[Column], notes: Sequence[str] = ()) -> Sheet:
        """Begin a sheet with its row of titles; the one before is finished.

        Raises zoneinfo.ZoneInfoNotFoundError for an unknown zone.
        """
        self._finish()
        titles = [column.heading(self._zone) for column in columns]

        def page() -> Page:
            unused = sheet_name(name, self._names)
            self._names.add(unused.casefold())
            return Page(self._book.add_worksheet(unused), columns, titles, self._looks)

        self._open = Sheet(page, Reading(columns, self._zone), tuple(notes), self._most_rows)
        return self._open

    def _finish(self) -> None:
        if self._open:
            self._open.finish()
            self._open = None


class Sheet:
    """One table of a workbook; rows beyond Excel's limit go on in a page of their own."""

    def __init__(
        self, page: Callable[[], Page], reading: Reading, notes: tuple[str, ...], most_rows: int
    ) -> None:
        self._begin, self._reading, self._notes = page, reading, notes
        self._most_rows = most_rows
        self._page = page()

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows; raises ValueError where a cell does not fit its column."""
        for row in self._reading.rows(rows):
            self._room(1)
            self._page.write(row)

    def finish(self) -> None:
        """Set the widths, and put the notes below the last row."""
        if self._notes:
            self._room(1 + len(self._notes))
            self._page.note(self._notes)
        self._page.finish()

    def _room(self, rows: int) -> None:
        if self._page.next + rows > self._most_rows:
            self._page.finish()
            self._page = self._begin()


class Looks:
    """How titles and each kind of cell are shown."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format(
            {"bold": True, "bg_color": "#EEF2F6", "bottom": 1, "num_format": "@"}
        )
        self.text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        self.note = book.add_format({"num_format": "@", "italic": True})
        self.whole = book.add_format({"num_format": "#,##0", "valign": "top"})
        self.number = book.add_format({"num_format": "#,##0.00", "valign": "top"})
        self._kinds = {
            kind: book.add_format({"num_format": look, "valign": "top"})
            for kind, look in _LOOKS.items()
        }

    def of(self, kind: Kind, cell: Cell) -> Any:
        """The look of a cell that is no text."""
        return self._kinds.get(kind) or (self.whole if isinstance(cell, int) else self.number)


class Page:
    """One worksheet of the file, with its titles frozen; ``next`` is the row to write."""

    def __init__(
        self, sheet: Any, columns: Sequence[Column], titles: Sequence[str], looks: Looks
    ) -> None:
        self.next = 1
        self._sheet, self._columns, self._looks = sheet, columns, looks
        self._widths = [
            max(_WIDTHS.get(column.kind, _NARROWEST), _width(title))
            for column, title in zip(columns, titles, strict=True)
        ]
        for at, title in enumerate(titles):
            self._text(0, at, title, looks.title)
        sheet.freeze_panes(1, 0)

    def write(self, row: Sequence[Cell]) -> None:
        """Write one row of checked cells."""
        for at, (column, cell) in enumerate(zip(self._columns, row, strict=True)):
            if cell is None or cell == "":
                continue
            if isinstance(cell, str):
                self._words(at, cell)
            elif isinstance(cell, date):
                self._date(at, column.kind, cell)
            else:
                self._number(at, column.kind, cell)
        self.next += 1

    def note(self, notes: Sequence[str]) -> None:
        """Write lines of text after an empty row."""
        for row, note in enumerate(notes, self.next + 1):
            self._text(row, 0, note, self._looks.note)

    def finish(self) -> None:
        """Set the columns' widths."""
        for at, width in enumerate(self._widths):
            self._sheet.set_column(at, at, min(width + 2, _WIDEST))

    def _words(self, at: int, text: str) -> None:
        if self.next <= _MEASURED_ROWS:
            self._widths[at] = max(self._widths[at], _width(text))
        self._text(self.next, at, text, self._looks.text)

    def _date(self, at: int, kind: Kind, cell: date) -> None:
        day = cell.date() if isinstance(cell, datetime) else cell
        if day < _FIRST_DAY:
            self._words(at, cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell))
        else:
            self._sheet.write_datetime(self.next, at, cell, self._looks.of(kind, cell))

    def _number(self, at: int, kind: Kind, cell: int | float) -> None:
        if kind == "duration":
            if cell < 0:  # Excel has no time before zero.
                return self._words(at, clock_text(cell))
            cell = cell / 86_400
        elif abs(cell) >= _MOST_NUMBER and isinstance(cell, int):
            return self._words(at, str(cell))
        self._sheet.write_number(self.next, at, cell, self._looks.of(kind, cell))
        return None

    def _text(self, row: int, at: int, text: str, look: Any) -> None:
        text = clean(text).replace("\r\n", "\n").replace("\r", "\n")
        # XlsxWriter takes a text from <r> to </r> for finished XML.
        if text.endswith("</r>"):
            text += " "
        self._sheet.write_string(row, at, _cut(text, _MOST_TEXT), look)


def write_xlsx(file: BinaryIO, tables: Iterable[Table], zone: str, made: int) -> None:
    """Write a workbook of ``tables``, a sheet each, to ``file``; see ``Workbook``.

    Raises ValueError, and leaves ``file`` alone, where a cell does not fit its column.
    """
    with Workbook(file, zone, made) as book:
        for table in tables:
            book.sheet(table.name, table.columns, table.notes).write(table.rows)


def xlsx_of(tables: Iterable[Table], zone: str, made: int) -> bytes:
    """A workbook of ``tables`` as bytes, for small ones."""
    file = BytesIO()
    write_xlsx(file, tables, zone, made)
    return file.getvalue()


def sheet_name(name: str, used: set[str]) -> str:
    """``name`` as Excel takes it, and not one of ``used`` (casefolded)."""
    kept = "".join(" " if c in "[]:*?/\\\n\r\t" else c for c in clean(name))
    kept = " ".join(kept.split()).strip("'") or "1"
    if kept.casefold() == "history":  # Excel keeps this name for itself.
        kept += " 1"
    found, count = _cut(kept, _MOST_NAME).strip("' "), 1
    while found.casefold() in used:
        count += 1
        suffix = f" ({count})"
        found = _cut(kept, _MOST_NAME - len(suffix)).strip("' ") + suffix
    return found


def _cut(text: str, most: int) -> str:
    """``text`` in at most ``most`` UTF-16 units; what was cut ends in an ellipsis."""
    if len(text) * 2 <= most:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= most * 2:
        return text
    return units[: (most - 1) * 2].decode("utf-16-le", "ignore") + "…"


def _width(text: str) -> int:
    """The widest line in narrow characters; Chinese ones count double."""
    if text.isascii() and len(text) <= _NARROWEST:
        return len(text)
    return max(
        (
            sum(1 + (east_asian_width(c) in "WF") for c in line[:_WIDEST])
            for line in text.split("\n")
        ),
        default=0,
    )
