"""A table of results, before it becomes a page or a file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isfinite
from typing import Literal
from zoneinfo import ZoneInfo

from bot.clock import millis, utc

Cell = str | int | float | date | datetime | None
Row = Sequence[Cell]
Kind = Literal["text", "number", "count", "percent", "moment", "date", "duration"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what its cells hold; None is an empty cell of any kind.

    ``text``: words, and numbers that are names (an account, a code). ``count``: a whole number;
    ``number``: any. ``percent``: a share, 0.25 for 25 %. ``moment``: UTC ms or an aware datetime.
    ``date``: a calendar day. ``duration``: seconds.
    """

    title: str
    kind: Kind = "text"

    def heading(self, zone: str) -> str:
        """The title; for moments with the zone they are told in."""
        return f"{self.title} ({zone})" if self.kind == "moment" else self.title


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. ``rows`` may be made as they are read; such a table is read once.

    ``name`` and ``notes`` (what a reader must know to read the numbers right) are for people.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    notes: tuple[str, ...] = ()


class Reading:
    """Cells as the files need them: checked, without what no file can hold, moments local.

    Without a ``zone`` moments stay UTC ms.
    """

    def __init__(self, columns: Sequence[Column], zone: str | None) -> None:
        self._columns = tuple(columns)
        self._zone = ZoneInfo(zone) if zone else None

    def rows(self, rows: Iterable[Row]) -> Iterator[list[Cell]]:
        """The rows' values; moments become naive datetimes in the zone, to the second.

        Raises ValueError for a row of another length, or a cell its column cannot hold.
        """
        for row in rows:
            if len(row) != len(self._columns):
                raise ValueError(f"a row has {len(row)} cells, expected {len(self._columns)}")
            yield [
                None if cell is None else self._value(column, cell)
                for column, cell in zip(self._columns, row, strict=True)
            ]

    def _value(self, column: Column, cell: Cell) -> Cell:
        match column.kind, cell:
            case "text", str():
                return clean(cell)
            case "text", int() | float():
                return str(cell)
            case "count", int():
                return cell
            case "number" | "percent" | "duration", int() | float():
                return cell if isfinite(cell) else None
            case "moment", int() if self._zone is None:
                return cell
            case "moment", datetime() if cell.tzinfo:
                if self._zone is None:
                    return millis(cell)
                return cell.astimezone(self._zone).replace(microsecond=0, tzinfo=None)
            case "moment", int():
                return self._value(column, utc(cell))
            case "date", date() if not isinstance(cell, datetime):
                return cell
        held = "datetime without a zone" if isinstance(cell, datetime) else type(cell).__name__
        raise ValueError(f'column "{column.title}" ({column.kind}) cannot hold a {held}')


def clean(text: str) -> str:
    """``text`` without half characters and without control characters that are no line or tab."""
    if text.isprintable():
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return "".join(c for c in whole if c in "\n\r\t" or not _forbidden(c))


def _forbidden(char: str) -> bool:
    return unicodedata.category(char) == "Cc" or char in "\ufffe\uffff"


def clock_text(seconds: float) -> str:
    """A duration as hours, minutes and seconds: 90061 is ``25:01:01``."""
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    return f"{sign}{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
