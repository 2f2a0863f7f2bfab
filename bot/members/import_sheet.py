"""Sheets: the first worksheet of an XLSX file as rows of text, read in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

MOST_PARTS = 2000
"""Files an XLSX may be made of."""
MOST_TEXTS = 256 * 1024 * 1024
"""Bytes its words, or its looks, may unpack to."""
MOST_SHEET = 2 * 1024 * 1024 * 1024
"""Bytes a worksheet may unpack to; it is read piece by piece."""
MOST_COLUMNS = 200
PIECE = 1 << 16

# ECMA-376, part 1: 18.8.30 (formats that are dates whatever they are called), 18.17.4.1 (days).
_DATES = frozenset({*range(14, 18), *range(27, 32), *range(34, 37), *range(50, 59)})
_MOMENTS = frozenset({22})
_FIRST, _FIRST_1904 = datetime.fromisoformat("1899-12-30"), datetime.fromisoformat("1904-01-01")
_NO_LETTERS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_CELL = re.compile(r"([A-Z]{1,3})[0-9]+")

NOT_A_BOOK = msgid("This is not an XLSX file.")
TOO_BIG = msgid("This file unpacks to more than a table would; it was not read.")
TOO_WIDE = msgid("Row {row} has more than {most} columns.")
UNSAFE = msgid("This file has a document type in it, which no spreadsheet writes; it was not read.")

_Begin = Callable[[str, Mapping[str, str]], None]
"""Called with an element's local name and its attributes."""
_End = Callable[[str], None]
"""Called with an element's local name, or with text."""
Numbered = tuple[int, list[str]]
"""A row's number as spreadsheets show it, and its cells."""


class Unreadable(Exception):
    """A file that cannot be read as a table; its argument is a Phrase."""


def sheet_rows(body: bytes) -> Iterator[Numbered]:
    """The first worksheet's rows that have anything in them.

    Dates become ISO texts, formulas what they came to. Raises Unreadable.
    """
    try:
        with ZipFile(BytesIO(body)) as book:
            if len(book.infolist()) > MOST_PARTS:
                raise Unreadable(Phrase(TOO_BIG))
            yield from _Book(book).rows()
    except (BadZipFile, KeyError, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise Unreadable(Phrase(NOT_A_BOOK)) from error
    except (expat.ExpatError, RuntimeError) as error:
        raise Unreadable(Phrase(NOT_A_BOOK)) from error


class _Book:
    """The parts of the file that a worksheet's cells need."""

    def __init__(self, book: ZipFile) -> None:
        self._book = book
        self._names = {info.filename for info in book.infolist()}

    def rows(self) -> Iterator[Numbered]:
        sheet, is_1904 = self._first_sheet()
        texts, looks = self._texts(), self._looks()
        cells = _Cells(texts, looks, _FIRST_1904 if is_1904 else _FIRST)
        with closing(self._open(sheet, MOST_SHEET)) as file:
            parser = _parser(cells.begin, cells.end, cells.said)
            while piece := file.read(PIECE):
                parser.Parse(piece, False)
                yield from cells.take()
            parser.Parse(b"", True)
            yield from cells.take()

    def _first_sheet(self) -> tuple[str, bool]:
        relations: dict[str, str] = {}
        found: list[str] = []
        old_days = False

        def relation(name: str, given: Mapping[str, str]) -> None:
            if name == "Relationship":
                relations[given.get("Id", "")] = given.get("Target", "")

        def part(name: str, given: Mapping[str, str]) -> None:
            nonlocal old_days
            if name == "sheet":
                found.extend(v for k, v in given.items() if k.rpartition(":")[2] == "id")
            elif name == "workbookPr":
                old_days = given.get("date1904") in ("1", "true")

        self._read("xl/_rels/workbook.xml.rels", relation)
        self._read("xl/workbook.xml", part)
        target = relations[found[0]] if found else ""
        return (target.lstrip("/") if target.startswith("/") else f"xl/{target}"), old_days

    def _texts(self) -> list[str]:
        texts: list[str] = []
        if "xl/sharedStrings.xml" in self._names:
            words = _Texts(texts)
            self._parse("xl/sharedStrings.xml", _parser(words.begin, words.end, words.said))
        return texts

    def _looks(self) -> list[str]:
        """What each look of a cell makes of a number: "day", "moment" or ""."""
        named: dict[str, str] = {}
        looks: list[str] = []
        inside = False

        def look(name: str, given: Mapping[str, str]) -> None:
            nonlocal inside
            if name == "numFmt":
                named[given.get("numFmtId", "")] = given.get("formatCode", "")
            elif name in ("cellXfs", "cellStyleXfs"):
                inside = name == "cellXfs"
            elif name == "xf" and inside:
                ident = given.get("numFmtId", "0")
                looks.append(_meaning(ident, named.get(ident)))

        if "xl/styles.xml" in self._names:
            self._read("xl/styles.xml", look)
        return looks

    def _read(self, name: str, begin: _Begin) -> None:
        self._parse(name, _parser(begin, lambda _: None, lambda _: None))

    def _parse(self, name: str, parser: expat.XMLParserType) -> None:
        with closing(self._open(name, MOST_TEXTS)) as file:
            while piece := file.read(PIECE):
                parser.Parse(piece, False)
        parser.Parse(b"", True)

    def _open(self, name: str, most: int) -> BinaryIO:
        # zipfile gives no more than the size that is declared, so that can be judged beforehand.
        if self._book.getinfo(name).file_size > most:
            raise Unreadable(Phrase(TOO_BIG))
        return self._book.open(name)  # type: ignore[return-value]


class _Texts:
    """Collects shared texts; how something is read aloud (rPh) is none of them."""

    def __init__(self, into: list[str]) -> None:
        self._into = into
        self._said: list[str] = []
        self._listens = self._aloud = False

    def begin(self, name: str, _: Mapping[str, str]) -> None:
        if name == "si":
            self._said.clear()
        elif name == "rPh":
            self._aloud = True
        elif name == "t":
            self._listens = not self._aloud

    def end(self, name: str) -> None:
        if name == "si":
            self._into.append("".join(self._said))
        elif name == "rPh":
            self._aloud = False
        elif name == "t":
            self._listens = False

    def said(self, text: str) -> None:
        if self._listens:
            self._said.append(text)


class _Cells:
    """Collects rows of cells."""

    def __init__(self, texts: Sequence[str], looks: Sequence[str], first_day: datetime) -> None:
        self._texts, self._looks, self._first_day = texts, looks, first_day
        self._rows: list[Numbered] = []
        self._row: list[str] = []
        self._number = self._column = 0
        self._kind = self._look = ""
        self._said: list[str] = []
        self._listens = self._aloud = False

    def take(self) -> list[Numbered]:
        """The rows that are whole."""
        rows, self._rows = self._rows, []
        return rows

    def begin(self, name: str, given: Mapping[str, str]) -> None:
        match name:
            case "row":
                self._number = int(given.get("r") or self._number + 1)
                self._row, self._column = [], 0
            case "c":
                if at := _CELL.fullmatch(given.get("r", "")):
                    self._column = _column(at[1])
                self._kind = given.get("t", "n")
                look = int(given.get("s", "0"))
                self._look = self._looks[look] if 0 <= look < len(self._looks) else ""
                self._said.clear()
            case "rPh":
                self._aloud = True
            case "v" | "t":
                self._listens = not self._aloud

    def said(self, text: str) -> None:
        if self._listens:
            self._said.append(text)

    def end(self, name: str) -> None:
        match name:
            case "v" | "t":
                self._listens = False
            case "rPh":
                self._aloud = False
            case "c":
                self._put(self._text("".join(self._said)))
            case "row" if any(self._row):
                self._rows.append((self._number, self._row))

    def _put(self, text: str) -> None:
        if text:
            if self._column >= MOST_COLUMNS:
                raise Unreadable(Phrase(TOO_WIDE, row=self._number, most=MOST_COLUMNS))
            self._row += [""] * (self._column - len(self._row)) + [text]
        self._column += 1

    def _text(self, value: str) -> str:
        match self._kind:
            case "s":
                return self._texts[int(value)] if value and int(value) < len(self._texts) else ""
            case "b":
                return "yes" if value == "1" else "no"
            case "n":
                return self._figure(value)
        return value

    def _figure(self, value: str) -> str:
        """A number as people write it, or the day or moment it stands for."""
        if not value:
            return ""
        number = float(value)
        if self._look and 0 <= number < 2_958_466:  # the last day is 9999-12-31
            moment = self._first_day + timedelta(seconds=round(number * 86_400))
            if self._look == "day" and number == int(number):
                return moment.date().isoformat()
            return moment.isoformat(" ", "seconds")
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else value


def _meaning(ident: str, code: str | None) -> str:
    """Whether a number's format shows days or moments."""
    if code is None:
        number = int(ident)
        return "moment" if number in _MOMENTS else "day" if number in _DATES else ""
    letters = _NO_LETTERS.sub("", code.split(";", maxsplit=1)[0]).lower()
    if not re.search(r"[yd]|mmm", letters):
        return ""
    return "moment" if "h" in letters else "day"


def _column(letters: str) -> int:
    found = 0
    for letter in letters:
        found = found * 26 + ord(letter) - 64
    return found - 1


def _parser(begin: _Begin, end: _End, said: _End) -> expat.XMLParserType:
    """A parser that knows no entities, so that none can be blown up."""

    def refuse(*_: object) -> None:
        raise Unreadable(Phrase(UNSAFE))

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, given: begin(name.rpartition(":")[2], given)
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    parser.CharacterDataHandler = said
    return parser
