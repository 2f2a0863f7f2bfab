"""Tables as CSV that spreadsheets open as they should, and never run."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from itertools import islice

from bot.reports.table import Cell, Column, Reading, Row, Table, clean, clock_text

_ROWS_AT_ONCE = 1000
_FORMULA = frozenset("=+-@\t\r\n")


class CsvText:
    """One CSV (RFC 4180) written in pieces: first ``head``, then ``rows`` as they come.

    UTF-8 with a byte order mark, without which Excel in China reads GBK. Shares are fractions
    and durations h:mm:ss. Text that a spreadsheet could take for a formula (OWASP, "CSV
    Injection") gets an apostrophe before it.
    """

    def __init__(self, columns: Sequence[Column], zone: str) -> None:
        self._columns = tuple(columns)
        self._zone = zone
        self._reading = Reading(columns, zone)

    def head(self) -> bytes:
        """The byte order mark and the line of titles."""
        titles = [_safe(clean(column.heading(self._zone))) for column in self._columns]
        return _lines([titles]).encode("utf-8-sig")

    def rows(self, rows: Iterable[Row]) -> bytes:
        """Some rows; raises ValueError where a cell does not fit its column."""
        return _lines(map(self._shown, self._reading.rows(rows))).encode()

    def _shown(self, row: list[Cell]) -> list[Cell]:
        return [_shown(column, cell) for column, cell in zip(self._columns, row, strict=True)]


def csv_of(table: Table, zone: str) -> Iterator[bytes]:
    """``table`` as the pieces of one CSV file, moments told in ``zone``; notes stay out.

    Raises ValueError where a cell does not fit its column.
    """
    text = CsvText(table.columns, zone)
    yield text.head()
    rows = iter(table.rows)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        yield text.rows(some)


def _lines(rows: Iterable[Sequence[Cell]]) -> str:
    out = StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _shown(column: Column, cell: Cell) -> Cell:
    match cell:
        case str():
            return _safe(cell)
        case datetime():
            return cell.isoformat(sep=" ")
        case int() | float() if column.kind == "duration":
            return clock_text(cell)
    return cell


def _safe(text: str) -> str:
    # Programs skip what cannot be seen and read full-width signs as the narrow ones.
    for char in text:
        if unicodedata.normalize("NFKC", char)[0] in _FORMULA:
            return "'" + text
        if unicodedata.category(char) not in ("Zs", "Cf"):
            break
    return text
