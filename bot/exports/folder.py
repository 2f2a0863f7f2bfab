"""A folder of Parquet files that is there whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, BinaryIO, Self

from bot.exports.shapes import LAYOUT, SHAPES, Shape
from bot.reports.parquet_file import Groups, schema_of

MANIFEST = "manifest.json"
OPEN = 4
"""Files written at the same time; of one that is needed again there is a further part."""


class FolderTaken(Exception):
    """There is something at the folder's place that is not to be replaced."""


class Folder:
    """Writes tables beside ``place``, and puts them there at the end of ``with``.

    Whatever goes wrong, ``place`` stays as it was. ``replace``: an earlier export there makes way.
    Blocks: call it from a thread. Raises FolderTaken.
    """

    def __init__(self, place: Path, about: Mapping[str, Any], replace: bool = False) -> None:
        self._place = place.absolute()
        self._about, self._replace = about, replace
        self._check()
        self._place.parent.mkdir(parents=True, exist_ok=True)
        self._own = Path(mkdtemp(prefix=f".{place.name}.", dir=self._place.parent))
        self._open: OrderedDict[Path, tuple[BinaryIO, Groups]] = OrderedDict()
        self._files: defaultdict[str, list[str]] = defaultdict(list)
        self.rows: Counter[str] = Counter()
        """How many each table has so far."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        try:
            while self._open:
                self._close_one()
            if error is None:
                self._finish()
        finally:
            for file, groups in self._open.values():
                groups.give_up()
                file.close()
            shutil.rmtree(self._own, ignore_errors=True)

    def write(self, shape: Shape, day: date | None, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows to a table, in the folder of ``day`` where it has one for each."""
        folder = self._own / shape.name / f"day={day}" if shape.by_day else self._own
        self._groups(shape, folder).write(rows)
        self.rows[shape.name] += len(rows)

    # inside

    def _groups(self, shape: Shape, folder: Path) -> Groups:
        key = folder / shape.name
        if key not in self._open:
            while len(self._open) >= OPEN:
                self._close_one()
            path = self._path(shape, folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._files[shape.name].append(path.relative_to(self._own).as_posix())
            about = {**self._about, "layout": LAYOUT, "table": shape.name}
            file = path.open("wb")
            self._open[key] = file, Groups(file, schema_of(shape.columns.items(), about))
        self._open.move_to_end(key)
        return self._open[key][1]

    def _path(self, shape: Shape, folder: Path) -> Path:
        if not shape.by_day:
            return folder / f"{shape.name}.parquet"
        part = sum(Path(file).parent.name == folder.name for file in self._files[shape.name])
        return folder / f"part-{part}.parquet"

    def _close_one(self) -> None:
        _, (file, groups) = self._open.popitem(last=False)
        with file:
            groups.close()
            file.flush()
            os.fsync(file.fileno())

    def _finish(self) -> None:
        # Tools that are told a pattern fail when no file fits it.
        for shape in SHAPES:
            if not self._files[shape.name]:
                self.write(shape, date.fromisoformat(self._about["until"]), [])
                self._close_one()
        tables = {
            shape.name: {"rows": self.rows[shape.name], "files": self._files[shape.name]}
            for shape in SHAPES
        }
        whole = json.dumps({"layout": LAYOUT, **self._about, "tables": tables}, indent=2)
        (self._own / MANIFEST).write_text(whole + "\n", encoding="utf-8")
        self._own.chmod(0o755)
        self._check()
        if self._place.exists():
            former = self._own.with_name(self._own.name + ".former")
            self._place.rename(former)
            self._own.rename(self._place)
            shutil.rmtree(former, ignore_errors=True)
        else:
            self._own.rename(self._place)

    def _check(self) -> None:
        if not self._place.exists() or (self._place.is_dir() and not _inside(self._place)):
            return
        if not self._place.is_dir() or MANIFEST not in _inside(self._place):
            raise FolderTaken(f"{self._place} is there and is no export of Muster's")
        if not self._replace:
            raise FolderTaken(f"{self._place} has an export already; --force replaces it")


def _inside(folder: Path) -> Iterable[str]:
    return [path.name for path in folder.iterdir()]
