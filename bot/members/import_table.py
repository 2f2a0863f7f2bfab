"""Tables in: what somebody uploaded, CSV or XLSX, as a header and rows of text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import chain

from bot.i18n.mark import msgid
from bot.members.import_sheet import MOST_COLUMNS, TOO_WIDE, Numbered, Unreadable, sheet_rows
from bot.model.phrase import Phrase
from bot.reports.table import clean

LARGEST = 128 * 1024 * 1024
"""Bytes a file may have."""
MOST_ROWS = 1_048_576
"""Rows a file may have: as many as a worksheet."""
LONGEST = 2000
"""Characters kept of a cell."""

EMPTY = msgid("There is no row below the first in this file.")
TOO_LARGE = msgid("The file has more than {most} MB.")
TOO_MANY = msgid("The file has more than {most} rows.")
TWICE = msgid("Two columns are called “{name}”.")
OLD_BOOK = msgid("This is an old or locked workbook: save it as .xlsx without a password.")
NO_LETTERS = msgid("The file is neither UTF-8 nor GB18030 text: save it as “CSV UTF-8” or .xlsx.")
BROKEN = msgid("Row {row}: {why}")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_GUARDED = re.compile(r"'(?=\s*[=+\-@＝＋－＠])")
"""The apostrophe that keeps a spreadsheet from running a text (bot/reports/csv_text.py)."""


class TableIn:
    """A file's header and its rows, read once and in order.

    Raises Unreadable, here when the beginning is no table, from ``rows`` when a later part is not.
    """

    def __init__(self, body: bytes) -> None:
        if len(body) > LARGEST:
            raise Unreadable(Phrase(TOO_LARGE, most=LARGEST // 1_048_576))
        self._rows = _rows(body)
        first = next(self._rows, None)
        second = next(self._rows, None)
        if first is None or second is None:
            raise Unreadable(Phrase(EMPTY))
        self.header = _header(first[1])
        self._rows = chain([second], self._rows)

    def rows(self) -> Iterator[Numbered]:
        """Each row's number, as spreadsheets count, and as many cells as the header has."""
        width = len(self.header)
        for count, (number, cells) in enumerate(self._rows, 2):
            if count > MOST_ROWS:
                raise Unreadable(Phrase(TOO_MANY, most=f"{MOST_ROWS:,}"))
            kept = [_cell(cell) for cell in cells[:width]]
            yield number, kept + [""] * (width - len(kept))


def _rows(body: bytes) -> Iterator[Numbered]:
    if body.startswith(_ZIP):
        return sheet_rows(body)
    if body.startswith(_OLE):
        raise Unreadable(Phrase(OLD_BOOK))
    return _csv_rows(_decoded(body))


def _csv_rows(text: str) -> Iterator[Numbered]:
    first = re.sub(r'"[^"]*"', "", text[:10_000].lstrip("\r\n").partition("\n")[0])
    divider = max(",;\t", key=first.count)
    number = 0
    try:
        for number, cells in enumerate(
            csv.reader(StringIO(text, newline=""), delimiter=divider), 1
        ):
            if len(cells) > MOST_COLUMNS:
                raise Unreadable(Phrase(TOO_WIDE, row=number, most=MOST_COLUMNS))
            if any(cells):
                yield number, cells
    except csv.Error as error:
        raise Unreadable(Phrase(BROKEN, row=number + 1, why=str(error))) from None


def _decoded(body: bytes) -> str:
    marked = body.startswith((b"\xff\xfe", b"\xfe\xff"))
    codecs = ("utf-16",) if marked else ("utf-8-sig", "gb18030")
    for codec in codecs:
        try:
            text = body.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable(Phrase(NO_LETTERS))


def _header(cells: list[str]) -> tuple[str, ...]:
    """The columns' names; one without a name is called by its letter."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    names = [_cell(cell) or letters(at) for at, cell in enumerate(cells)]
    for name in names:
        if names.count(name) > 1:
            raise Unreadable(Phrase(TWICE, name=name))
    return tuple(names)


def letters(column: int) -> str:
    """What spreadsheets call a column, the first being 0."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def _cell(text: str) -> str:
    kept = clean(text).strip()
    return (kept[1:] if _GUARDED.match(kept) else kept)[:LONGEST]
