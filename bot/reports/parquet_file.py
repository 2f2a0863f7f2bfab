"""Tables as Parquet files, typed, written group of rows by group of rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Self

from bot.reports.table import Column, Kind, Reading, Row, Table, clean

ROWS = 20_000
"""Rows of a group at most: what is held in memory at a time."""
LETTERS = 8_000_000
"""Characters of a group, roughly at most."""

_TYPES: dict[Kind, str] = {
    "text": "string",
    "count": "int64",
    "number": "float64",
    "percent": "float64",
    "duration": "float64",
    "moment": "moment",
    "date": "date32",
}


class Groups:
    """Rows on their way into one Parquet file, in groups of bounded size.

    ``schema`` is a pyarrow schema; rows are sequences in its order. Blocks: call it from a thread.
    """

    def __init__(self, file: BinaryIO, schema: Any, rows: int = ROWS) -> None:
        # Not at the head: it takes a third of a second, and most commands write no Parquet.
        import pyarrow.parquet  # type: ignore[import-untyped]

        self._arrow = pyarrow
        self._schema, self._most = schema, rows
        self._writer = pyarrow.parquet.ParquetWriter(file, schema, compression="zstd")
        self._held: list[Sequence[Any]] = []
        self._letters = 0
        self.rows = 0
        """How many were written."""

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows; raises ValueError where a cell does not fit its column."""
        for row in rows:
            self._held.append(row)
            self._letters += sum(len(cell) for cell in row if isinstance(cell, str))
            if len(self._held) >= self._most or self._letters >= LETTERS:
                self._flush()

    def close(self) -> None:
        """Write what is left and the file's end; raises ValueError as ``write`` does."""
        try:
            self._flush()
        finally:
            self._writer.close()

    def give_up(self) -> None:
        """Let go of the file, which is of no use then."""
        self._held.clear()
        self._writer.close()

    def _flush(self) -> None:
        if not self._held:
            return
        columns = zip(*self._held, strict=True)
        try:
            arrays = [
                self._arrow.array(cells, field.type)
                for cells, field in zip(columns, self._schema, strict=True)
            ]
            group = self._arrow.Table.from_arrays(arrays, schema=self._schema)
        except (self._arrow.ArrowException, OverflowError) as error:
            raise ValueError(str(error)) from None
        self._writer.write_table(group, row_group_size=self._most)
        self.rows += len(self._held)
        self._held.clear()
        self._letters = 0


class ParquetFile:
    """One table on its way to ``file``, which gets it whole at the end of ``with``, or not at all.

    Columns are called as their titles; a second one of the same title gets a number. Moments are
    timestamps in UTC to the millisecond, durations seconds, shares fractions. The file's metadata
    has ``muster`` as JSON: the table's name, its notes, and the zone it is told in elsewhere.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        columns: Sequence[Column],
        zone: str,
        notes: Sequence[str] = (),
    ) -> None:
        self._file = file
        self._own = TemporaryFile(prefix="muster-parquet-")  # noqa: SIM115
        self._reading = Reading(columns, None)
        about = {"name": name, "notes": [*notes], "zone": zone}
        fields = [
            (title, _TYPES[c.kind]) for title, c in zip(_titles(columns), columns, strict=True)
        ]
        self._groups = Groups(self._own, schema_of(fields, about))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        with self._own:
            if error is not None:
                self._groups.give_up()
                return
            self._groups.close()
            self._own.seek(0)
            shutil.copyfileobj(self._own, self._file)

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows; raises ValueError where a cell does not fit its column."""
        self._groups.write(self._reading.rows(rows))


def schema_of(fields: Iterable[tuple[str, str]], about: Mapping[str, Any]) -> Any:
    """A pyarrow schema of (name, type), where the type "moment" is UTC ms; ``about`` becomes the
    metadata ``muster``, JSON.
    """
    import pyarrow

    def typed(name: str) -> Any:
        if name == "moment":
            return pyarrow.timestamp("ms", tz="UTC")
        if name == "decimal":
            return pyarrow.decimal128(18, 4)
        if name.startswith("list "):
            return pyarrow.list_(typed(name.removeprefix("list ")))
        return pyarrow.type_for_alias(name)

    metadata = {"muster": json.dumps(about, ensure_ascii=False)}
    return pyarrow.schema([(name, typed(kind)) for name, kind in fields], metadata=metadata)


def write_parquet(file: BinaryIO, table: Table, zone: str) -> None:
    """Write one table; see ``ParquetFile``.

    Raises ValueError, and leaves ``file`` alone, where a cell does not fit its column.
    """
    with ParquetFile(file, table.name, table.columns, zone, table.notes) as made:
        rows = iter(table.rows)
        while some := [*islice(rows, ROWS)]:
            made.write(some)


def parquet_of(table: Table, zone: str) -> bytes:
    """A table as the bytes of a Parquet file, for small ones."""
    file = BytesIO()
    write_parquet(file, table, zone)
    return file.getvalue()


def _titles(columns: Sequence[Column]) -> list[str]:
    found: list[str] = []
    for column in columns:
        title = name = clean(column.title) or "column"
        number = 1
        while name in found:
            number += 1
            name = f"{title} ({number})"
        found.append(name)
    return found
