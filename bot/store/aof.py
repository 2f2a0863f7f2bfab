"""Repair of the append-only file: a damaged tail is cut at the last whole command, a copy kept.

Format: appendonlydir/ holds a manifest, one line per part (``file NAME seq N type b|i|h``); an
incremental part (``i``) is a sequence of RESP commands and ``#TS:`` lines (valkey, src/aof.c).
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from bot.clock import utc

_COMMAND = re.compile(rb"\*([1-9]\d{0,9})\r\n")
_BULK = re.compile(rb"\$(\d{1,10})\r\n")
_TIMESTAMP = re.compile(rb"#TS:\d{1,20}\r\n")
_NAME = re.compile(rb"[A-Za-z][\w.|-]{0,63}")
_NOT_ZERO = re.compile(rb"[^\0]")


@dataclass(frozen=True, slots=True)
class Cut:
    """A tail that was cut: ``size`` bytes of ``file`` from ``offset`` on, now in ``copy``."""

    file: Path
    offset: int
    size: int
    what: str
    copy: Path

    def __str__(self) -> str:
        return (
            f"the end of {self.file} was damaged ({self.what}); its last {self.size} bytes were cut"
            f" and kept in {self.copy}, everything before byte {self.offset} is whole"
        )


class DamagedInTheMiddle(Exception):
    """Whole commands follow the damage, so cutting there would lose them; nothing was touched."""

    def __init__(self, file: Path, offset: int, resumes: int, size: int) -> None:
        self.file, self.offset, self.resumes = file, offset, resumes
        super().__init__(
            f"{file} is damaged at byte {offset}, and whole commands follow from byte {resumes}"
            f" to {size}. Muster does not cut there, because what follows would be lost. Restore a"
            f" backup; or copy the file, then cut it yourself: truncate -s {offset} '{file}'"
        )


def repair(directory: Path, now: int) -> Cut | None:
    """Cut a damaged tail of the last part with content; None when there is nothing to cut.

    ``directory`` is the server's, with nobody writing in it; ``now`` (UTC ms) names the copy. A
    transaction without its end is cut at its start. Reads the file through a memory map, so its
    size does not matter. Raises DamagedInTheMiddle, and OSError when the copy cannot be kept; the
    file is then as it was.
    """
    file = _last_part(directory)
    if file is None:
        return None
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as data:
        size = len(data)
        keep, stop = _walk(data)
        if keep == size:
            return None
        resumes = _resumes(data, stop)
        if resumes is not None:
            raise DamagedInTheMiddle(file, keep, resumes, size)
        what = _describe(data, keep, stop)
    copy = file.with_name(f"{file.name}.cut-{utc(now):%Y%m%dT%H%M%S%fZ}")
    _keep_copy(file, keep, copy)
    _truncate(file, keep)
    return Cut(file, keep, size - keep, what, copy)


def _last_part(directory: Path) -> Path | None:
    manifest = directory / "appendonlydir" / "appendonly.aof.manifest"
    if not manifest.is_file():
        return None
    for line in reversed(manifest.read_text(errors="replace").splitlines()):
        words = line.split()
        part = dict(zip(words[::2], words[1::2], strict=False))
        if part.get("type") != "i":
            continue
        file = manifest.parent / Path(part.get("file", "")).name
        if file.is_file() and file.stat().st_size:
            return file
    return None


def _walk(data: mmap) -> tuple[int, int]:
    """Where the last whole command outside an open transaction ends, and where reading stopped."""
    keep = at = 0
    in_transaction = False
    while step := _read(data, at):
        at, name = step
        if name in (b"MULTI", b"EXEC"):
            in_transaction = name == b"MULTI"
        if not in_transaction:
            keep = at
    return keep, at


def _read(data: mmap, at: int) -> tuple[int, bytes] | None:
    """The end and the upper-case name of the whole command (or timestamp) at ``at``."""
    if stamp := _TIMESTAMP.match(data, at):
        return stamp.end(), b""
    head = _COMMAND.match(data, at)
    if head is None:
        return None
    at, name = head.end(), b""
    for index in range(int(head[1])):
        bulk = _BULK.match(data, at)
        if bulk is None:
            return None
        at = bulk.end() + int(bulk[1]) + 2
        if data[at - 2 : at] != b"\r\n":
            return None
        if index == 0:
            name = data[bulk.end() : at - 2].upper()
    return at, name


def _resumes(data: mmap, stop: int) -> int | None:
    """Where a whole command starts again behind the damage; None when the rest is a tail."""
    at = data.find(b"*", stop + 1)
    while at >= 0:
        step = _read(data, at)
        if step is not None and _NAME.fullmatch(step[1]):
            return at
        at = data.find(b"*", at + 1)
    return None


def _describe(data: mmap, keep: int, stop: int) -> str:
    if stop == len(data):
        return "a transaction without its end"
    if _NOT_ZERO.search(data, stop) is None:
        rest = "zeros"
    elif data[stop : stop + 1] == b"*":
        rest = "an unfinished command"
    else:
        rest = "unreadable bytes"
    return rest if keep == stop else f"a transaction without its end, then {rest}"


def _keep_copy(file: Path, offset: int, copy: Path) -> None:
    try:
        with file.open("rb") as source, copy.open("xb") as target:
            source.seek(offset)
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    _sync_directory(copy.parent)


def _truncate(file: Path, size: int) -> None:
    with file.open("r+b") as opened:
        opened.truncate(size)
        os.fsync(opened.fileno())


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
